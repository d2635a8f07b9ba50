/* SPDX-License-Identifier: MIT */
/*
 * One lane of a worker's run queue: a ring of threads, a plain deque. Whoever changes it is inside the worker's biased
 * lock; head and tail may be read by anyone as a hint. 0 <= tail - head <= mask + 1.
 */
#ifndef WEFT_SRC_SCHED_RING_H
#define WEFT_SRC_SCHED_RING_H

#include "src/base/atomic.h"

struct weft__thread;

struct weft__ring {
	struct weft__thread **slot;
	uint32_t mask;
	weft__a32 head, tail;
};

/* Capacity: a power of two. False without memory. */
bool weft__ring_init(struct weft__ring *ring, uint32_t capacity);
void weft__ring_destroy(struct weft__ring *ring);

/* Double the capacity. False without memory, or at the largest. */
bool weft__ring_grow(struct weft__ring *ring);

weft__inline uint32_t weft__ring_count(struct weft__ring *ring)
{
	/* relaxed: exact inside the lock, a hint outside */
	return weft__load_rlx(&ring->tail) - weft__load_rlx(&ring->head);
}

/* Whether a push will succeed: grows it if need be. */
weft__inline bool weft__ring_has_room(struct weft__ring *ring)
{
	return weft__likely(weft__ring_count(ring) <= ring->mask) || weft__ring_grow(ring);
}

/* Append, where there is room. */
weft__inline void weft__ring_put(struct weft__ring *ring, struct weft__thread *t)
{
	uint32_t tail = weft__load_rlx(&ring->tail);
	ring->slot[tail & ring->mask] = t;
	weft__store_rlx(&ring->tail, tail + 1);
}

/* False if it is full and cannot grow. */
weft__inline bool weft__ring_push(struct weft__ring *ring, struct weft__thread *t)
{
	if (!weft__ring_has_room(ring))
		return false;
	weft__ring_put(ring, t);
	return true;
}

/* The newest, or NULL. */
weft__inline struct weft__thread *weft__ring_pop_back(struct weft__ring *ring)
{
	uint32_t tail = weft__load_rlx(&ring->tail);
	if (tail == weft__load_rlx(&ring->head))
		return 0;
	weft__store_rlx(&ring->tail, tail - 1);
	return ring->slot[(tail - 1) & ring->mask];
}

/* What pop_back would take, or NULL. */
weft__inline struct weft__thread *weft__ring_newest(struct weft__ring *ring)
{
	uint32_t tail = weft__load_rlx(&ring->tail);
	return tail == weft__load_rlx(&ring->head) ? 0 : ring->slot[(tail - 1) & ring->mask];
}

/* The oldest, or NULL. */
weft__inline struct weft__thread *weft__ring_pop_front(struct weft__ring *ring)
{
	uint32_t head = weft__load_rlx(&ring->head);
	if (head == weft__load_rlx(&ring->tail))
		return 0;
	weft__store_rlx(&ring->head, head + 1);
	return ring->slot[head & ring->mask];
}

/* The one that pop_front would give after n others. n < count. */
weft__inline struct weft__thread *weft__ring_peek(struct weft__ring *ring, uint32_t n)
{
	return ring->slot[(weft__load_rlx(&ring->head) + n) & ring->mask];
}

/* Have it change places with the oldest. n < count. */
weft__inline void weft__ring_to_front(struct weft__ring *ring, uint32_t n)
{
	struct weft__thread *t = weft__ring_peek(ring, n);
	uint32_t head = weft__load_rlx(&ring->head);
	ring->slot[(head + n) & ring->mask] = ring->slot[head & ring->mask];
	ring->slot[head & ring->mask] = t;
}

#endif
