/* SPDX-License-Identifier: MIT */
/*
 * What a worker's ring is made of, for who makes and destroys it (uring_life.c), queues and hands over (uring.c), reaps
 * (uring_reap.c), and tries (uring_try.c).
 *
 * Order: URING-LOCK  the ring's lock: release -> acquire
 */
#ifndef WEFT_SRC_POLL_URING_INSIDE_H
#define WEFT_SRC_POLL_URING_INSIDE_H

#include "src/base/list.h"
#include "src/os/clock.h"
#include "src/os/uring.h"
#include "src/poll/uring.h"
#include "src/sched/worker.h"

#ifdef HAVE_LIBURING

enum { WEFT__URING_AHEAD = 8 };

/* Keys that are no request's address: what a cancel answers, and that the event has been set. */
enum { WEFT__URING_NOBODY, WEFT__URING_EVENT };

struct weft__uring {
	weft__a32 lock;
	struct io_uring ring; /* its queues: under lock */
	/* under lock */
	struct weft__list queued;
	struct weft__list cancels; /* of HANDED requests */
	struct weft__uring_request
		*last[WEFT__URING_AHEAD]; /* those queued last, which have nothing ahead of them yet */
	unsigned places;		  /* queued so far */
	bool listening;			  /* a request of the ring's own polls the event */
	unsigned visits;		  /* the monitor's, to hand over, begun and ended: odd while it does */
	/* the worker's: so many times not to try the oldest request itself, and so many the next time that this is in vain */
	unsigned skip, step;
	/* set once */
	struct weft__worker *worker;
	int event;
};

weft__inline void weft__uring_lock(struct weft__uring *u)
{
	for (unsigned round = 1; weft__xchg_acq(&u->lock, 1) != 0; round++) /* order URING-LOCK */
		weft__os_spin(round);
}

weft__inline void weft__uring_unlock(struct weft__uring *u)
{
	weft__store_rel(&u->lock, 0); /* order URING-LOCK */
}

/* By the monitor: hand over all that is queued, and if `listen` is set ask for the event. What comes to that meanwhile, too, may
 * complete in its kernel thread. */
void weft__uring_visit(struct weft__uring *u, bool listen);

weft__inline struct weft__uring *weft__uring_of(struct weft__worker *w)
{
	return weft__load_acq(&w->uring); /* order URING-RING */
}

/* --- under the lock --- */

weft__inline void weft__uring_link(struct weft__list *list, struct weft__uring_request *r)
{
	weft__list_push_back(list, &r->link);
	r->linked = true;
}

weft__inline void weft__uring_unlink(struct weft__uring_request *r)
{
	if (r->linked)
		weft__list_remove(&r->link);
	r->linked = false;
}

/* relaxed, both: a hint to others than its worker */
weft__inline void weft__uring_count(weft__a32 *counter, int n)
{
	weft__store_rlx(counter, weft__load_rlx(counter) + (uint32_t)n);
}

weft__inline void weft__uring_unqueue(struct weft__uring *u, struct weft__uring_request *r)
{
	weft__uring_unlink(r);
	if (u->last[r->place] == r)
		u->last[r->place] = NULL;
	weft__uring_count(&u->worker->queued, -1);
}

weft__inline void weft__uring_over(struct weft__uring *u, struct weft__uring_request *r, struct weft__list *done)
{
	weft__uring_unlink(r); /* no cancel goes after it */
	r->state = WEFT__REAPED;
	weft__list_push_back(done, &r->link);
	weft__uring_count(&u->worker->requests, -1);
}

#endif
#endif
