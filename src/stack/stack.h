/* SPDX-License-Identifier: MIT */
/*
 * Stacks: reserved in slabs, guarded below, coloured at the top, cached per worker.
 *
 *   slot of a slab:   | 64 KiB guard | usable stack, a power of two ...          | head | colour |
 *                     low                                    stack grows down <--^             ^-- top, page-aligned
 *
 * A stack is named by the address of its head: WEFT__STACK_HEAD bytes that belong to whoever holds the stack (the
 * scheduler keeps the thread's descriptor there, so that a parked thread costs one page). The head of a stack that was
 * never used, or whose pages were given back, reads as zeros; while a stack is free its first words are used here.
 *
 * Heads begin in the middle of a cache line: its lower half holds the outermost frame, so that the part of the head and
 * the part of the stack that every switch touches are one line and not two.
 *
 * Colour: heads lie 192 bytes apart from slot to slot, modulo 2 KiB. At equal offsets in their pages all tops would
 * fall in the same few cache sets.
 *
 * A cache belongs to one worker and takes no lock. It holds two chains of up to CHAIN stacks; whole chains go to and
 * from the depot, so the lock is taken once in CHAIN calls at most, and never by a spawn and an end that alternate.
 */
#ifndef WEFT_SRC_STACK_STACK_H
#define WEFT_SRC_STACK_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/compiler.h"
#include "src/base/list.h"

#define WEFT__STACK_HEAD 224
#define WEFT__STACK_MIN_LOG2 14
#define WEFT__STACK_MAX_LOG2 30
#define WEFT__STACK_CLASSES (WEFT__STACK_MAX_LOG2 - WEFT__STACK_MIN_LOG2 + 1)
#define WEFT__STACK_GUARD 65536u
#define WEFT__STACK_CHAIN 32u

/* A free stack, in the first words of its head. */
struct weft__free_stack {
	struct weft__free_stack *next;
	struct weft__list in_depot; /* of a chain's first stack, while the chain is in the depot */
	uint32_t chain_length;	    /* likewise */
};

struct weft__stack_chain {
	struct weft__free_stack *first;
	uint32_t n;
};

struct weft__stack_cache {
	struct {
		struct weft__stack_chain loaded, spare;
	} class[WEFT__STACK_CLASSES];
};

/* The class of the smallest stack of at least `bytes`; -1 where that is out of range. */
int weft__stack_class(size_t bytes);

weft__inline size_t weft__stack_size(unsigned class)
{
	return (size_t)1 << (class + WEFT__STACK_MIN_LOG2);
}

/* The page-aligned end of the stack and its lowest usable byte. */
weft__inline char *weft__stack_top(const void *head)
{
	return (char *)(((uintptr_t)head | 4095) + 1);
}

weft__inline char *weft__stack_low(const void *head, unsigned class)
{
	return weft__stack_top(head) - weft__stack_size(class);
}

/* The slow halves: through the depot. get: a negative errno value in *err where there is none. */
void *weft__stack_get_slow(struct weft__stack_cache *cache, unsigned class, int *err);
void weft__stack_put_slow(struct weft__stack_cache *cache, unsigned class, void *head);

/* What weft__stack_get_cached would take, or NULL. */
weft__inline void *weft__stack_peek_cached(const struct weft__stack_cache *cache, unsigned class)
{
	return cache->class[class].loaded.first;
}

/* A stack from the cache alone, or NULL. */
weft__inline void *weft__stack_get_cached(struct weft__stack_cache *cache, unsigned class)
{
	struct weft__stack_chain *loaded = &cache->class[class].loaded;
	struct weft__free_stack *s = loaded->first;
	if (weft__likely(s != NULL)) {
		loaded->first = s->next;
		loaded->n--;
	}
	return s;
}

/* Any stack, or NULL with a negative errno value in *err. */
weft__inline void *weft__stack_get(struct weft__stack_cache *cache, unsigned class, int *err)
{
	void *head = weft__stack_get_cached(cache, class);
	return weft__likely(head != NULL) ? head : weft__stack_get_slow(cache, class, err);
}

/* Give a stack back. The caller may still be running on it, so long as its worker takes none out until it has left. */
weft__inline void weft__stack_put(struct weft__stack_cache *cache, unsigned class, void *head)
{
	struct weft__stack_chain *loaded = &cache->class[class].loaded;
	if (weft__unlikely(loaded->n >= WEFT__STACK_CHAIN)) {
		weft__stack_put_slow(cache, class, head);
		return;
	}
	struct weft__free_stack *s = head;
	s->next = loaded->first;
	loaded->first = s;
	loaded->n++;
}

/* Return all that a cache holds to the depot. */
void weft__stack_cache_flush(struct weft__stack_cache *cache);

/* Give the pages back of half the stacks that no one has needed since the last call, but for a reserve. One caller at a
 * time. */
void weft__stack_trim(void);

/* Whether the address lies in a guard, and of which stack: for the crash report. Async-signal-safe, takes no lock. */
bool weft__stack_guard_hit(const void *addr, const void *head, unsigned class);

/* Unmap every slab: no stack is in use and every cache is flushed or forgotten. */
void weft__stack_destroy(void);

/* In a forked child: there are none. The memory stays, since the caller may stand on one of them. */
void weft__stack_forget(void);

/* For benches and tests. */
struct weft__stack_counts {
	size_t made, in_depot, released;
};
struct weft__stack_counts weft__stack_count(unsigned class);

#endif
