/* SPDX-License-Identifier: MIT */
/*
 * A hierarchical timing wheel: insert and remove are O(1). Knows of ticks only, not of clocks.
 *
 * Six levels of 256 slots. A timer stands at the level of the highest byte in which its tick differs from `current`, in
 * the slot of that byte; so all timers of a level lie beyond those of the level below, and the first occupied slot of
 * the lowest occupied level is next. When `current` reaches a slot of a higher level, its timers move down: each moves
 * at most five times in its life, however far away it was.
 *
 * Timers are entries of a table of the wheel's own, 24 bytes each, and name their owner by a pointer that the wheel
 * never follows: were they in the owners' frames, each move would cost a cache and a TLB miss (1 us a timer with a
 * million of them).
 *
 * Invariants: every timer's tick >= current. No slot of level > 0 whose byte equals that of `current` is occupied.
 */
#ifndef WEFT_SRC_TIME_WHEEL_H
#define WEFT_SRC_TIME_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

enum {
	WEFT__WHEEL_LEVELS = 6,
	WEFT__WHEEL_SLOTS = 256,
	WEFT__WHEEL_CHUNK = 4096, /* entries that are allocated together */
	WEFT__WHEEL_CHUNKS = 4096 /* 16.7 million timers a wheel, as many as there can be threads */
};

#define WEFT__WHEEL_LAST (((uint64_t)1 << 8 * WEFT__WHEEL_LEVELS) - 1)

struct weft__wheel_entry {
	uint64_t tick;
	void *owner;
	uint32_t next; /* in its slot, or among the free; 0: none */
	uint32_t prev; /* an entry, or SLOT | the slot it is the first of */
};

struct weft__wheel {
	uint64_t current; /* the first tick that has not been handled */
	uint64_t occupied[WEFT__WHEEL_LEVELS][WEFT__WHEEL_SLOTS / 64];
	uint32_t slot[WEFT__WHEEL_LEVELS * WEFT__WHEEL_SLOTS]; /* the first entry; 0: empty */
	uint32_t free, made;
	struct weft__wheel_entry *chunk[WEFT__WHEEL_CHUNKS];
};

void weft__wheel_init(struct weft__wheel *wheel, uint64_t current);
void weft__wheel_destroy(struct weft__wheel *wheel);

/* A timer for this tick; one that has passed counts as `current`, one beyond the last as the last. Its id, not 0; 0 if
 * there is no memory. */
uint32_t weft__wheel_insert(struct weft__wheel *wheel, uint64_t tick, void *owner);

/* Take a timer out that has not expired. */
void weft__wheel_remove(struct weft__wheel *wheel, uint32_t id);

/* Take out timers whose tick is at most `now`, in order of their ticks: their owners, up to `max`, and how many. 0 when
 * there are no more; `current` is then now + 1. */
unsigned weft__wheel_expire(struct weft__wheel *wheel, uint64_t now, void **owners, unsigned max);

/* No timer is due before this tick; false if there is none at all. */
bool weft__wheel_next(const struct weft__wheel *wheel, uint64_t *tick);

#endif
