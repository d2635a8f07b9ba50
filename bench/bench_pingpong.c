/* SPDX-License-Identifier: MIT */
/*
 * pingpong: a round trip between two units, each waking the other and then waiting. On one CPU that is the same core;
 * on two it is wherever scheduler or kernel puts them.
 *
 * pingpong-across: every one of the two handovers of a round trip goes to another core. Kernel threads and processes
 *are pinned to a CPU each. A green thread cannot be pinned: whoever is unparked would go on the waker's own worker. So
 *
 *	the waker waits until the other is parked (else it would only leave a permit, and nobody would ever switch),
 *	unparks it, and stays on its worker, busy, until the other has begun to run,
 *	which only the other worker can have let it do. Then it parks.
 *
 * Nothing but unpark makes a thread run; what the waker looks at decides when it leaves its worker. A round trip is
 *thus two times unpark, theft by the other worker, switch and park, none of them hidden behind another. Before the
 *clock runs, a thousand round trips are watched: the two must never be seen on the same kernel thread.
 */
#include "harness.h"
#include "src/sched/record.h"
#include "system.h"

struct table {
	struct seat seats[2];
	char pad[64];
	_Atomic bool stop;
	_Atomic uint64_t turns[2]; /* how often each has been woken and has run */
	_Atomic long on[2];	   /* the kernel thread each was last seen on, while watched */
	_Atomic uint64_t together;
	_Atomic bool watched;
	bool across;
};

#define WATCHED_TRIPS 1000

static struct table *table;

MODEL_INLINE void pinned(const struct model *m, unsigned who)
{
	if (table->across && m->id != MODEL_GREEN)
		system_pin_to(who);
}

/* Wait until the green thread has switched away: by its record, the library's own. */
static void await_parked(weft_t thread)
{
	const struct weft__record *record = weft__record_of(thread);

	while ((weft__load_acq(&record->park) & WEFT__PARKED) == 0)
		;
}

/* Wake the other; green and across: keep this worker until the other has been taken by another. */
MODEL_INLINE void hand_over(const struct model *m, unsigned other)
{
	uint64_t turn = atomic_load_explicit(&table->turns[other], memory_order_relaxed);
	bool forced = table->across && m->id == MODEL_GREEN;

	if (forced)
		await_parked(table->seats[other].green);
	m->unpark(&table->seats[other]);
	while (forced && atomic_load_explicit(&table->turns[other], memory_order_acquire) == turn)
		;
}

static void watch(unsigned self)
{
	long on = syscall(SYS_gettid);

	atomic_store(&table->on[self], on);
	if (atomic_load(&table->on[!self]) == on)
		atomic_fetch_add(&table->together, 1);
}

MODEL_INLINE void woken(unsigned self)
{
	uint64_t turn = atomic_load_explicit(&table->turns[self], memory_order_relaxed);

	if (table->across && atomic_load_explicit(&table->watched, memory_order_relaxed))
		watch(self);
	atomic_store_explicit(&table->turns[self], turn + 1, memory_order_release);
}

MODEL_INLINE void *partner(void *arg, const struct model *m)
{
	pinned(m, 1);
	m->sit(&table->seats[1]);
	m->unpark(&table->seats[0]);
	for (;;) {
		m->park(&table->seats[1]);
		if (atomic_load_explicit(&table->stop, memory_order_relaxed))
			return arg;
		woken(1);
		hand_over(m, 0);
	}
}
MODEL_THREAD(partner)

MODEL_INLINE void trips(const struct model *m, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		hand_over(m, 1);
		m->park(&table->seats[0]);
		woken(0);
	}
}

MODEL_INLINE void rally(struct run *r, const struct model *m)
{
	struct batch *b = &r->batch;

	table->watched = table->across;
	if (table->across)
		trips(m, WATCHED_TRIPS);
	table->watched = false;
	batch_check(b, table->together == 0, "the two were on one worker");
	while (batch_more(b)) {
		uint64_t before = table->turns[1];

		batch_start(b);
		trips(m, b->ops);
		batch_stop(b);
		batch_check(b, table->turns[1] - before == b->ops, "the partner was not woken each time");
	}
}

MODEL_INLINE void play(struct run *r, const struct model *m)
{
	union unit unit;
	int error;

	if (table->across && system_cpus() < 2) {
		batch_fail(&r->batch, "needs 2 CPUs, has 1");
		return;
	}
	pinned(m, 0);
	m->sit(&table->seats[0]);
	error = m->spawn(&unit, MODEL_OF(partner, m), table);
	if (error) {
		batch_fail(&r->batch, "spawn: error %d", -error);
		return;
	}
	m->park(&table->seats[0]);
	rally(r, m);
	atomic_store(&table->stop, true);
	m->unpark(&table->seats[1]);
	batch_check(&r->batch, m->join(unit) == (uintptr_t)table, "the partner was lost");
}

MODEL_INLINE void pingpong_of(struct run *r, const struct model *m, bool across)
{
	table = system_shared(sizeof(*table));
	if (!table) {
		batch_fail(&r->batch, "no shared memory");
		return;
	}
	table->across = across;
	play(r, m);
}

MODEL_INLINE void pingpong(struct run *r, const struct model *m)
{
	pingpong_of(r, m, false);
}
MODEL_BODY(pingpong)

MODEL_INLINE void across(struct run *r, const struct model *m)
{
	pingpong_of(r, m, true);
}
MODEL_BODY(across)

const struct bench bench_pingpong = {
	.rows = { "pingpong" },
	.units = { "ns" },
	.what = "a round trip: unpark and park, each the other",
	.body = MODEL_BODIES(pingpong),
};

const struct bench bench_pingpong_across = {
	.rows = { "pingpong-across" },
	.units = { "ns" },
	.what = "the same, each handover forced to another core",
	.body = MODEL_BODIES(across),
	.flags = BENCH_TWO_CPUS,
};
