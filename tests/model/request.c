/* SPDX-License-Identifier: MIT */
/*
 * Model: waits by requests on rings (src/poll/request.h, uring.h). A green thread waits to read, receives, or
 * waits for any of two descriptors; its worker sleeps in its ring, or is kept from it, and then the monitor stands
 * in; and the thread may be resumed on another worker, whose ring is another. Something comes, somebody cancels
 * the thread, or closes the descriptor, or two of these. The kernel may be one that cannot cancel but by a
 * request.
 *
 * Checked: nobody waits for ever (else a deadlock); what has been received is told; each wait is ended once; when
 * a call returns the kernel knows of no request of it, nor has it one to be reaped, nor is its descriptor held.
 */
#include <errno.h>
#include <poll.h>

#include "src/io/io.h"
#include "src/poll/outside.h"
#include "src/poll/poller.h"
#include "src/poll/request.h"
#include "src/sched/cancel.h"
#include "src/sched/dispatch.h"
#include "src/sched/idle.h"
#include "src/sched/spawn.h"
#include "src/time/timer.h"
#include "tests/model/kernel.h"
#include "tests/model/os.h"
#include "weft/cancel.h"

enum { WAITER, SENDER, ENDER, MONITOR, THREADS, WORKERS = 2, FDS = MODEL_FDS };
enum { SEND = 1, CANCEL = 2, CLOSE = 4 };

const unsigned model_threads = THREADS;
struct weft__tune weft__tune = { .ring_initial = 2,
				 .ring_max = 2,
				 .fair_period = 8,
				 .age_period = 2,
				 .uring_entries = 2,
				 .uring_completions = 8,
				 .uring_batch = 1,
				 .poll_ns = 1 };
struct weft__pool weft__pool;

static struct weft__worker worker[WORKERS];
static struct weft__thread thread;
static uint64_t handle;
static unsigned what, stage; /* what happens; how far the waiter is */
static bool over;
static weft__a32 runnable; /* counts what may have made the thread so */

/* --- the workers --- */

int weft_yield(void)
{
	return 0; /* the caller goes on to weft__os_relax */
}

bool weft__outside_kick(void)
{
	return false;
}

bool weft__wake_searcher(struct weft__worker *any)
{
	(void)any;
	weft__add_acqrel(&runnable, 1);
	weft__os_futex_wake(&runnable, 1);
	for (int i = 0; i < WORKERS; i++)
		weft__poller_source->wake(&worker[i]);
	return true;
}

enum state { IS_FREE, IS_KEPT, IS_KEPT_A_WHILE };

static void wait_for_more(struct weft__worker *w, enum state *state, uint32_t seen)
{
	if (*state == IS_FREE) {
		weft__poller_source->sleep(w, UINT64_MAX);
		return;
	}
	model_tell();
	if (*state == IS_KEPT) {
		model_sleep(&runnable, seen);
	} else {
		model_pause(model_choose(16));
		*state = IS_FREE;
	}
}

/* As resume.c has it; and it sleeps in its ring, or does not come to that. In the product a worker is listed as asleep before it
 * looks for the last time, and woken only then; in this model it is woken all the time, and looks once more whether it has been. */
int weft__arch_switch_call(void **save, void *to, void (*after)(void *), void *arg)
{
	struct weft__worker *w = weft__worker();
	struct weft__thread *found = NULL;
	enum state state = model_choose(3);
	int result = 0;
	*save = &result;
	MODEL_ASSERT(to == NULL);
	after(arg);
	stage++;
	while (!found) {
		uint32_t seen = weft__load_acq(&runnable);
		weft__worker_enter(w);
		found = weft__look_around(w);
		weft__worker_leave(w);
		if (!found && weft__add_acqrel(&runnable, 0) == seen)
			wait_for_more(w, &state, seen);
	}
	MODEL_ASSERT(found == &thread);
	w = &worker[model_choose(WORKERS)];
	model_inside(true);
	weft__arch_set_worker(w);
	model_inside(false);
	w->current = found;
	return result;
}

static void stand_in(void)
{
	while (!over) {
		uint32_t seen = weft__load_acq(&model_news);
		bool made = false;
		for (int i = 0; i < WORKERS; i++)
			made |= weft__poller_source->stand_in(&worker[i]);
		if (made)
			weft__wake_one();
		else if (!over)
			model_sleep(&model_news, seen);
	}
}

/* --- the model --- */

static ssize_t wait_for_any(struct weft__fd *e)
{
	struct weft__fd *other;
	struct weft__fd_waiter waiter[FDS];
	struct weft__fd_set set = { .n = FDS, .waiter = waiter };
	MODEL_ASSERT(weft__fd_enter(1, &other) == 0);
	for (int i = 0; i < FDS; i++)
		waiter[i] = (struct weft__fd_waiter){ .set = &set,
						      .entry = i ? other : e,
						      .request = { .fd = i, .op = WEFT__POLL, .events = POLLIN } };
	int err = weft__request_wait_any(&set, NULL, WEFT__NEVER);
	bool closed = waiter[0].closed;
	weft__fd_leave(other);
	return err ? err : closed ? -EBADF : 0;
}

static ssize_t wait_somehow(struct weft__fd *e)
{
	static char byte;
	unsigned how = model_choose(3);
	if (how == 0)
		return wait_for_any(e);
	if (how == 1)
		return weft__request_wait(e, 0, WEFT__INPUT, false, WEFT__NEVER);
	ssize_t n = weft__request_receive(e, 0, WEFT__RECEIVE, &byte, 1, WEFT__NEVER);
	MODEL_ASSERT((n == 1) == (model_received == 1));
	return n;
}

static void live(void)
{
	struct weft__fd *e;
	ssize_t n = weft__fd_enter(0, &e);
	if (n == 0) {
		n = model_is_closed(0) ? -EBADF : wait_somehow(e);
		model_has_no_request();
		weft__fd_leave(e);
	}
	MODEL_ASSERT(n == -ECANCELED ? what & CANCEL : n == -EBADF ? what & CLOSE : n >= 0 && (what & SEND));
	over = true;
	model_tell();
}

static void await_any_of(unsigned stages)
{
	unsigned until = model_choose(stages + 1);
	while (stage < until && !over)
		model_yield(MODEL_HERE);
	for (unsigned i = model_choose(2) * model_choose(16); i > 0; i--)
		model_yield(MODEL_HERE);
}

static void end(void)
{
	await_any_of(1);
	if (what & CANCEL)
		MODEL_ASSERT(weft_cancel(handle) == 0);
	if (what & CLOSE)
		MODEL_ASSERT(weft__fd_close(0) == 0);
}

void model_before(void)
{
	static struct weft__fd entries[1 << WEFT__FD_CHUNK_LOG2];
	struct weft__record_cache records = { 0 };
	weft__store_rlx(&weft__fd_chunks[0], entries);
	weft__pool.parallelism = WORKERS;
	weft__store_rlx(&weft__pool.workers, WORKERS);
	for (unsigned i = 0; i < WORKERS; i++) {
		worker[i].index = i;
		weft__ring_init(&worker[i].ready, 2);
		weft__ring_init(&worker[i].cont, 2);
		weft__store_rlx(&worker[i].token, WEFT__TOKEN_HELD);
		weft__store_rlx(&worker[i].deadline, WEFT__NEVER);
		weft__timer_source->attach(&worker[i]);
		weft__store_rlx(&weft__pool.worker[i], &worker[i]);
	}
	thread.kind = WEFT__GREEN;
	thread.record = weft__record_get(&records);
	handle = thread.handle = weft__record_next_handle(thread.record);
	weft__store_rlx(&thread.record->join, weft__join_word(handle, WEFT__JOIN_DETACHED));
	weft__store_rlx(&thread.record->park, weft__park_word(handle));
	weft__store_rlx(&thread.record->thread, &thread);
	model_worker[WAITER] = &worker[0];
	worker[0].current = &thread;
	weft__poller_choose(WEFT_IO_URING);
	MODEL_ASSERT(weft__poller_begin() == 0 && weft__poller_is_uring());
}

static void choose(void)
{
	static const unsigned cases[] = { SEND, CANCEL, CLOSE, SEND | CANCEL, SEND | CLOSE, CANCEL | CLOSE };
	if (what)
		return;
	what = cases[model_choose(6)];
	model_kernel_is_old = model_choose(2);
}

void model_thread(unsigned index)
{
	choose();
	if (index == WAITER) {
		live();
	} else if (index == MONITOR) {
		stand_in();
	} else if (index == ENDER) {
		end();
	} else if (what & SEND) {
		await_any_of(1);
		model_come(0);
	}
}

void model_resumed(unsigned index)
{
	(void)index;
}

void model_after(void)
{
	for (unsigned i = 0; i < WORKERS; i++) {
		MODEL_ASSERT(weft__load_rlx(&worker[i].requests) == 0);
		MODEL_ASSERT(weft__look_around(&worker[i]) == NULL);
		weft__timer_source->detach(&worker[i]);
		weft__ring_destroy(&worker[i].ready);
		weft__ring_destroy(&worker[i].cont);
	}
	weft__uring_end();
}
