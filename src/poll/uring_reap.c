/* SPDX-License-Identifier: MIT */
/*
 * Reaping what has completed on a ring: by its worker, or by the monitor.
 *
 * A completion is there to be seen before the kernel has let go of the request's descriptor. The kernel thread that handed it
 * over, in which it completes, sees it after that. Any other waits for the kernel's lock of the ring first, so that whoever then
 * closes the descriptor is its last holder: the monitor, which reaps for a worker, and a worker that the monitor has handed over for.
 *
 * A completion of the event's is what others wake the worker by. The monitor may come to a ring whose worker is about to sleep, or
 * wakes just now, and reap that: then it sees to it that the worker wakes all the same.
 */
#include "src/os/epoll.h"
#include "src/poll/uring_fetch.h"

/* Of a WEFT__SEND there are two, if the kernel has had the buffer: the result, and that it has let go. */
static bool is_last(struct weft__uring_request *r, const struct io_uring_cqe *cqe)
{
	if (!(cqe->flags & IORING_CQE_F_NOTIF))
		r->result = cqe->res;
	return !(cqe->flags & IORING_CQE_F_MORE);
}

/* True: the monitor may have handed it over. */
static bool take(struct weft__uring *u, const struct io_uring_cqe *cqe, struct weft__list *done)
{
	struct weft__uring_request *r = (struct weft__uring_request *)(uintptr_t)cqe->user_data;
	weft__uring_fetch_needed(r);
	if (weft__likely(is_last(r, cqe)))
		weft__uring_over(u, r, done);
	return r->visits != u->visits || r->visits & 1;
}

/* Without the lock: it may be out of date. */
static bool has_completions(struct weft__uring *u)
{
	return __atomic_load_n(u->ring.cq.khead, __ATOMIC_RELAXED) !=
	       __atomic_load_n(u->ring.cq.ktail,
			       __ATOMIC_RELAXED); /* relaxed: who sees any looks again under the lock */
}

/* By the worker: those that it is about to take. The kernel may have completed them long after they were handed over. */
static void fetch_completed(struct weft__uring *u, unsigned most)
{
	unsigned head =
		__atomic_load_n(u->ring.cq.khead, __ATOMIC_RELAXED); /* relaxed: what others reap is fetched in vain */
	unsigned n = __atomic_load_n(u->ring.cq.ktail, __ATOMIC_ACQUIRE) - head; /* order URING-KERNEL */
	for (unsigned i = 0; i < most && i < n; i++)
		weft__uring_fetch_frames(u->ring.cq.cqes[(head + i) & u->ring.cq.ring_mask].user_data);
}

/* Under the lock. `elsewhere`: some may have completed in another kernel thread. True: the worker has been woken. */
static bool take_some(struct weft__uring *u, unsigned most, struct weft__list *done, bool *elsewhere)
{
	unsigned head, n = 0;
	bool woken = false;
	struct io_uring_cqe *cqe;
	io_uring_for_each_cqe(&u->ring, head, cqe)
	{
		if (n == most)
			break;
		n++;
		if (cqe->user_data == WEFT__URING_EVENT)
			woken = true;
		else if (cqe->user_data != WEFT__URING_NOBODY)
			*elsewhere |= take(u, cqe, done);
	}
	io_uring_cq_advance(&u->ring, n);
	return woken;
}

void weft__uring_reap(struct weft__worker *w, unsigned most, struct weft__list *done)
{
	struct weft__uring *u = weft__uring_of(w);
	bool mine = w == weft__worker(), elsewhere = !mine;
	if (!u || !has_completions(u))
		return;
	if (mine && weft__uring_has_many(u))
		fetch_completed(u, most);
	weft__uring_lock(u);
	bool woken = take_some(u, most, done, &elsewhere);
	if (woken)
		u->listening = false;
	if (woken && mine)
		weft__os_eventfd_take(u->event);
	weft__uring_unlock(u);
	if (weft__unlikely(elsewhere))
		weft__os_uring_settle(&u->ring);
	if (woken && !mine)
		weft__uring_visit(u, true); /* asked for again it comes again, at once, and ends the worker's sleep */
}
