/* SPDX-License-Identifier: MIT */
/*
 * Model: cancellation by handle (src/sched/cancel.h) against a thread that waits twice, is woken, and ends. The first wait
 * a waker may end; the second only a cancel. The thread is green, and may be resumed on another worker; or
 * (MODEL_CANCEL_BOUND) bound; or (MODEL_CANCEL_TIMED) its first wait has a time limit, which the monitor sees to, in place
 * of a second canceller. Then its record and its stack have another thread.
 *
 * Checked: no cancel is lost (else the second wait is for ever: a deadlock); each wait is ended once; nobody looks into a
 * wait that is over, or changes the stack of a thread that has ended: the next one there is not canceled.
 */
#include <errno.h>
#include <setjmp.h>

#include "src/sched/cancel.h"
#include "src/sched/spawn.h"
#include "tests/model/os.h"
#include "tests/model/resume.h"
#include "tests/model/wait.h"
#include "weft/cancel.h"
#include "weft/time.h"

#ifdef MODEL_CANCEL_BOUND
enum { BOUND = 1, TIMED = 1, THREADS = 3 };
#elif defined MODEL_CANCEL_TIMED
enum { BOUND = 0, TIMED = 1, THREADS = 4 };
#else
enum { BOUND = 0, TIMED = 0, THREADS = 4 };
#endif
enum { WAITER, WAKER, CANCELLER, OTHER };

const unsigned model_threads = THREADS;

static struct weft__thread thread;
static struct weft__record *record;
static struct model_frame frame[2];
static uint64_t handle;
static unsigned canceled;

/* How far the thread is. The others begin when it is somewhere, for it takes many more steps than they. */
enum { BEGUN, WAITS_FIRST, COMMITS_FIRST, WAITS_SECOND, COMMITS_SECOND, ENDING, STAGES };
static weft__a32 stage;
static bool ending;
static jmp_buf ended;

static void reach(uint32_t now)
{
	weft__store_rlx(&stage, now); /* relaxed: it is to order nothing */
}

static void await_any_of(unsigned stages)
{
	unsigned until = model_choose(stages);
	while (weft__load_rlx(&stage) < until)
		model_yield(MODEL_HERE);
}

_Noreturn void weft__arch_resume(void *to, weft__a32 *release)
{
	MODEL_ASSERT(to == NULL);
	weft__store_rel(release, 0);
	longjmp(ended, 1);
}

/* --- the life of two threads --- */

void model_commits(unsigned number)
{
	reach(number ? COMMITS_SECOND : COMMITS_FIRST);
}

static void wait_twice(void)
{
	uint64_t limit = TIMED && model_choose(2) ? 1 : WEFT__NEVER;
	int err;
	reach(WAITS_FIRST);
	if (TIMED && !BOUND && model_choose(2))
		err = weft_sleep(1);
	else
		err = model_wait(0, &frame[0], &thread, limit);
	MODEL_ASSERT(err != -ECANCELED || canceled);
	reach(WAITS_SECOND);
	err = model_wait(1, &frame[model_choose(2)], &thread, WEFT__NEVER); /* at the same place again, or at another */
	MODEL_ASSERT(err == -ECANCELED && canceled);
}

static bool no_commit(struct weft__wait *wait)
{
	(void)wait;
	return false;
}

/* As src/sched/spawn.c does. */
static void make(struct weft__record *r)
{
	record = r;
	thread.kind = BOUND ? WEFT__BOUND : WEFT__GREEN;
	thread.record = r;
	thread.handle = weft__record_next_handle(r);
	weft__store_rlx(&r->join, weft__join_word(thread.handle, WEFT__JOIN_DETACHED));
	weft__store_rlx(&r->park, weft__park_word(thread.handle));
	weft__store_rlx(&r->thread, &thread);
}

/* As src/sched/bound.c does. */
static void end_bound(struct weft__record_cache *cache)
{
	weft__store_rlx(&record->park, weft__park_word(handle + WEFT__GENERATION_ONE));
	weft__record_await_holders(handle);
	weft__store_rlx(&thread.attention, 0);
	weft__publish_end(NULL, record, handle, cache, false);
}

static void end_green(void)
{
	if (!setjmp(ended))
		weft__exit_green(&thread, NULL);
}

static void live(void)
{
	struct weft__record_cache cache = { 0 };
	if (model_choose(2))
		wait_twice();
	ending = true;
	reach(ENDING);
	if (BOUND)
		end_bound(&cache);
	else
		end_green();
	MODEL_ASSERT(weft__load_rlx(&thread.attention) == 0 && !weft__load_rlx(&thread.wait) && !thread.masked);
	if (!BOUND)
		weft__worker()->current = &thread;
	make(weft__record_get(BOUND ? &cache : &weft__worker()->records));
	MODEL_ASSERT(thread.handle == handle + WEFT__GENERATION_ONE);
	struct weft__wait wait = { .commit = no_commit, .revoke = model_gone, .self = &thread };
	MODEL_ASSERT(weft__park(&wait, WEFT__NEVER) == 0);
	MODEL_ASSERT(weft__load_rlx(&thread.attention) == 0);
}

static void wake(void)
{
	await_any_of(WAITS_SECOND);
	model_wake(0);
}

static void cancel(unsigned stages)
{
	await_any_of(stages);
	canceled++;
	int err = weft_cancel(handle);
	MODEL_ASSERT(err == 0 || (err == -ESRCH && ending));
}

/* --- the model --- */

void model_before(void)
{
	struct weft__record_cache records = { 0 };
	make(weft__record_get(&records));
	handle = thread.handle;
	model_workers_begin(&thread, BOUND);
}

void model_thread(unsigned index)
{
	if (index == WAITER)
		live();
	else if (index == WAKER)
		wake();
	else if (index == CANCELLER)
		cancel(ENDING);
	else if (!TIMED && model_choose(2))
		cancel(STAGES);
	else if (TIMED)
		do
			model_fire_overdue();
		while (weft__load_rlx(&stage) < WAITS_SECOND);
}

void model_resumed(unsigned index)
{
	if (BOUND)
		weft__set_kernel_self(index == WAITER ? &thread : NULL);
}

void model_after(void)
{
	MODEL_ASSERT(weft__load_rlx(&thread.attention) == 0);
	MODEL_ASSERT(weft_cancel(handle) == -ESRCH);
	model_workers_end();
}
