/* SPDX-License-Identifier: MIT */
/*
 * Park and unpark: the only way that anything ever waits, and the only part of the scheduler that what is built on top
 * of it (time, synchronization, IO) may know.
 *
 * The parking rule: a thread must not be findable by those who would wake it before its registers are saved. So whoever
 * waits describes how to publish itself, and that is done after the switch, on the stack switched to.
 *
 * A wait is ended by exactly one: whoever wakes it, its time limit, or who cancels its thread. The latter two take it back
 * (revoke), which succeeds for one of them, and only if no waker has won.
 */
#ifndef WEFT_SRC_SCHED_PARK_H
#define WEFT_SRC_SCHED_PARK_H

#include "src/os/clock.h"
#include "src/sched/thread.h"

/* What somebody waits for, as reports name it. */
struct weft__reason {
	const char *name; /* "a mutex" */
	uint64_t (*owner)(
		const void *object); /* the handle of the thread that could end the wait; 0, or NULL: who knows */
};

struct weft__wait {
	/*
	 * Publish the wait. True: from now on somebody may make `self` runnable, and may have done so already. False:
	 * what it would wait for is there already, it goes on at once. Runs on another stack and inside the worker's
	 * biased lock: it may neither wait nor wake.
	 */
	bool (*commit)(struct weft__wait *wait);
	/* Take the wait back. True: nobody else will make `self` runnable for it. False: somebody has won it, or it is not
	 * committed yet. Inside any worker's biased lock or none: it may neither wait nor wake. NULL: cannot be taken back,
	 * neither by a time limit nor by cancellation. */
	bool (*revoke)(struct weft__wait *wait, struct weft__thread *self);
	struct weft__thread *self;
	const struct weft__reason *reason;
	const void *object; /* what it waits for, passed to reason->owner */
	bool shielded;	    /* neither cancellation nor the deadlines of scopes end it */
	bool asks; /* revoke may be false for another reason: that it has asked for the end, and the thread is woken when that comes */
	/* Not green: where it waits in the kernel, until self->wake is set or has been waited for long enough; NULL: on that. */
	void (*sleep)(struct weft__wait *wait, uint64_t deadline);
};

/*
 * Wait. deadline: WEFT__NEVER, or when to give up. 0: it was woken, or what it waits for was there. -ETIMEDOUT;
 * -ECANCELED: its thread was canceled; -ENOMEM: no memory for a timer. Only 0 means that the wait was won by a waker.
 */
int weft__park(struct weft__wait *wait, uint64_t deadline);

/* Make a waiting thread runnable: once for each wait, by whoever won the right to. From any kernel thread. The thread
 * may be gone by the time this returns. Who wins several calls weft__wait_won for each before this for any. */
void weft__ready(struct weft__thread *t);

weft__inline void weft__wait_won(struct weft__thread *t)
{
	weft__store_rlx(&t->wait, NULL); /* relaxed: a fence follows before it runs (src/sched/cancel.h) */
}

/* At the beginning of a call that may go on succeeding without a wait: now and then, let the others run, and descriptors be
 * asked for. */
void weft__take_turns(void);

/* The calling thread: green or bound, or `outside` made into one for a kernel thread that is neither. */
struct weft__thread *weft__self(struct weft__thread *outside);

/* The same, NULL for a kernel thread that is neither. */
struct weft__thread *weft__self_or_null(void);

weft__inline bool weft__is_outsider(uint64_t caller)
{
	return caller >> 63;
}

/* Who the caller is: a thread's handle, or a number of its own for a kernel thread that weft did not make. Never 0. */
uint64_t weft__caller(void);

/* Threads that have crashed, each counted twice: before anybody can know that it has ended, and after weft__has_ended says so.
 * Both at once for some. */
extern weft__a32 weft__crashes;

/* Whether the thread that the handle is of, or was, has ended; false for 0, and the number of a kernel thread outside. */
bool weft__has_ended(uint64_t caller);

/* Whether threads can run at the same time, so that spinning for one another may pay. */
bool weft__parallel(void);

struct weft_status;

/* The same as weft_join, weft_join_status and weft_park until a deadline, 0 being a question only. */
int weft__join(uint64_t handle, void **result, uint64_t deadline);
int weft__join_status(uint64_t handle, struct weft_status *status, uint64_t deadline);
int weft__park_permit(uint64_t deadline);

#endif
