/* SPDX-License-Identifier: MIT */
/* Slabs: one mapping of many stacks each. Used by the depot alone, under its lock. */
#ifndef WEFT_SRC_STACK_SLAB_H
#define WEFT_SRC_STACK_SLAB_H

#include <stddef.h>
#include <stdint.h>

#define WEFT__SLAB_MAX 1024u

struct weft__slab {
	struct weft__slab *next;
	char *base;
	size_t bytes;
	uint32_t slots;	   /* made <= slots <= WEFT__SLAB_MAX */
	uint32_t made;	   /* slots that have been handed out at least once */
	uint32_t guarded;  /* made <= guarded: guards are made ahead, in batches */
	uint32_t released; /* bits set in `bits` */
	uint64_t bits[WEFT__SLAB_MAX / 64];
};

struct weft__slabs {
	struct weft__slab *first; /* the latest */
	size_t slots;
	size_t released;
};

/* Up to `want` stacks that were released or never made: their heads, and how many. Fewer than wanted is no error; none
 * is -ENOMEM or -EAGAIN, having said once on stderr which limit was hit. */
int weft__slab_take(struct weft__slabs *slabs, unsigned class, void **heads, unsigned want, unsigned *n);

/* Give the pages of these stacks back: needs no lock, for nobody else has them. */
void weft__slab_discard(unsigned class, void **heads, unsigned n);

/* Stacks so discarded may be taken again. */
void weft__slab_release(struct weft__slabs *slabs, unsigned class, void **heads, unsigned n);

void weft__slab_unmap_all(struct weft__slabs *slabs);

#endif
