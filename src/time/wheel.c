/* SPDX-License-Identifier: MIT */
/* The timing wheel; its idea and invariants stand in wheel.h. */
#include "src/time/wheel.h"

#include <stddef.h>

#include "src/os/memory.h"

#define SLOT 0x80000000u

static struct weft__wheel_entry *entry_of(const struct weft__wheel *wheel, uint32_t id)
{
	return &wheel->chunk[id / WEFT__WHEEL_CHUNK][id % WEFT__WHEEL_CHUNK];
}

static unsigned level_of(uint64_t tick, uint64_t current)
{
	uint64_t differ = tick ^ current;
	return differ ? (63u - (unsigned)__builtin_clzll(differ)) / 8 : 0;
}

static uint64_t *word_of(struct weft__wheel *wheel, uint32_t slot)
{
	return &wheel->occupied[slot / WEFT__WHEEL_SLOTS][slot % WEFT__WHEEL_SLOTS / 64];
}

/* The first occupied slot of the lowest level that has one, or -1. */
static int first_slot(const struct weft__wheel *wheel)
{
	for (int level = 0; level < WEFT__WHEEL_LEVELS; level++)
		for (int word = 0; word < WEFT__WHEEL_SLOTS / 64; word++)
			if (wheel->occupied[level][word])
				return level * WEFT__WHEEL_SLOTS + word * 64 +
				       __builtin_ctzll(wheel->occupied[level][word]);
	return -1;
}

/* The tick at which a slot begins. */
static uint64_t start_of(uint64_t current, unsigned slot)
{
	unsigned level = slot / WEFT__WHEEL_SLOTS;
	uint64_t above = level + 1 < WEFT__WHEEL_LEVELS ? current >> 8 * (level + 1) << 8 * (level + 1) : 0;
	return above | (uint64_t)(slot % WEFT__WHEEL_SLOTS) << 8 * level;
}

static void link_in(struct weft__wheel *wheel, uint32_t id)
{
	struct weft__wheel_entry *entry = entry_of(wheel, id);
	unsigned level = level_of(entry->tick, wheel->current);
	uint32_t slot = level * WEFT__WHEEL_SLOTS + ((uint32_t)(entry->tick >> 8 * level) & 255);
	entry->next = wheel->slot[slot];
	entry->prev = SLOT | slot;
	if (entry->next)
		entry_of(wheel, entry->next)->prev = id;
	wheel->slot[slot] = id;
	*word_of(wheel, slot) |= (uint64_t)1 << slot % 64;
}

static void unlink_from(struct weft__wheel *wheel, const struct weft__wheel_entry *entry)
{
	if (entry->next)
		entry_of(wheel, entry->next)->prev = entry->prev;
	if (!(entry->prev & SLOT)) {
		entry_of(wheel, entry->prev)->next = entry->next;
		return;
	}
	uint32_t slot = entry->prev & ~SLOT;
	wheel->slot[slot] = entry->next;
	if (!entry->next)
		*word_of(wheel, slot) &= ~((uint64_t)1 << slot % 64);
}

static void free_entry(struct weft__wheel *wheel, uint32_t id)
{
	entry_of(wheel, id)->next = wheel->free;
	wheel->free = id;
}

/* A free entry's id, or 0. Id 0 itself is never used. */
static uint32_t new_entry(struct weft__wheel *wheel)
{
	uint32_t id = wheel->free;
	if (id) {
		wheel->free = entry_of(wheel, id)->next;
		return id;
	}
	id = wheel->made + 1;
	struct weft__wheel_entry **chunk = &wheel->chunk[id / WEFT__WHEEL_CHUNK % WEFT__WHEEL_CHUNKS];
	if (id / WEFT__WHEEL_CHUNK >= WEFT__WHEEL_CHUNKS ||
	    (!*chunk && !(*chunk = weft__os_alloc(WEFT__WHEEL_CHUNK * sizeof **chunk))))
		return 0;
	wheel->made = id;
	return id;
}

void weft__wheel_init(struct weft__wheel *wheel, uint64_t current)
{
	*wheel = (struct weft__wheel){ .current = current };
}

void weft__wheel_destroy(struct weft__wheel *wheel)
{
	for (unsigned i = 0; i < WEFT__WHEEL_CHUNKS && wheel->chunk[i]; i++)
		weft__os_free(wheel->chunk[i]);
}

uint32_t weft__wheel_insert(struct weft__wheel *wheel, uint64_t tick, void *owner)
{
	uint32_t id = new_entry(wheel);
	if (!id)
		return 0;
	if (tick < wheel->current)
		tick = wheel->current;
	if (tick > WEFT__WHEEL_LAST)
		tick = WEFT__WHEEL_LAST;
	*entry_of(wheel, id) = (struct weft__wheel_entry){ .tick = tick, .owner = owner };
	link_in(wheel, id);
	return id;
}

void weft__wheel_remove(struct weft__wheel *wheel, uint32_t id)
{
	unlink_from(wheel, entry_of(wheel, id));
	free_entry(wheel, id);
}

/* Move the timers of a slot that `current` has reached to lower levels. */
static void cascade(struct weft__wheel *wheel, unsigned slot)
{
	uint32_t id = wheel->slot[slot];
	wheel->slot[slot] = 0;
	*word_of(wheel, slot) &= ~((uint64_t)1 << slot % 64);
	while (id) {
		uint32_t next = entry_of(wheel, id)->next;
		link_in(wheel, id);
		id = next;
	}
}

/* Take up to max timers out of a slot of level 0. */
static unsigned take(struct weft__wheel *wheel, unsigned slot, void **owners, unsigned max)
{
	unsigned n = 0;
	while (n < max && wheel->slot[slot]) {
		uint32_t id = wheel->slot[slot];
		owners[n++] = entry_of(wheel, id)->owner;
		weft__wheel_remove(wheel, id);
	}
	return n;
}

unsigned weft__wheel_expire(struct weft__wheel *wheel, uint64_t now, void **owners, unsigned max)
{
	if (now >= WEFT__WHEEL_LAST)
		now = WEFT__WHEEL_LAST - 1;
	while (wheel->current <= now + 1) {
		int slot = first_slot(wheel);
		uint64_t at = slot < 0 ? UINT64_MAX : start_of(wheel->current, (unsigned)slot);
		if (slot >= WEFT__WHEEL_SLOTS && at <= now + 1) {
			wheel->current = at;
			cascade(wheel, (unsigned)slot);
		} else if (at <= now) {
			wheel->current = at;
			unsigned n = take(wheel, (unsigned)slot, owners, max);
			if (n)
				return n;
		} else {
			if (wheel->current <= now)
				wheel->current = now + 1;
			return 0;
		}
	}
	return 0;
}

bool weft__wheel_next(const struct weft__wheel *wheel, uint64_t *tick)
{
	int slot = first_slot(wheel);
	if (slot >= 0)
		*tick = start_of(wheel->current, (unsigned)slot);
	return slot >= 0;
}
