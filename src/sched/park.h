/* SPDX-License-Identifier: MIT */
/*
 * Park and unpark: the only way that anything ever waits, and the only part of the scheduler that what is built on top
 * of it (time, synchronization, IO) may know.
 *
 * The parking rule: a thread must not be findable by those who would wake it before its registers are saved. So whoever
 * waits describes how to publish itself, and that is done after the switch, on the stack switched to.
 */
#ifndef WEFT_SRC_SCHED_PARK_H
#define WEFT_SRC_SCHED_PARK_H

#include "src/os/clock.h"
#include "src/sched/thread.h"

struct weft__wait {
	/*
	 * Publish the wait. True: from now on somebody may make `self` runnable, and may have done so already. False:
	 * what it would wait for is there already, it goes on at once. Runs on another stack and inside the worker's
	 * biased lock: it may neither wait nor wake.
	 */
	bool (*commit)(struct weft__wait *wait);
	/* The time is up. True: the wait is taken back, and nobody else will make `self` runnable for it. False:
	 * somebody does so right now. Same rules. NULL if there is no time limit. */
	bool (*revoke)(struct weft__wait *wait);
	struct weft__thread *self;
};

/*
 * How to wait until a deadline: weft__park ignores it for green threads (the scheduler has no timers) and honours it
 * for kernel threads; src/time supplies one that does both. 0, -ETIMEDOUT, or, if the wait was not even committed,
 * -ENOMEM or -EAGAIN.
 */
typedef int weft__park_fn(struct weft__wait *wait, uint64_t deadline);

weft__park_fn weft__park;

/* Does not wait: always -EAGAIN. For a time limit of 0. */
weft__park_fn weft__park_never;

/* Make a waiting thread runnable: once for each wait, by whoever won the right to. From any kernel thread. The thread
 * may be gone by the time this returns. */
void weft__ready(struct weft__thread *t);

/* The calling thread: green or bound, or `outside` made into one for a kernel thread that is neither. */
struct weft__thread *weft__self(struct weft__thread *outside);

/* The same, NULL for a kernel thread that is neither. */
struct weft__thread *weft__self_or_null(void);

/* Whether threads can run at the same time, so that spinning for one another may pay. */
bool weft__parallel(void);

/* The same as weft_join and weft_park, with a way to wait. */
int weft__join(uint64_t handle, void **result, weft__park_fn *park, uint64_t deadline);
int weft__park_permit(weft__park_fn *park, uint64_t deadline);

#endif
