/* SPDX-License-Identifier: MIT */
/* The table of wait queues. */
#include "src/sync/address.h"

#include <errno.h>
#include <string.h>

/* A million threads, each waiting for something else, make queues of 16; untouched, the table costs no memory. */
enum { QUEUES_LOG2 = 16 };

static struct queue {
	weft__a32 lock;		   /* a spin lock: it is taken inside a worker's biased lock, where nothing may wait */
	weft__a32 used;		   /* the list below has been initialized; read without */
	struct weft__list waiters; /* under lock */
} weft__aligned(32) queues[1 << QUEUES_LOG2];

static struct queue *queue_of(const weft__a32 *word)
{
	return &queues[((uint64_t)(uintptr_t)word >> 2) * 0x9e3779b97f4a7c15u >> (64 - QUEUES_LOG2)];
}

static void lock(struct queue *q)
{
	for (unsigned round = 1; weft__xchg_acq(&q->lock, 1) != 0; round++) /* order QUEUE-LOCK */
		weft__os_spin(round);
	if (!weft__load_rlx(&q->used)) { /* relaxed: under lock */
		weft__list_init(&q->waiters);
		weft__store_rlx(&q->used, 1);
	}
}

static void unlock(struct queue *q)
{
	weft__store_rel(&q->lock, 0); /* order QUEUE-LOCK */
}

static bool should_sleep(const struct weft__until *until)
{
	bool equal = (weft__load_acq(until->word) & until->mask) == until->value; /* order ADDRESS */
	return equal != until->differs;
}

/* A thread has crashed since the waiter looked whether the one that it waits for had. */
static bool has_crashed(const struct weft__waiter *waiter)
{
	return waiter->watches && weft__load_acq(&weft__crashes) != waiter->crashes; /* order MUTEX-LOST */
}

static bool commit(struct weft__wait *wait)
{
	struct weft__waiter *waiter = weft__container(wait, struct weft__waiter, wait);
	struct queue *q = queue_of(waiter->until.word);
	lock(q);
	bool sleep = should_sleep(&waiter->until) && !has_crashed(waiter);
	if (sleep && waiter->front)
		weft__list_push_front(&q->waiters, &waiter->node);
	else if (sleep)
		weft__list_push_back(&q->waiters, &waiter->node);
	waiter->queued = waiter->slept = sleep;
	unlock(q);
	return sleep;
}

static bool revoke(struct weft__wait *wait, struct weft__thread *self)
{
	(void)self;
	struct weft__waiter *waiter = weft__container(wait, struct weft__waiter, wait);
	struct queue *q = queue_of(waiter->until.word);
	lock(q);
	bool queued = waiter->queued;
	if (queued)
		weft__list_remove(&waiter->node);
	waiter->queued = false;
	unlock(q);
	return queued;
}

void weft__address_forget(void)
{
	for (struct queue *q = queues; q < queues + (1 << QUEUES_LOG2); q++)
		if (weft__load_rlx(&q->used) || weft__load_rlx(&q->lock)) /* relaxed, all: the child is alone */
			memset(q, 0, sizeof *q);
}

int weft__address_wait(struct weft__waiter *waiter, uint64_t deadline)
{
	struct weft__thread outside;
	if (!should_sleep(&waiter->until))
		return -EAGAIN;
	if (deadline == 0)
		return -ETIMEDOUT;
	waiter->wait = (struct weft__wait){ commit,	    revoke,	    weft__self(&outside),
					    waiter->reason, waiter->object, .shielded = waiter->shielded };
	int err = weft__park(&waiter->wait, deadline);
	return err == 0 && !waiter->slept ? -EAGAIN : err;
}

/* The first waiter on the word, taken out; and whether there are more. */
static struct weft__waiter *take(struct queue *q, const weft__a32 *word, bool *more)
{
	struct weft__waiter *first = NULL;
	*more = false;
	for (struct weft__list *l = q->waiters.next; l != &q->waiters && !*more; l = l->next) {
		struct weft__waiter *waiter = weft__container(l, struct weft__waiter, node);
		if (waiter->until.word != word)
			continue;
		*more = first != NULL;
		if (!first)
			first = waiter;
	}
	if (first) {
		weft__list_remove(&first->node);
		first->queued = false;
		weft__wait_won(first->wait.self);
	}
	return first;
}

void weft__address_wake_one(weft__a32 *word, void (*choose)(struct weft__waiter *first, bool more, void *context),
			    void *context)
{
	struct queue *q = queue_of(word);
	bool more;
	lock(q);
	struct weft__waiter *first = take(q, word, &more);
	choose(first, more, context);
	unlock(q);
	if (first)
		weft__ready(first->wait.self);
}

/* Move up to n waiters on the word to `woken`. */
static void take_some(struct queue *q, const weft__a32 *word, unsigned n, bool granted, struct weft__list *woken)
{
	for (struct weft__list *l = q->waiters.next, *next; l != &q->waiters && n > 0; l = next) {
		struct weft__waiter *waiter = weft__container(l, struct weft__waiter, node);
		next = l->next;
		if (waiter->until.word != word)
			continue;
		waiter->queued = false;
		waiter->granted = granted;
		weft__wait_won(waiter->wait.self);
		weft__list_remove(l);
		weft__list_push_back(woken, l);
		n--;
	}
}

static void ready_all(struct weft__list *woken)
{
	while (!weft__list_empty(woken)) {
		struct weft__waiter *waiter = weft__container(woken->next, struct weft__waiter, node);
		weft__list_remove(&waiter->node); /* before it runs: its frame may be gone then */
		weft__ready(waiter->wait.self);
	}
}

void weft__address_wake(const weft__a32 *word, unsigned n)
{
	struct queue *q = queue_of(word);
	struct weft__list woken;
	weft__list_init(&woken);
	lock(q);
	take_some(q, word, n, false, &woken);
	unlock(q);
	ready_all(&woken);
}

void weft__address_grant_all(weft__a32 *word, bool (*change)(weft__a32 *word))
{
	struct queue *q = queue_of(word);
	struct weft__list woken;
	weft__list_init(&woken);
	lock(q);
	if (change(word))
		take_some(q, word, UINT32_MAX, true, &woken);
	unlock(q);
	ready_all(&woken);
}

void weft__address_each(void (*see)(const struct weft__waiter *waiter, void *context), void *context)
{
	for (struct queue *q = queues; q < queues + (1 << QUEUES_LOG2); q++) {
		if (!weft__load_rlx(&q->used)) /* relaxed: who comes now is seen the next time */
			continue;
		lock(q);
		for (struct weft__list *l = q->waiters.next; l != &q->waiters; l = l->next)
			see(weft__container(l, struct weft__waiter, node), context);
		unlock(q);
	}
}
