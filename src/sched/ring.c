/* SPDX-License-Identifier: MIT */
/* Making and growing a lane. */
#include "src/sched/ring.h"

#include "src/os/memory.h"
#include "src/sched/tune.h"

bool weft__ring_init(struct weft__ring *ring, uint32_t capacity)
{
	*ring = (struct weft__ring){ .slot = weft__os_alloc_zeroed(capacity, sizeof *ring->slot),
				     .mask = capacity - 1 };
	return ring->slot != NULL;
}

void weft__ring_destroy(struct weft__ring *ring)
{
	weft__os_free(ring->slot);
}

bool weft__ring_grow(struct weft__ring *ring)
{
	uint32_t capacity = ring->mask + 1, count = weft__ring_count(ring);
	if (capacity >= weft__tune.ring_max)
		return false;
	struct weft__thread **slot = weft__os_alloc(2 * (size_t)capacity * sizeof *slot);
	if (!slot)
		return false;
	for (uint32_t i = 0; i < count; i++)
		slot[i] = weft__ring_peek(ring, i);
	weft__os_free(ring->slot);
	ring->slot = slot;
	ring->mask = 2 * capacity - 1;
	weft__store_rlx(&ring->head, 0);
	weft__store_rlx(&ring->tail, count);
	return true;
}
