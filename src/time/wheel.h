/* SPDX-License-Identifier: MIT */
/*
 * A hierarchical timing wheel: insert and remove are O(1) and allocate nothing. Knows of ticks only, not of clocks.
 *
 * Six levels of 256 slots. A timer stands at the level of the highest byte in which its tick differs from `current`, in
 * the slot of that byte; so all timers of a level lie beyond those of the level below, and the first occupied slot of
 * the lowest occupied level is next. When `current` reaches a slot of a higher level, its timers move down: each moves
 * at most five times in its life, however far away it was.
 *
 * Invariants: every timer's tick >= current. No slot of level > 0 whose byte equals that of `current` is occupied.
 */
#ifndef WEFT_SRC_TIME_WHEEL_H
#define WEFT_SRC_TIME_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

enum { WEFT__WHEEL_LEVELS = 6, WEFT__WHEEL_SLOTS = 256 };

#define WEFT__WHEEL_LAST (((uint64_t)1 << 8 * WEFT__WHEEL_LEVELS) - 1)

struct weft__wheel_node {
	struct weft__wheel_node *next, **link; /* link: what points here; NULL while in no wheel */
	uint64_t tick;
};

struct weft__wheel {
	uint64_t current; /* the first tick that has not been handled */
	uint64_t occupied[WEFT__WHEEL_LEVELS][WEFT__WHEEL_SLOTS / 64];
	struct weft__wheel_node *slot[WEFT__WHEEL_LEVELS][WEFT__WHEEL_SLOTS];
};

void weft__wheel_init(struct weft__wheel *wheel, uint64_t current);

/* The node's tick is set by the caller; one that has passed counts as `current`, one beyond the last as the last. */
void weft__wheel_insert(struct weft__wheel *wheel, struct weft__wheel_node *node);
void weft__wheel_remove(struct weft__wheel *wheel, struct weft__wheel_node *node);

/* Take out the nodes whose tick is at most `now`, those of one tick at a time: a list, or NULL when there are no more
 * and `current` is now + 1. */
struct weft__wheel_node *weft__wheel_expire(struct weft__wheel *wheel, uint64_t now);

/* No node is due before this tick; false if there is none at all. */
bool weft__wheel_next(const struct weft__wheel *wheel, uint64_t *tick);

#endif
