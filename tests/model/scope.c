/* SPDX-License-Identifier: MIT */
/*
 * Model: scopes (src/sched/scope.h), four of them, one below the other. A thread opens all but the root, spawns two
 * children into the lowest, wakes what waits there, and closes them; meanwhile the root is canceled by somebody outside,
 * and perhaps the lowest by a child that fails. The threads are bound: so all of spawn, end, and waiting is the product's.
 *
 * Checked: no cancel is lost (else a child waits for ever: a deadlock); each wait is ended once, and nobody looks into one
 * that is over; closing returns once the children have ended, and not before; nobody touches a thread that has ended or a
 * scope that is closed.
 */
#include <errno.h>
#include <stdlib.h>

#include "src/os/kthread.h"
#include "src/sched/attr.h"
#include "src/sched/cancel.h"
#include "src/sched/idle.h"
#include "src/sched/spawn.h"
#include "tests/model/os.h"
#include "tests/model/wait.h"

enum { OWNER, CHILD, SIBLING, CANCELLER, THREADS, CHILDREN = 2, BETWEEN = 2, ENOUGH = 16 };

const unsigned model_threads = THREADS;
struct weft__tune weft__tune;
struct weft__pool weft__pool;

static struct weft__scope root, between[BETWEEN], lowest;
static struct weft__thread owner;
static struct model_frame frame[2 * CHILDREN + 1];
static struct model_plain over[CHILDREN];
static unsigned spawned;
static weft__a32 progress; /* how much has happened: see cancel_at_some_time */

/* The kernel threads that are made: theirs are the model threads from CHILD on. */
enum { NOT_YET, RUNS, NEVER };
static struct {
	_Alignas(64) char memory[sizeof(struct weft__thread) + 256];
	weft__a32 state;
	void *(*fn)(void *);
	void *arg;
	struct weft__thread *self;
	bool is_free;
} kernel[CHILDREN];

static void happen(void)
{
	weft__bump_rlx(&progress, 1); /* relaxed: it is to order nothing */
}

void model_commits(unsigned number)
{
	(void)number;
	happen();
}

/* --- kernel threads, and their memory --- */

void *weft__os_alloc_aligned(size_t alignment, size_t size)
{
	(void)alignment;
	MODEL_ASSERT(size <= sizeof kernel[spawned].memory);
	return kernel[spawned].memory;
}

void weft__os_free(void *memory)
{
	const struct weft__thread *t = memory;
	MODEL_ASSERT(!t->listed && !weft__load_rlx(&t->wait));
	for (unsigned i = 0; i < CHILDREN; i++)
		if (memory == kernel[i].memory)
			kernel[i].is_free = true;
	memset(memory, 0, sizeof kernel[0].memory);
}

int weft__os_kthread_start(pthread_t *id, void *(*fn)(void *), void *arg, size_t stack, bool detached, bool quiet)
{
	(void)id, (void)stack, (void)detached, (void)quiet;
	kernel[spawned].fn = fn;
	kernel[spawned].self = kernel[spawned].arg = arg;
	weft__store_rel(&kernel[spawned].state, RUNS);
	weft__os_futex_wake(&kernel[spawned++].state, 1);
	return 0;
}

static void run_kernel(unsigned i)
{
	uint32_t state;
	while ((state = weft__load_acq(&kernel[i].state)) == NOT_YET)
		weft__os_futex_wait(&kernel[i].state, NOT_YET, UINT64_MAX);
	if (state == RUNS)
		kernel[i].fn(kernel[i].arg);
}

int weft__pool_enter_outside(void)
{
	return 0;
}

/* --- the threads --- */

/* What a child does: return, wait for its waker or for the cancellation, or for the one and then the other, or fail. */
enum { RETURNS, IS_WOKEN, IS_CANCELED, BOTH, FAILS, DEEDS };

static int child(void *arg)
{
	unsigned i = *(unsigned *)arg, deed = model_choose(DEEDS);
	struct weft__thread *self = weft__self_or_null();
	int err = 0;
	happen();
	if (deed != RETURNS && deed != IS_CANCELED)
		err = model_wait(i, &frame[i], self, WEFT__NEVER);
	if (deed == IS_CANCELED || deed == BOTH) {
		err = model_wait(CHILDREN + i, &frame[CHILDREN + i], self, WEFT__NEVER);
		MODEL_ASSERT(err == -ECANCELED);
	}
	model_write(&over[i], 1);
	happen();
	return deed == FAILS ? -EIO : err;
}

/* What is left of the scope is zeros; if anybody uses an atomic of it after that they are not any more. */
static int close_scope(struct weft__scope *s)
{
	happen();
	int err = weft_scope_close((struct weft_scope *)(void *)s);
	MODEL_ASSERT(model_newest(&s->lock.cell) == 0);
	memset(s, 0, sizeof *s);
	return err;
}

static bool all_are_over(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!kernel[i].is_free)
			return false;
	return true;
}

/* For a while: so that there is perhaps nobody left to wait for. And let the cancel begin then. */
static void let_them_end(unsigned n)
{
	for (unsigned i = 0; i < 100 && !all_are_over(n); i++)
		model_yield(MODEL_HERE);
	weft__store_rlx(&progress, ENOUGH); /* relaxed: as above */
	for (unsigned i = model_choose(8); i > 0; i--)
		model_yield(MODEL_HERE);
}

static void own(void)
{
	static unsigned number[CHILDREN] = { 0, 1 };
	static const struct weft__attr bound = { .kind = WEFT_KIND_BOUND };
	struct weft_scope *s = (struct weft_scope *)(void *)&lowest;
	for (unsigned i = 0; i < BETWEEN; i++)
		weft_scope_open((struct weft_scope *)(void *)&between[i], 0);
	weft_scope_open(s, model_choose(2) ? WEFT_SCOPE_FAIL_FAST : 0);
	for (unsigned i = 0; i < CHILDREN; i++) {
		int err = weft_scope_spawn(s, (const struct weft_attr *)(const void *)&bound, child, &number[i]);
		MODEL_ASSERT(err == 0 || err == -ECANCELED);
		happen();
	}
	unsigned n = spawned;
	if (model_choose(2))
		(void)model_wait(2 * CHILDREN, &frame[2 * CHILDREN], &owner, WEFT__NEVER);
	for (unsigned i = 0; i < n; i++)
		model_wake(i);
	if (model_choose(2))
		let_them_end(n);
	close_scope(&lowest);
	for (unsigned i = 0; i < n; i++)
		MODEL_ASSERT(model_read(&over[i]) == 1);
	for (unsigned i = n; i < CHILDREN; i++) {
		weft__store_rel(&kernel[i].state, NEVER);
		weft__os_futex_wake(&kernel[i].state, 1);
	}
	for (unsigned i = BETWEEN; i-- > 0;)
		close_scope(&between[i]);
	MODEL_ASSERT(owner.scope == &root && owner.scopes == 0 && (!owner.listed || owner.listed == &root));
	weft__scope_delist(&owner);
}

/* Once so much has happened; or after a while, for it may be this that they wait for. */
static void cancel_at_some_time(void)
{
	unsigned enough = model_choose(ENOUGH);
	for (unsigned i = 0; i < 200 && weft__load_rlx(&progress) < enough; i++)
		model_yield(MODEL_HERE);
	weft_scope_cancel((struct weft_scope *)(void *)&root);
	model_wake(2 * CHILDREN);
}

/* --- the model --- */

bool weft__wake_searcher(struct weft__worker *any)
{
	(void)any;
	return true;
}

void model_before(void)
{
	struct weft__record_cache records = { 0 };
	weft__store_rlx(&weft__pool.symmetric, model_fences == MODEL_SYMMETRIC);
	weft__set_kernel_self(NULL);
	weft_scope_open((struct weft_scope *)(void *)&root, 0);
	owner.kind = WEFT__BOUND;
	owner.scope = &root;
	owner.record = weft__record_get(&records);
	owner.handle = weft__record_next_handle(owner.record);
}

void model_thread(unsigned index)
{
	if (index == OWNER)
		own();
	else if (index == CANCELLER)
		cancel_at_some_time();
	else
		run_kernel(index - CHILD);
}

void model_resumed(unsigned index)
{
	bool made = index == CHILD || index == SIBLING;
	weft__set_kernel_self(index == OWNER ? &owner : made ? kernel[index - CHILD].self : NULL);
}

static bool untouched(const void *memory, size_t size)
{
	const char *bytes = memory;
	while (size > 0 && bytes[size - 1] == 0)
		size--;
	return size == 0;
}

void model_after(void)
{
	MODEL_ASSERT(untouched(between, sizeof between));
	MODEL_ASSERT(untouched(&lowest, sizeof lowest));
	MODEL_ASSERT(weft__list_empty(&root.threads) && weft__list_empty(&root.scopes));
	for (unsigned i = 0; i < spawned; i++) {
		MODEL_ASSERT(kernel[i].is_free);
		MODEL_ASSERT(untouched(kernel[i].memory, sizeof kernel[i].memory));
	}
}
