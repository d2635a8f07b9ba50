/* SPDX-License-Identifier: MIT */
/*
 * Requests on their way in: queueing them, taking them back, and handing them over; see uring.h. What has completed: uring_reap.c.
 *
 * The kernel's queues are filled and emptied under the ring's lock, a spin lock, as requests are queued inside the worker's
 * biased lock. System calls are made without it: the kernel has a lock of its own, and takes what is queued first, whoever
 * asks it to.
 *
 * What the kernel is asked for may not fit: the submission queue then takes some, and the rest is handed over by another system
 * call. What completes beyond the completion queue is kept by the kernel until there is room, and it says so in memory.
 *
 * To cancel a HANDED request: by a system call that any kernel thread may make (Linux 6.0). If the kernel does not know of
 * it, as it is still on its way, or cannot cancel so, it goes to a list, which the ring's worker hands over as cancels
 * behind everything else; the ring's event wakes it for that if it sleeps. No cancel can meet a later request at the
 * same address: a request leaves that list when it is reaped, under the lock, and its frame stays until then.
 *
 * Rejected:
 * - SINGLE_ISSUER and DEFER_TASKRUN: nobody could hand over, cancel or look for completions on behalf of a worker that runs one thread
 *   on and on, and nothing completes before that ends. COOP_TASKRUN spares the same interrupts.
 * - One ring for all workers: its lock, and each completion in another kernel thread than the one that asked.
 * - Multishot requests: they stay, hold their descriptor open, and have to be canceled at each close.
 */
#include "src/poll/uring.h"

#include <errno.h>
#include <poll.h>

#include "src/os/epoll.h"
#include "src/os/io.h"
#include "src/poll/uring_fetch.h"
#include "src/poll/uring_inside.h"

/* A request says its size in 32 bits; and more than this is not read at a time in any case. */
enum { SIZE_MOST = 1 << 30 };

/* --- queueing --- */

/* It is ahead of the one that was queued WEFT__URING_AHEAD places before it. */
static void put_ahead(struct weft__uring *u, struct weft__uring_request *r)
{
	struct weft__uring_request **last = &u->last[r->place = u->places++ % WEFT__URING_AHEAD];
	if (*last)
		(*last)->ahead = r;
	*last = r;
	r->ahead = NULL;
}

void weft__uring_queue(struct weft__uring_request *r)
{
	struct weft__uring *u = r->ring = weft__uring_of(weft__worker());
	weft__uring_lock(u);
	r->state = WEFT__QUEUED;
	r->asked = false;
	weft__uring_link(&u->queued, r);
	put_ahead(u, r);
	weft__uring_count(&u->worker->queued, 1);
	weft__uring_count(&u->worker->requests, 1);
	weft__uring_unlock(u);
}

static uint64_t key_of(const struct weft__uring_request *r)
{
	return (uint64_t)(uintptr_t)r;
}

/* A handed request has been asked to end by all means, but for this. */
static void cancel(struct weft__uring *u, struct weft__uring_request *r)
{
	weft__uring_lock(u);
	bool late = r->state == WEFT__HANDED && !r->linked;
	if (late)
		weft__uring_link(&u->cancels, r);
	weft__uring_unlock(u);
	if (late)
		weft__os_eventfd_add(u->event);
}

bool weft__uring_take_back(struct weft__uring_request *r)
{
	struct weft__uring *u = r->ring;
	if (!u)
		return true;
	weft__uring_lock(u);
	bool queued = r->state == WEFT__QUEUED, handed = r->state == WEFT__HANDED;
	if (queued) {
		weft__uring_unqueue(u, r);
		r->ring = NULL;
		weft__uring_count(&u->worker->requests, -1);
	}
	r->asked = true;
	weft__uring_unlock(u);
	if (handed && weft__os_uring_cancel(&u->ring, key_of(r)) < 0)
		cancel(u, r);
	return queued;
}

/* --- handing over --- */

/* Under the lock. */
static unsigned waiting(struct weft__uring *u)
{
	return *u->ring.sq.ktail - __atomic_load_n(u->ring.sq.khead, __ATOMIC_ACQUIRE); /* order URING-KERNEL */
}

static struct io_uring_sqe *next(struct weft__uring *u)
{
	unsigned tail = *u->ring.sq.ktail, index = tail & u->ring.sq.ring_mask;
	if (waiting(u) == u->ring.sq.ring_entries)
		return NULL;
	u->ring.sq.array[index] = index;
	return &u->ring.sq.sqes[index];
}

static void publish(struct weft__uring *u, struct io_uring_sqe *sqe, uint64_t key)
{
	io_uring_sqe_set_data64(sqe, key);
	__atomic_store_n(u->ring.sq.ktail, *u->ring.sq.ktail + 1, __ATOMIC_RELEASE); /* order URING-KERNEL */
}

static void describe(struct io_uring_sqe *sqe, const struct weft__uring_request *r)
{
	unsigned size = r->size < SIZE_MOST ? (unsigned)r->size : SIZE_MOST;
	switch (r->op) {
	case WEFT__POLL:
		io_uring_prep_poll_add(sqe, r->fd, r->events);
		break;
	case WEFT__RECEIVE:
		io_uring_prep_recv(sqe, r->fd, r->data, size, 0);
		break;
	case WEFT__READ:
		io_uring_prep_read(sqe, r->fd, r->data, size, (uint64_t)-1);
		break;
	case WEFT__SEND:
		io_uring_prep_send_zc(sqe, r->fd, r->data, size, (int)r->events | MSG_DONTWAIT | MSG_NOSIGNAL, 0);
		break;
	}
}

static bool stage_event(struct weft__uring *u)
{
	struct io_uring_sqe *sqe = u->listening ? NULL : next(u);
	if (sqe) {
		io_uring_prep_poll_add(sqe, u->event, POLLIN);
		publish(u, sqe, WEFT__URING_EVENT);
		u->listening = true;
	}
	return u->listening;
}

/* So many of the requests at most; false if these do not fit. */
static bool stage_requests(struct weft__uring *u, unsigned most)
{
	struct io_uring_sqe *sqe;
	bool many = weft__uring_has_many(u);
	for (; most > 0 && !weft__list_empty(&u->queued) && (sqe = next(u)); most--) {
		struct weft__uring_request *r = weft__container(u->queued.next, struct weft__uring_request, link);
		if (many && r->ahead)
			weft__uring_fetch_frames(key_of(r->ahead));
		if (many) {
			__builtin_prefetch(r->data, 1);
			weft__uring_fetch_needed(r);
		}
		weft__uring_unqueue(u, r);
		r->state = WEFT__HANDED;
		r->visits = u->visits;
		describe(sqe, r);
		publish(u, sqe, key_of(r));
	}
	return most == 0 || weft__list_empty(&u->queued);
}

/* Behind the requests that they are of. */
static bool stage_cancels(struct weft__uring *u)
{
	struct io_uring_sqe *sqe;
	while (!weft__list_empty(&u->cancels) && (sqe = next(u))) {
		struct weft__uring_request *r = weft__container(u->cancels.next, struct weft__uring_request, link);
		weft__uring_unlink(r);
		io_uring_prep_cancel64(sqe, key_of(r), 0);
		publish(u, sqe, WEFT__URING_NOBODY);
	}
	return weft__list_empty(&u->cancels);
}

/* False: the kernel takes no more for now. What is staged and not taken stays, and goes the next time. */
static bool hand_over(struct weft__uring *u, bool listen, unsigned most, unsigned *left)
{
	bool is_visit = u->worker != weft__worker();
	for (;;) {
		weft__uring_lock(u);
		bool all = (!listen || stage_event(u)) && stage_requests(u, most) && stage_cancels(u);
		unsigned n = *left = waiting(u);
		if (is_visit && n)
			u->visits |= 1;
		weft__uring_unlock(u);
		if (all)
			return true;
		int taken = weft__os_uring_enter(&u->ring, n, false, 0);
		if (taken < 0 && taken != -EINTR)
			return false;
	}
}

void weft__uring_enter(struct weft__worker *w, bool wait, uint64_t deadline)
{
	struct weft__uring *u = weft__uring_of(w);
	unsigned left;
	bool fit = hand_over(u, wait, weft__tune.uring_batch, &left);
	bool all = fit && !weft__load_rlx(&w->queued); /* relaxed: our own */
	(void)weft__os_uring_enter(&u->ring, left, wait && all, deadline);
}

/* The kernel keeps completions that there was no room for. */
static bool overflows(struct weft__uring *u)
{
	return __atomic_load_n(u->ring.sq.kflags, __ATOMIC_RELAXED) &
	       IORING_SQ_CQ_OVERFLOW; /* relaxed: or the next time */
}

void weft__uring_visit(struct weft__uring *u, bool listen)
{
	unsigned left;
	if (hand_over(u, listen, UINT32_MAX, &left) && (left || overflows(u)))
		(void)weft__os_uring_enter(&u->ring, left, false, 0);
	weft__uring_lock(u);
	u->visits += u->visits & 1;
	weft__uring_unlock(u);
}

void weft__uring_stand_in(struct weft__worker *w)
{
	struct weft__uring *u = weft__uring_of(w);
	if (u)
		weft__uring_visit(u, false);
}

void weft__uring_wake(struct weft__worker *w)
{
	weft__os_eventfd_add(weft__uring_of(w)->event);
}
