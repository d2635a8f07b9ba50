/* SPDX-License-Identifier: MIT */
/*
 * The reader-writer lock, phase-fair. Its state and its queue are under a spin lock of a few instructions; who leaves
 * gives the lock to who waits, so nobody slips in between, and that makes the turns:
 *
 *   a reader gets in at once if no writer is in and none waits; a writer if nobody is in
 *   when a writer leaves, all waiting readers get in, or else the first writer
 *   when the last reader leaves, the first writer gets in
 *
 * Orders: RWLOCK  the guard: release -> acquire; it orders what its holders do, too
 */
#include <errno.h>

#include "src/base/panic.h"
#include "src/sync/address.h"
#include "weft/sync.h"

#define WRITER UINT32_MAX

struct rwlock {
	weft__a32 guard;
	/* under guard */
	uint32_t holders; /* how many readers are in, or WRITER */
	uint32_t writers; /* how many of the waiters are writers */
	uint32_t unused;
	struct weft__list waiters; /* first in, first out; a zeroed head is an empty list not yet used */
};

_Static_assert(sizeof(struct rwlock) == sizeof(struct weft_rwlock), "ABI");

struct waiter {
	struct weft__wait wait;
	struct rwlock *lock;
	struct weft__list node;
	bool writer;
	bool queued; /* under guard */
};

static struct waiter *waiter_of(struct weft__list *node)
{
	return weft__container(node, struct waiter, node);
}

static void guard(struct rwlock *l)
{
	for (unsigned round = 1; weft__xchg_acq(&l->guard, 1) != 0; round++) /* order RWLOCK */
		weft__os_spin(round);
	if (!l->waiters.next)
		weft__list_init(&l->waiters);
}

static void unguard(struct rwlock *l)
{
	weft__store_rel(&l->guard, 0); /* order RWLOCK */
}

static void enqueue(struct rwlock *l, struct waiter *waiter)
{
	weft__list_push_back(&l->waiters, &waiter->node);
	l->writers += waiter->writer;
	waiter->queued = true;
}

static void dequeue(struct rwlock *l, struct waiter *waiter)
{
	weft__list_remove(&waiter->node);
	l->writers -= waiter->writer;
	waiter->queued = false;
}

static bool enter(struct rwlock *l, bool writer)
{
	if (writer ? l->holders != 0 : l->holders == WRITER || l->writers)
		return false;
	l->holders = writer ? WRITER : l->holders + 1;
	return true;
}

static bool commit(struct weft__wait *wait)
{
	struct waiter *waiter = weft__container(wait, struct waiter, wait);
	struct rwlock *l = waiter->lock;
	guard(l);
	bool sleep = !enter(l, waiter->writer);
	if (sleep)
		enqueue(l, waiter);
	unguard(l);
	return sleep;
}

static bool revoke(struct weft__wait *wait, struct weft__thread *self)
{
	struct waiter *waiter = weft__container(wait, struct waiter, wait);
	(void)self;
	guard(waiter->lock);
	bool queued = waiter->queued;
	if (queued)
		dequeue(waiter->lock, waiter);
	unguard(waiter->lock);
	return queued;
}

/* Move waiters of one kind who may go now to `go`, and count them in. */
static void admit(struct rwlock *l, bool writer, struct weft__list *go)
{
	for (struct weft__list *n = l->waiters.next, *next; n != &l->waiters; n = next) {
		next = n->next;
		if (waiter_of(n)->writer != writer)
			continue;
		dequeue(l, waiter_of(n));
		weft__list_push_back(go, n);
		weft__wait_won(waiter_of(n)->wait.self);
		l->holders = writer ? WRITER : l->holders + 1;
		if (writer)
			return;
	}
}

static void wake(struct weft__list *go)
{
	while (!weft__list_empty(go)) {
		struct waiter *waiter = waiter_of(go->next);
		weft__list_remove(&waiter->node); /* before it runs: its frame may be gone then */
		weft__ready(waiter->wait.self);
	}
}

/* A writer that has given up may have been what readers waited for. */
static void after_giving_up(struct rwlock *l)
{
	struct weft__list go;
	weft__list_init(&go);
	guard(l);
	if (l->holders != WRITER && !l->writers)
		admit(l, false, &go);
	unguard(l);
	wake(&go);
}

static int lock(struct weft_rwlock *rwlock, bool writer, uint64_t deadline)
{
	struct rwlock *l = (struct rwlock *)(void *)rwlock;
	guard(l);
	bool in = enter(l, writer);
	unguard(l);
	if (in)
		return 0;
	if (deadline == 0)
		return -ETIMEDOUT;
	static const struct weft__reason reason = { "a reader-writer lock", NULL };
	struct weft__thread outside;
	struct waiter waiter = { .wait = { commit, revoke, weft__self(&outside), &reason, l, .shielded = false },
				 .lock = l,
				 .writer = writer };
	int err = weft__park(&waiter.wait, deadline);
	if (err && writer)
		after_giving_up(l);
	return err;
}

int weft_rwlock_rdlock(struct weft_rwlock *rwlock)
{
	return lock(rwlock, false, WEFT__NEVER);
}

int weft_rwlock_rdlock_timeout(struct weft_rwlock *rwlock, uint64_t nanoseconds)
{
	return lock(rwlock, false, weft__deadline(nanoseconds));
}

int weft_rwlock_wrlock(struct weft_rwlock *rwlock)
{
	return lock(rwlock, true, WEFT__NEVER);
}

int weft_rwlock_wrlock_timeout(struct weft_rwlock *rwlock, uint64_t nanoseconds)
{
	return lock(rwlock, true, weft__deadline(nanoseconds));
}

int weft_rwlock_unlock(struct weft_rwlock *rwlock)
{
	struct rwlock *l = (struct rwlock *)(void *)rwlock;
	struct weft__list go;
	weft__list_init(&go);
	guard(l);
	if (!l->holders)
		weft__panic("weft_rwlock_unlock: nobody holds the lock");
	bool was_writer = l->holders == WRITER;
	l->holders = was_writer ? 0 : l->holders - 1;
	if (was_writer)
		admit(l, false, &go);
	if (!l->holders)
		admit(l, true, &go);
	unguard(l);
	wake(&go);
	return 0;
}
