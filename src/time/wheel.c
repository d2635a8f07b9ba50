/* SPDX-License-Identifier: MIT */
/* The timing wheel; its idea and invariants stand in wheel.h. */
#include "src/time/wheel.h"

#include <stddef.h>

static unsigned digit(uint64_t tick, unsigned level)
{
	return (unsigned)(tick >> 8 * level) & 255;
}

static unsigned level_of(uint64_t tick, uint64_t current)
{
	uint64_t differ = tick ^ current;
	return differ ? (63u - (unsigned)__builtin_clzll(differ)) / 8 : 0;
}

/* The first occupied slot of the level, or -1. */
static int first_slot(const struct weft__wheel *wheel, unsigned level)
{
	for (unsigned word = 0; word < WEFT__WHEEL_SLOTS / 64; word++)
		if (wheel->occupied[level][word])
			return (int)(word * 64) + __builtin_ctzll(wheel->occupied[level][word]);
	return -1;
}

/* Take a slot's whole list. */
static struct weft__wheel_node *empty(struct weft__wheel *wheel, unsigned level, unsigned slot)
{
	struct weft__wheel_node *list = wheel->slot[level][slot];
	wheel->slot[level][slot] = NULL;
	wheel->occupied[level][slot / 64] &= ~((uint64_t)1 << slot % 64);
	return list;
}

void weft__wheel_init(struct weft__wheel *wheel, uint64_t current)
{
	*wheel = (struct weft__wheel){ .current = current };
}

void weft__wheel_insert(struct weft__wheel *wheel, struct weft__wheel_node *node)
{
	if (node->tick < wheel->current)
		node->tick = wheel->current;
	if (node->tick > WEFT__WHEEL_LAST)
		node->tick = WEFT__WHEEL_LAST;
	unsigned level = level_of(node->tick, wheel->current), slot = digit(node->tick, level);
	struct weft__wheel_node **head = &wheel->slot[level][slot];
	node->next = *head;
	if (node->next)
		node->next->link = &node->next;
	node->link = head;
	*head = node;
	wheel->occupied[level][slot / 64] |= (uint64_t)1 << slot % 64;
}

void weft__wheel_remove(struct weft__wheel *wheel, struct weft__wheel_node *node)
{
	*node->link = node->next;
	if (node->next)
		node->next->link = node->link;
	/* A slot that became empty: `link` points into the table then, and the slot's number is its place there. */
	struct weft__wheel_node **first = &wheel->slot[0][0];
	if (!node->next && node->link >= first && node->link < first + WEFT__WHEEL_LEVELS * WEFT__WHEEL_SLOTS) {
		size_t place = (size_t)(node->link - first), slot = place % WEFT__WHEEL_SLOTS;
		wheel->occupied[place / WEFT__WHEEL_SLOTS][slot / 64] &= ~((uint64_t)1 << slot % 64);
	}
	node->link = NULL;
}

/* Move the nodes of a slot that `current` has reached to lower levels. */
static void cascade(struct weft__wheel *wheel, unsigned level, unsigned slot)
{
	struct weft__wheel_node *node = empty(wheel, level, slot);
	while (node) {
		struct weft__wheel_node *next = node->next;
		if (next)
			__builtin_prefetch(next);
		weft__wheel_insert(wheel, node);
		node = next;
	}
}

/* When the slot of that level begins. */
static uint64_t start_of(uint64_t current, unsigned level, unsigned slot)
{
	uint64_t above = level + 1 < WEFT__WHEEL_LEVELS ? current >> 8 * (level + 1) << 8 * (level + 1) : 0;
	return above | (uint64_t)slot << 8 * level;
}

/* The lowest level with a node, or -1. */
static int lowest(const struct weft__wheel *wheel, unsigned *slot)
{
	for (unsigned level = 0; level < WEFT__WHEEL_LEVELS; level++) {
		int s = first_slot(wheel, level);
		if (s >= 0) {
			*slot = (unsigned)s;
			return (int)level;
		}
	}
	return -1;
}

struct weft__wheel_node *weft__wheel_expire(struct weft__wheel *wheel, uint64_t now)
{
	if (now >= WEFT__WHEEL_LAST)
		now = WEFT__WHEEL_LAST - 1;
	while (wheel->current <= now + 1) {
		unsigned slot;
		int level = lowest(wheel, &slot);
		uint64_t at = level < 0 ? UINT64_MAX : start_of(wheel->current, (unsigned)level, slot);
		if (level > 0 && at <= now + 1) {
			wheel->current = at;
			cascade(wheel, (unsigned)level, slot);
			continue;
		}
		if (at > now) {
			if (wheel->current <= now)
				wheel->current = now + 1;
			return NULL;
		}
		struct weft__wheel_node *list = empty(wheel, 0, slot);
		for (struct weft__wheel_node *node = list; node; node = node->next)
			node->link = NULL;
		wheel->current = at + 1;
		return list;
	}
	return NULL;
}

bool weft__wheel_next(const struct weft__wheel *wheel, uint64_t *tick)
{
	unsigned slot;
	int level = lowest(wheel, &slot);
	if (level >= 0)
		*tick = start_of(wheel->current, (unsigned)level, slot);
	return level >= 0;
}
