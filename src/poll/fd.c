/* SPDX-License-Identifier: MIT */
/* The table of descriptors: entries, edges and waits. */
#include "src/poll/fd.h"

#include <errno.h>

#include "src/os/memory.h"
#include "src/poll/entry.h"
#include "src/poll/outside.h"
#include "src/poll/poller.h"
#include "src/poll/request.h"

void weft__fd_lock(struct weft__fd *e)
{
	for (unsigned round = 1; weft__xchg_acq(&e->lock, 1) != 0; round++) /* order FD-LOCK */
		weft__os_spin(round);
	if (!e->waiters[0].next) {
		weft__list_init(&e->waiters[WEFT__INPUT]);
		weft__list_init(&e->waiters[WEFT__OUTPUT]);
	}
}

void weft__fd_unlock(struct weft__fd *e)
{
	weft__store_rel(&e->lock, 0); /* order FD-LOCK */
}

/* --- edges --- */

/* Take out all sets that wait for this direction, which stand in front, and the first who is there alone; or all. */
void weft__fd_take(struct weft__fd *e, enum weft__fd_way way, bool closed, struct weft__list *woken)
{
	bool alone = false;
	while (!weft__list_empty(&e->waiters[way]) && (!alone || closed)) {
		struct weft__fd_waiter *waiter = weft__container(e->waiters[way].next, struct weft__fd_waiter, node);
		weft__list_remove(&waiter->node);
		waiter->queued = false;
		waiter->closed = closed;
		alone = !waiter->set;
		if (waiter->set &&
		    weft__xchg_acqrel(&waiter->set->state, WEFT__OVER) != WEFT__ASLEEP) /* order FD-SET */
			continue; /* another has won it, or it does not sleep yet and will not */
		weft__wait_won(waiter->set ? waiter->set->wait.self : waiter->wait.self);
		weft__list_push_back(woken, &waiter->node);
	}
}

struct weft__thread *weft__fd_woken(struct weft__list *woken)
{
	if (weft__list_empty(woken))
		return NULL;
	struct weft__fd_waiter *waiter = weft__container(woken->next, struct weft__fd_waiter, node);
	weft__list_remove(&waiter->node); /* before it runs: its frame may be gone then */
	return waiter->set ? waiter->set->wait.self : waiter->wait.self;
}

void weft__fd_ready(struct weft__list *woken)
{
	for (struct weft__thread *t; (t = weft__fd_woken(woken));)
		weft__ready(t);
}

static void count_edge(struct weft__fd *e, enum weft__fd_way way, bool ended)
{
	uint32_t edges = weft__load_rlx(&e->edges[way]), more; /* relaxed: the CAS orders */
	do
		more = ((edges & ~WEFT__FD_DRY) + WEFT__FD_EDGE) | (ended ? WEFT__FD_ENDED : 0);
	while (!weft__cas_acqrel(&e->edges[way], &edges, more)); /* order FD-EDGE */
}

void weft__fd_edge(int fd, uint32_t generation, unsigned edge, struct weft__list *woken)
{
	struct weft__fd *e = weft__fd_entry(fd);
	weft__fd_lock(e);
	for (int way = 0; way < 2 && weft__load_rlx(&e->generation) == generation; way++)
		if (edge & 1u << way) {
			count_edge(e, way, edge & WEFT__EDGE_ENDED);
			weft__fd_take(e, way, false, woken);
		}
	weft__fd_unlock(e);
}

void weft__fd_pass(struct weft__fd *e, enum weft__fd_way way)
{
	struct weft__list woken;
	weft__list_init(&woken);
	weft__fd_lock(e);
	if (weft__poller_is_uring())
		weft__request_pass(e, way, &woken);
	else if (!(weft__load_rlx(&e->edges[way]) & WEFT__FD_DRY))
		weft__fd_take(e, way, false, &woken);
	weft__fd_unlock(e);
	weft__fd_ready(&woken);
}

/* --- waits --- */

const struct weft__reason weft__fd_reasons[2] = { { "input from a descriptor", NULL },
						  { "output to a descriptor", NULL } };

static bool is_news(const struct weft__fd_waiter *waiter)
{
	uint32_t edges = weft__load_acq(&waiter->entry->edges[waiter->way]); /* order FD-EDGE */
	return waiter->set ? (edges ^ waiter->seen) >= WEFT__FD_EDGE : !(edges & WEFT__FD_DRY);
}

/* Under the lock; sets in front. */
static bool enqueue_for_edge(struct weft__fd_waiter *waiter)
{
	struct weft__list *waiters = &waiter->entry->waiters[waiter->way];
	waiter->queued = !is_news(waiter);
	if (waiter->queued && waiter->set)
		weft__list_push_front(waiters, &waiter->node);
	else if (waiter->queued)
		weft__list_push_back(waiters, &waiter->node);
	return waiter->queued;
}

/* False: there is no need to wait. */
static bool enqueue(struct weft__fd_waiter *waiter)
{
	bool queued = false;
	weft__fd_lock(waiter->entry);
	waiter->closed = weft__fd_is_closing(waiter->entry);
	if (!waiter->closed)
		queued = weft__poller_is_uring() ? weft__request_enqueue(waiter) : enqueue_for_edge(waiter);
	weft__fd_unlock(waiter->entry);
	return queued;
}

/* True if it was in the queue. */
static bool dequeue(struct weft__fd_waiter *waiter)
{
	weft__fd_lock(waiter->entry);
	bool queued = waiter->queued;
	if (queued)
		weft__list_remove(&waiter->node);
	waiter->queued = false;
	weft__fd_unlock(waiter->entry);
	return queued;
}

bool weft__fd_commit(struct weft__wait *wait)
{
	return enqueue(weft__container(wait, struct weft__fd_waiter, wait));
}

static bool revoke(struct weft__wait *wait, struct weft__thread *self)
{
	(void)self;
	return dequeue(weft__container(wait, struct weft__fd_waiter, wait));
}

int weft__fd_wait(struct weft__fd *e, int fd, enum weft__fd_way way, bool exclusive, uint64_t deadline)
{
	struct weft__thread *self = weft__self_or_null();
	if (weft__unlikely(!self))
		return weft__outside_wait_one(e, fd, way, deadline);
	int err = weft__poller_begin();
	if (weft__unlikely(err))
		return err;
	if (weft__poller_is_uring())
		return weft__is_green(self) ? weft__request_wait(e, fd, way, exclusive, deadline)
					    : weft__outside_wait_one(e, fd, way, deadline);
	err = weft__fd_arm(e, fd, way, false);
	if (weft__unlikely(err))
		return err;
	struct weft__fd_waiter waiter = { .entry = e,
					  .way = way,
					  .wait = { weft__fd_commit, revoke, self, &weft__fd_reasons[way], e,
						    .shielded = false } };
	err = weft__park(&waiter.wait, deadline);
	return waiter.closed ? -EBADF : err;
}

/* Until all are in their queues whoever comes to one of them stops the commit, and wakes nobody. */
bool weft__fd_set_commit(struct weft__wait *wait)
{
	struct weft__fd_set *set = weft__container(wait, struct weft__fd_set, wait);
	uint32_t not_committed = WEFT__NOT_COMMITTED;
	bool wait_on = true;
	for (size_t i = 0; i < set->n && wait_on; i++)
		wait_on = enqueue(&set->waiter[i]);
	return wait_on &&
	       weft__cas_acqrel(&set->state, &not_committed, WEFT__ASLEEP); /* order FD-SET; it may be gone after it */
}

bool weft__fd_set_revoke(struct weft__wait *wait, struct weft__thread *self)
{
	struct weft__fd_set *set = weft__container(wait, struct weft__fd_set, wait);
	uint32_t asleep = WEFT__ASLEEP;
	(void)self;
	return weft__cas_acqrel(&set->state, &asleep, WEFT__OVER); /* order FD-SET */
}

int weft__fd_wait_any(struct weft__fd_set *set, const struct weft__reason *reason, uint64_t deadline)
{
	if (weft__poller_is_uring())
		return weft__request_wait_any(set, reason, deadline);
	weft__store_rlx(&set->state, WEFT__NOT_COMMITTED); /* relaxed: nobody knows of it yet */
	set->wait = (struct weft__wait){ weft__fd_set_commit, weft__fd_set_revoke, weft__self_or_null(), reason, set,
					 .shielded = false };
	int err = weft__park(&set->wait, deadline);
	for (size_t i = 0; i < set->n; i++)
		(void)dequeue(&set->waiter[i]);
	return err;
}
