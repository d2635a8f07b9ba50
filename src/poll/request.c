/* SPDX-License-Identifier: MIT */
/* Waits by requests; see request.h. */
#include "src/poll/request.h"

#include <errno.h>
#include <poll.h>

#include "src/poll/entry.h"
#include "src/sched/worker.h"
#include "weft/time.h"

/* --- under the entry's lock --- */

static struct weft__fd_waiter *waiter_at(struct weft__list *node)
{
	return weft__container(node, struct weft__fd_waiter, node);
}

/* An exclusive waiter with a request is in front of all. */
static bool one_has_request(struct weft__list *waiters)
{
	struct weft__fd_waiter *first = weft__list_empty(waiters) ? NULL : waiter_at(waiters->next);
	return first && first->exclusive && first->request.ring;
}

bool weft__request_enqueue(struct weft__fd_waiter *waiter)
{
	struct weft__list *waiters = &waiter->entry->waiters[waiter->way];
	bool behind = waiter->exclusive && one_has_request(waiters);
	if (waiter->asked)
		return false;
	if (waiter->exclusive && !behind)
		weft__list_push_front(waiters, &waiter->node);
	else
		weft__list_push_back(waiters, &waiter->node);
	waiter->queued = true;
	if (waiter->set)
		weft__add_acqrel(&waiter->set->left, 1);
	if (!behind)
		weft__uring_queue(&waiter->request);
	return true;
}

static void dequeue(struct weft__fd_waiter *waiter)
{
	weft__list_remove(&waiter->node);
	waiter->queued = false;
}

static void win(struct weft__fd_waiter *waiter, struct weft__list *woken)
{
	weft__wait_won(waiter->set ? waiter->set->wait.self : waiter->wait.self);
	weft__list_push_back(woken, &waiter->node);
}

/* Its wait is over, if it is in one. One of a set wakes that if it is the first, or the last that is waited for: then it may be gone. */
static void complete(struct weft__fd_waiter *waiter, struct weft__list *woken)
{
	struct weft__fd_set *set = waiter->set;
	if (weft__unlikely(!waiter->queued))
		return;
	dequeue(waiter);
	if (!set) {
		win(waiter, woken);
		return;
	}
	if (weft__xchg_acqrel(&set->state, WEFT__OVER) == WEFT__ASLEEP) /* order FD-SET */
		win(waiter, woken);
	if (weft__sub_acqrel(&set->left, 1) == 1) /* order FD-SET */
		win(waiter, woken);
}

static bool take_back(struct weft__fd_waiter *waiter)
{
	bool back = waiter->queued && weft__uring_take_back(&waiter->request);
	if (back)
		dequeue(waiter);
	return back;
}

void weft__request_pass(struct weft__fd *e, enum weft__fd_way way, struct weft__list *woken)
{
	struct weft__list *waiters = &e->waiters[way], *node = waiters->next;
	if (one_has_request(waiters))
		return;
	while (node != waiters && !waiter_at(node)->exclusive)
		node = node->next;
	if (node != waiters)
		complete(waiter_at(node), woken);
}

void weft__request_evict(struct weft__fd *e, struct weft__list *woken)
{
	for (int way = 0; way < 2; way++) {
		struct weft__list *waiters = &e->waiters[way], *node, *next;
		for (node = waiters->next; node != waiters; node = next) {
			struct weft__fd_waiter *waiter = waiter_at(node);
			next = node->next;
			waiter->closed = true;
			if (weft__uring_take_back(&waiter->request) || waiter->request.op == WEFT__SEND)
				complete(waiter, woken);
		}
	}
}

/* --- one --- */

static bool revoke(struct weft__wait *wait, struct weft__thread *self)
{
	struct weft__fd_waiter *waiter = weft__container(wait, struct weft__fd_waiter, wait);
	struct weft__fd *e = waiter->entry;
	(void)self;
	weft__fd_lock(e);
	waiter->asked = true;
	bool back = take_back(waiter);
	weft__fd_unlock(e);
	return back;
}

/* Why it was asked to end. It was, so this does not take long. */
static int why(uint64_t deadline)
{
	int err = weft_sleep_until(deadline);
	return err ? err : -ETIMEDOUT;
}

/* 0: the request has its result, or why not. It waits again if there was none: an exclusive waiter's that was passed to; or one
 * that has ended for no reason of ours, with the kernel thread that handed it over. */
weft__inline int run(struct weft__fd_waiter *waiter, uint64_t deadline)
{
	struct weft__uring_request *r = &waiter->request;
	for (;;) {
		int err = weft__uring_attach(weft__worker());
		if (weft__unlikely(err))
			return err;
		r->ring = NULL;
		err = weft__park(&waiter->wait, deadline);
		if (weft__likely(r->ring && r->result != -ECANCELED && r->result != -EINTR))
			return 0;
		if (waiter->closed)
			return -EBADF;
		if (err)
			return err;
		if (waiter->asked)
			return why(deadline);
	}
}

static struct weft__fd_waiter waiter_of(struct weft__fd *e, enum weft__fd_way way)
{
	struct weft__thread *self = weft__self_or_null();
	return (struct weft__fd_waiter){
		.wait = { weft__fd_commit, revoke, self, &weft__fd_reasons[way], e, .asks = true },
		.entry = e,
		.way = way,
		.request = { .needed = { e, self, (char *)self + WEFT__CACHE_LINE } },
	};
}

int weft__request_wait(struct weft__fd *e, int fd, enum weft__fd_way way, bool exclusive, uint64_t deadline)
{
	struct weft__fd_waiter waiter = waiter_of(e, way);
	waiter.request.fd = fd;
	waiter.request.op = WEFT__POLL;
	waiter.request.events = way == WEFT__INPUT ? POLLIN | POLLRDHUP : POLLOUT;
	waiter.exclusive = exclusive;
	int err = run(&waiter, deadline);
	if (err)
		return err;
	return waiter.request.result < 0 ? (int)waiter.request.result : 0;
}

bool weft__request_may_receive(void)
{
	struct weft__worker *w = weft__worker();
	return w && w->current && weft__poller_epoch() && weft__poller_is_uring();
}

ssize_t weft__request_receive(struct weft__fd *e, int fd, enum weft__request_op op, void *data, size_t size,
			      uint64_t deadline)
{
	struct weft__fd_waiter waiter = waiter_of(e, WEFT__INPUT);
	waiter.request.fd = fd;
	waiter.request.op = op;
	waiter.request.data = data;
	waiter.request.size = size;
	int err = run(&waiter, deadline);
	return err ? err : waiter.request.result;
}

/* --- any of several --- */

static bool drain_commit(struct weft__wait *wait)
{
	return weft__sub_acqrel(&weft__container(wait, struct weft__fd_set, wait)->left, 1) != 1; /* order FD-SET */
}

/* The frames of all of them must stay until the last request has ended. */
static void drain(struct weft__fd_set *set)
{
	static const struct weft__reason reason = { "the end of requests to the kernel", NULL };
	for (size_t i = 0; i < set->n; i++) {
		struct weft__fd *e = set->waiter[i].entry;
		weft__fd_lock(e);
		if (take_back(&set->waiter[i]))
			weft__sub_acqrel(&set->left, 1);
		weft__fd_unlock(e);
	}
	set->wait = (struct weft__wait){ drain_commit, NULL, set->wait.self, &reason, set, .shielded = true };
	(void)weft__park(&set->wait, WEFT__NEVER);
}

int weft__request_wait_any(struct weft__fd_set *set, const struct weft__reason *reason, uint64_t deadline)
{
	int err = weft__uring_attach(weft__worker());
	if (err)
		return err;
	weft__store_rlx(&set->state, WEFT__NOT_COMMITTED); /* relaxed, both: nobody knows of it yet */
	weft__store_rlx(&set->left, 1);			   /* a share of our own */
	for (size_t i = 0; i < set->n; i++)
		set->waiter[i].request.ring = NULL;
	set->wait = (struct weft__wait){ weft__fd_set_commit, weft__fd_set_revoke, weft__self_or_null(), reason, set,
					 .shielded = false };
	err = weft__park(&set->wait, deadline);
	drain(set);
	return err;
}

/* --- reaped --- */

void weft__request_finish(struct weft__list *done, struct weft__list *woken)
{
	while (!weft__list_empty(done)) {
		struct weft__uring_request *r = weft__container(done->next, struct weft__uring_request, link);
		struct weft__fd_waiter *waiter = weft__container(r, struct weft__fd_waiter, request);
		struct weft__fd *e = waiter->entry;
		weft__list_remove(&r->link);
		weft__fd_lock(e);
		waiter->over = true;
		complete(waiter, woken);
		weft__fd_unlock(e);
	}
}
