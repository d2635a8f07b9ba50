/* SPDX-License-Identifier: MIT */
/*
 * The depot: free stacks of all workers, by class, each under its lock.
 *
 * Free stacks are in one of three states:
 *   warm      in a chain, here or in a worker's cache; pages as they were left
 *   released  a bit in its slab; pages given back, so nothing may be stored in it
 *   unmade    beyond its slab's `made`; no guard yet
 * They are taken in that order. The warm list is used at its front; what stays at its back through a whole trim
 * interval was not needed, and half of that is released.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/panic.h"
#include "src/os/lock.h"
#include "src/os/memory.h"
#include "src/stack/slab.h"
#include "src/stack/stack.h"

/* Warm chains that trim leaves alone, and how many unmade or released stacks one visit takes. */
enum { RESERVE_CHAINS = 8, TAKE = 8 };

static struct depot {
	struct weft__lock lock;
	/* under lock */
	struct weft__list warm; /* chains, the latest in front; a zeroed head is an empty list not yet used */
	size_t chains;
	size_t least; /* the fewest chains since the last trim */
	struct weft__slabs slabs;
} depots[WEFT__STACK_CLASSES];

int weft__stack_class(size_t bytes)
{
	if (bytes > weft__stack_size(WEFT__STACK_CLASSES - 1))
		return -1;
	unsigned class = 0;
	while (weft__stack_size(class) < bytes || weft__stack_size(class) < weft__os_page_size())
		class ++;
	return (int)class;
}

static void push_chain(struct depot *d, struct weft__stack_chain *chain)
{
	if (!chain->n)
		return;
	if (!d->warm.next)
		weft__list_init(&d->warm);
	chain->first->chain_length = chain->n;
	weft__list_push_front(&d->warm, &chain->first->in_depot);
	d->chains++;
	*chain = (struct weft__stack_chain){ 0 };
}

static bool pop_chain(struct depot *d, struct weft__stack_chain *chain)
{
	if (!d->chains)
		return false;
	struct weft__free_stack *s = weft__container(d->warm.next, struct weft__free_stack, in_depot);
	weft__list_remove(&s->in_depot);
	chain->first = s;
	chain->n = s->chain_length;
	if (--d->chains < d->least)
		d->least = d->chains;
	return true;
}

/* Fill a chain with a few stacks that cost a page fault each. */
static int take_cold(struct depot *d, unsigned class, struct weft__stack_chain *chain)
{
	void *heads[TAKE];
	unsigned n;
	int err = weft__slab_take(&d->slabs, class, heads, TAKE, &n);
	while (n--) {
		struct weft__free_stack *s = heads[n];
		s->next = chain->first;
		chain->first = s;
		chain->n++;
	}
	return chain->n ? 0 : err;
}

void *weft__stack_get_slow(struct weft__stack_cache *cache, unsigned class, int *err)
{
	struct weft__stack_chain *loaded = &cache->class[class].loaded, *spare = &cache->class[class].spare;
	*err = 0;
	if (spare->n) {
		*loaded = *spare;
		*spare = (struct weft__stack_chain){ 0 };
	} else {
		struct depot *d = &depots[class];
		weft__lock(&d->lock);
		if (!pop_chain(d, loaded))
			*err = take_cold(d, class, loaded);
		weft__unlock(&d->lock);
	}
	return weft__stack_get_cached(cache, class);
}

void weft__stack_put_slow(struct weft__stack_cache *cache, unsigned class, void *head)
{
	struct weft__stack_chain *loaded = &cache->class[class].loaded, *spare = &cache->class[class].spare;
	if (spare->n) {
		struct depot *d = &depots[class];
		weft__lock(&d->lock);
		push_chain(d, spare);
		weft__unlock(&d->lock);
	}
	*spare = *loaded;
	*loaded = (struct weft__stack_chain){ 0 };
	weft__stack_put(cache, class, head);
}

void weft__stack_cache_flush(struct weft__stack_cache *cache)
{
	for (unsigned class = 0; class < WEFT__STACK_CLASSES; class ++) {
		struct depot *d = &depots[class];
		weft__lock(&d->lock);
		push_chain(d, &cache->class[class].loaded);
		push_chain(d, &cache->class[class].spare);
		weft__unlock(&d->lock);
	}
}

/* Take the coldest chain out, into heads; how many there were. */
static unsigned pop_coldest(struct depot *d, void **heads)
{
	struct weft__free_stack *s = weft__container(d->warm.prev, struct weft__free_stack, in_depot);
	unsigned n = 0;
	weft__list_remove(&s->in_depot);
	d->chains--;
	for (; s; s = s->next)
		heads[n++] = s;
	return n;
}

/* Give back half of what was idle through the interval; the system calls are made outside the lock. */
static void trim(struct depot *d, unsigned class)
{
	void *heads[WEFT__STACK_CHAIN];
	weft__lock(&d->lock);
	for (size_t idle = d->least > RESERVE_CHAINS ? (d->least - RESERVE_CHAINS + 1) / 2 : 0; idle && d->chains;
	     idle--) {
		unsigned n = pop_coldest(d, heads);
		weft__unlock(&d->lock);
		weft__slab_discard(class, heads, n);
		weft__lock(&d->lock);
		weft__slab_release(&d->slabs, class, heads, n);
	}
	d->least = d->chains;
	weft__unlock(&d->lock);
}

void weft__stack_trim(void)
{
	for (unsigned class = 0; class < WEFT__STACK_CLASSES; class ++)
		trim(&depots[class], class);
}

bool weft__stack_guard_hit(const void *addr, const void *head, unsigned class)
{
	const char *low = weft__stack_low(head, class), *at = addr;
	return at < low && at >= low - WEFT__STACK_GUARD;
}

void weft__stack_destroy(void)
{
	for (unsigned class = 0; class < WEFT__STACK_CLASSES; class ++) {
		struct depot *d = &depots[class];
		weft__lock(&d->lock);
		weft__slab_unmap_all(&d->slabs);
		d->warm = (struct weft__list){ 0 };
		d->chains = d->least = 0;
		weft__unlock(&d->lock);
	}
}

void weft__stack_forget(void)
{
	memset(depots, 0, sizeof depots);
}

struct weft__stack_counts weft__stack_count(unsigned class)
{
	struct depot *d = &depots[class];
	struct weft__stack_counts counts = { 0 };
	weft__lock(&d->lock);
	for (const struct weft__slab *s = d->slabs.first; s; s = s->next) {
		counts.made += s->made;
		counts.released += s->released;
	}
	if (d->chains)
		for (struct weft__list *l = d->warm.next; l != &d->warm; l = l->next)
			counts.in_depot += weft__container(l, struct weft__free_stack, in_depot)->chain_length;
	weft__unlock(&d->lock);
	return counts;
}
