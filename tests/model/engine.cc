// SPDX-License-Identifier: MIT
/*
 * Runs a model under relacy. usage: MODEL random|bound|full N FENCES [FIRST]: N executions from the FIRST (random), a
 * search of all executions of at most N preemptions (bound), or of all (full). FENCES says how the asymmetric fence,
 * weft__fence_light against weft__os_barrier, is modelled:
 *
 *   pair       both are a sequentially consistent fence. Why that is right: membarrier returns once every running thread
 *              has executed a full fence somewhere between the call and the return. So for each thread there is one
 *              place in its program order where that fence stands, and either the thread's light fence comes before it
 *              (then what the thread did before its light fence is seen by the caller after the barrier) or after it
 *              (then the thread's loads after its light fence see what the caller did before the barrier): the very
 *              two cases that a total order of two full fences leaves. A light fence that is missing in the source is
 *              missing here, and the checker finds that, as the compiler may on a bad day.
 *   ipi        the light fence is nothing, as for the CPU, and the barrier asks each other thread for a full fence
 *              before its next step and waits till all have had theirs. It is stricter than pair where two threads
 *              that are no caller order nothing between them by their light fences alone.
 *   symmetric  no membarrier on this system: the light fence is nothing, the barrier a fence of the caller alone, and
 *              the source must have replaced its light fences by full ones.
 *
 * A relacy fence orders more than C11's (a total order of fences is happens-before), which hides no lost wake-up but
 * could hide a race on plain data; so ipi, which has few of them, is run for every model too.
 */
#include <relacy/pch.hpp>

#define private public
#define protected public
#include <relacy/relacy.hpp>
#undef private
#undef protected
#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef assert
#undef errno

#include "tests/model/model.h"

#ifndef MODEL_THREADS
#define MODEL_THREADS 3
#endif

// What objcopy made of the .data and .bss of the product's and the model's files.
extern "C" char __start_model_state[] __attribute__((weak)), __stop_model_state[] __attribute__((weak));

enum model_fences model_fences;

namespace
{
typedef rl::atomic<uint64_t> atomic_t;
typedef rl::var<uint64_t> var_t;
typedef rl::atomic_data_impl<MODEL_THREADS> data_t;

template <typename T> struct pool {
	struct entry {
		alignas(T) char bytes[sizeof(T)];
		struct model_cell *owner;
	};
	entry entries[4096];
	uint32_t used;

	T *object(uint32_t slot)
	{
		return reinterpret_cast<T *>(entries[slot].bytes);
	}
	void clear()
	{
		for (uint32_t i = 0; i < used; i++)
			object(i)->~T();
		used = 0;
	}
};

pool<atomic_t> atomics;
pool<var_t> vars;
uint32_t execution;
char *initial_state;
bool asked[MODEL_THREADS], asleep[MODEL_THREADS], started[MODEL_THREADS], finished[MODEL_THREADS];
bool alone; // in before or after

rl::memory_order order_of(enum model_order order)
{
	static const rl::memory_order orders[] = { rl::mo_relaxed, rl::mo_acquire, rl::mo_release, rl::mo_acq_rel };
	return orders[order];
}

rl::debug_info info_of(struct model_place at)
{
	const char *file = strstr(at.file, "src/");
	return rl::debug_info(at.function, file ? file : at.file, at.line);
}

template <typename T> bool known(pool<T> &from, struct model_cell *cell)
{
	return cell->execution == execution && cell->slot < from.used && from.entries[cell->slot].owner == cell;
}

template <typename T> T *object_of(pool<T> &from, struct model_cell *cell, bool *fresh)
{
	*fresh = !known(from, cell);
	if (!*fresh)
		return from.object(cell->slot);
	if (from.used == sizeof from.entries / sizeof from.entries[0])
		abort();
	cell->execution = execution;
	cell->slot = from.used++;
	from.entries[cell->slot].owner = cell;
	return ::new (from.entries[cell->slot].bytes) T();
}

// An atomic that is used for the first time: its first value has been there for ever, for all to see.
atomic_t *atomic_of(struct model_cell *cell)
{
	bool fresh;
	atomic_t *a = object_of(atomics, cell, &fresh);
	if (fresh) {
		data_t *data = static_cast<data_t *>(a->impl_);
		a->value_ = a->history_[0] = cell->first;
		a->initialized_ = true;
		a->last_index_ = 0;
		data->current_index_ = 0;
		data_t::history_record &record = data->history_[0];
		record.busy_ = true;
		record.seq_cst_ = false;
		record.thread_id_ = 0;
		record.acq_rel_timestamp_ = 0;
		for (int i = 0; i < MODEL_THREADS; i++) {
			record.acq_rel_order_[i] = 0;
			record.first_seen_order_[i] = (rl::timestamp_t)-1;
		}
		for (size_t i = 1; i < rl::atomic_history_size; i++)
			data->history_[i].busy_ = false;
	}
	return a;
}

// Likewise.
var_t *var_of(struct model_plain *plain)
{
	bool fresh;
	var_t *var = object_of(vars, &plain->cell, &fresh);
	if (fresh) {
		var->value_ = plain->cell.first;
		var->initialized_ = true;
	}
	return var;
}

unsigned self()
{
	return rl::thread_index();
}

void fence(rl::debug_info_param info)
{
	rl::atomic_thread_fence(rl::mo_seq_cst, info);
}

// Before each step of a thread: the fence that somebody's barrier asked it for.
void begin(rl::debug_info_param info)
{
	if (!alone && asked[self()]) {
		fence(info);
		asked[self()] = false;
	}
}

void end()
{
	if (!alone)
		model_resumed(self());
}

struct suite : rl::test_suite<suite, MODEL_THREADS> {
	void before()
	{
		size_t size = __stop_model_state - __start_model_state;
		memcpy(__start_model_state, initial_state, size);
		atomics.used = vars.used = 0; // those of an execution that failed are not worth a destructor
		execution++;
		memset(asked, 0, sizeof asked);
		memset(asleep, 0, sizeof asleep);
		memset(started, 0, sizeof started);
		memset(finished, 0, sizeof finished);
		alone = true;
		model_before();
		alone = false;
	}

	void thread(unsigned index)
	{
		started[index] = true;
		model_resumed(index);
		if (index < model_threads)
			model_thread(index);
		if (model_fences == MODEL_IPI)
			fence(RL_INFO); // it gives up its CPU
		finished[index] = true;
	}

	void after()
	{
		alone = true;
		model_after();
		alone = false;
		atomics.clear();
		vars.clear();
	}
};
} // namespace

uint64_t model_load(struct model_cell *cell, enum model_order order, struct model_place at)
{
	rl::debug_info info = info_of(at);
	begin(info);
	uint64_t value = atomic_of(cell)->load(order_of(order), info);
	end();
	return value;
}

void model_store(struct model_cell *cell, uint64_t value, enum model_order order, struct model_place at)
{
	rl::debug_info info = info_of(at);
	begin(info);
	atomic_of(cell)->store(value, order_of(order), info);
	end();
}

uint64_t model_rmw(struct model_cell *cell, enum model_rmw op, uint64_t value, unsigned bytes, enum model_order order,
		   struct model_place at)
{
	rl::debug_info info = info_of(at);
	rl::memory_order mo = order_of(order);
	begin(info);
	atomic_t *a = atomic_of(cell);
	uint64_t old = 0;
	if (bytes == 4 && (op == MODEL_ADD || op == MODEL_SUB)) { // these may wrap
		rl::ctx().sched();
		rl::preemption_disabler disabler(rl::ctx());
		uint64_t now = op == MODEL_ADD ? a->value_ + value : a->value_ - value;
		old = a->exchange((uint32_t)now, mo, info);
	} else if (op == MODEL_XCHG) {
		old = a->exchange(value, mo, info);
	} else if (op == MODEL_ADD) {
		old = a->fetch_add(value, mo, info);
	} else if (op == MODEL_SUB) {
		old = a->fetch_sub(value, mo, info);
	} else if (op == MODEL_OR) {
		old = a->fetch_or(value, mo, info);
	} else {
		old = a->fetch_and(value, mo, info);
	}
	end();
	return old;
}

bool model_cas(struct model_cell *cell, uint64_t *old, uint64_t value, struct model_place at)
{
	rl::debug_info info = info_of(at);
	begin(info);
	atomic_t *a = atomic_of(cell);
	bool done = a->compare_exchange(rl::bool_t<false>(), *old, value, rl::mo_acq_rel, rl::mo_acquire, info);
	end();
	return done;
}

void model_fence_full(struct model_place at)
{
	rl::debug_info info = info_of(at);
	begin(info);
	fence(info);
	end();
}

void model_fence_light(struct model_place at)
{
	if (model_fences == MODEL_PAIR)
		model_fence_full(at);
}

void model_barrier(struct model_place at)
{
	model_fence_full(at);
	if (model_fences != MODEL_IPI || alone)
		return;
	for (unsigned i = 0; i < MODEL_THREADS; i++)
		if (i != self())
			asked[i] = true;
	// One that has not begun, or sleeps, has its fence when it does: nothing to wait for.
	for (unsigned i = 0; i < MODEL_THREADS; i++)
		while (i != self() && started[i] && asked[i] && !finished[i] && !asleep[i])
			model_yield(at);
	model_fence_full(at);
}

void model_yield(struct model_place at)
{
	rl::debug_info info = info_of(at);
	begin(info);
	rl::ctx().yield(1, info);
	end();
}

uint64_t model_newest(struct model_cell *cell)
{
	return atomic_of(cell)->value_;
}

bool model_futex_wait(struct model_cell *cell, uint32_t expected, bool timed, struct model_place at)
{
	rl::debug_info info = info_of(at);
	bool in_time = true;
	begin(info);
	fence(info); // entering the kernel's wait queue is one
	atomic_t *a = atomic_of(cell);
	if (a->value_ == expected) {
		asleep[self()] = true;
		in_time = a->wait(rl::ctx(), timed, true, info) != rl::unpark_reason_timeout;
		asleep[self()] = asked[self()] = false;
		fence(info); // a context switch is one
	}
	end();
	return in_time;
}

void model_futex_wake(struct model_cell *cell, unsigned n, struct model_place at)
{
	rl::debug_info info = info_of(at);
	begin(info);
	rl::ctx().sched();
	if (known(atomics, cell)) // the word may be gone by now, and is not to be written to
		atomic_of(cell)->wake(rl::ctx(), (rl::thread_id_t)n, info);
	end();
}

uint64_t model_plain_read(struct model_plain *plain, struct model_place at)
{
	return var_of(plain)->load(info_of(at));
}

void model_plain_write(struct model_plain *plain, uint64_t value, struct model_place at)
{
	var_of(plain)->store(value, info_of(at));
}

unsigned model_self(void)
{
	return self();
}

unsigned model_choose(unsigned limit)
{
	return rl::rand(limit);
}

void model_fail(const char *what, struct model_place at)
{
	rl::ctx().fail_test(what, rl::test_result_user_assert_failed, info_of(at));
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "pair", "ipi", "symmetric" };
	rl::test_params params;
	std::ostringstream quiet;
	if (argc < 4 || model_threads > MODEL_THREADS)
		return 2;
	for (int i = 0; i < 3; i++)
		if (!strcmp(argv[3], names[i]))
			model_fences = static_cast<enum model_fences>(i);
	size_t size = __stop_model_state - __start_model_state;
	initial_state = static_cast<char *>(malloc(size));
	memcpy(initial_state, __start_model_state, size);
	params.progress_stream = &quiet;
	params.execution_depth_limit = 20000;
	if (!strcmp(argv[1], "random")) {
		params.search_type = rl::random_scheduler_type;
		params.iteration_count = strtoull(argv[2], 0, 10);
		if (argc > 4)
			params.initial_state = argv[4];
	} else {
		params.search_type = strcmp(argv[1], "full") ? rl::fair_context_bound_scheduler_type
							     : rl::fair_full_search_scheduler_type;
		params.context_bound = (unsigned)strtoul(argv[2], 0, 10);
	}
	return rl::simulate<suite>(params) ? 0 : 1;
}
