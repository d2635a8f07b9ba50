/* SPDX-License-Identifier: MIT */
/*
 * Who runs next on a worker. All of this is inside its biased lock.
 *
 * Order: the `next` slot, the newest continuation, the oldest ready thread, the oldest of those pinned here. Every
 * fair_period (K = 64) dispatches the worker looks around instead: it takes in timers and the injector, puts `next`
 * behind the ready lane and runs that lane's oldest; and every age_period (256) looks it moves the oldest continuation
 * there. Hence the promise: a ready thread with n ahead of it in its lane runs within K * (n + 1) dispatches of its worker, a
 * continuation with n older ones within K * 256 * (n + 1) and its turn in the ready lane. While threads pinned to the worker
 * are runnable, the two kinds take turns at the looks around, and each bound is doubled.
 *
 * While descriptors are armed it asks the poller at a look, too, if it has nothing to run, or has not asked for poll_ns. While
 * it has requests on its ring it reaps a batch of them and hands one over, when all have run that were ready at the last one
 * and that was poll_ns ago; or monitor_min_ns, in any case.
 */
#ifndef WEFT_SRC_SCHED_DISPATCH_H
#define WEFT_SRC_SCHED_DISPATCH_H

#include "src/sched/pinned.h"
#include "src/sched/switch.h"

/* Take in what came from outside, and choose fairly. NULL: nothing, or the worker has lost its token. The ready lane has room for
 * another. */
struct weft__thread *weft__look_around(struct weft__worker *w);

/* Put a thread whose context is saved into the worker's ready lane, or the injector where that is full. */
void weft__ready_inside(struct weft__worker *w, struct weft__thread *t);

/* Make runnable whom a source has found, its wait having been won: inside the lock of `w`, or in the injector if it is NULL. */
void weft__ready_collected(struct weft__worker *w, struct weft__thread *t);

/* The part of it for a thread with a kernel thread of its own: wake that. */
void weft__ready_kernel(struct weft__thread *t);

/*
 * Warm the cache for threads further down the lane: a descriptor FAR dispatches ahead and, its saved stack pointer
 * being there by then, the frame NEAR ahead. With 100,000 threads every one of these lines comes from memory, through a
 * TLB miss.
 */
enum { WEFT__PREFETCH_NEAR = 16, WEFT__PREFETCH_FAR = 32 };

weft__inline void weft__prefetch(struct weft__ring *ready)
{
	__builtin_prefetch(weft__ring_peek(ready, WEFT__PREFETCH_FAR), 1);
	char *sp = weft__ring_peek(ready, WEFT__PREFETCH_NEAR)->sp;
	__builtin_prefetch(sp, 1);
	__builtin_prefetch(sp + WEFT__CACHE_LINE, 1);
}

/* weft__park for the running green thread, without a deadline. */
int weft__park_green(struct weft__wait *wait);

weft__inline struct weft__thread *weft__pick(struct weft__worker *w)
{
	uint32_t dispatches = weft__load_rlx(&w->dispatches) + 1;
	weft__store_rlx(&w->dispatches, dispatches);
	if (weft__unlikely((dispatches & (weft__tune.fair_period - 1)) == 0))
		return weft__look_around(w);
	struct weft__thread *t = weft__load_rlx(&w->next);
	if (t) {
		weft__store_rlx(&w->next, NULL);
		return t;
	}
	t = weft__ring_pop_back(&w->cont);
	if (t)
		return t;
	if (weft__ring_count(&w->ready) > WEFT__PREFETCH_FAR)
		weft__prefetch(&w->ready);
	t = weft__ring_pop_front(&w->ready);
	return weft__likely(t != NULL) ? t : weft__pinned_pop(w);
}

#endif
