/* SPDX-License-Identifier: MIT */
/*
 * Cycles of mutex owners. Who waits for a mutex stands in a wait queue, and is looked at there, under the queue's lock: so
 * the search costs a walk through the table, and nothing to those who wait. What was seen in different queues is of
 * different moments, so a cycle is believed only when all its threads have been seen to wait so at the same moment.
 */
#include "src/crash/cycle.h"

#include <stdlib.h>

#include "src/crash/dump.h"
#include "src/os/barrier.h"
#include "src/os/memory.h"
#include "src/sched/cancel.h"
#include "src/sync/address.h"

enum { EDGES_MAX = 1 << 16, KNOWN_MAX = 64 };

struct edge {
	uint64_t waiter, owner;
	const void *mutex;
	size_t seen_in; /* the walk that came through here: 0 for none */
};

struct graph {
	size_t n;
	struct edge edge[EDGES_MAX];
};

static void add_edge(const struct weft__waiter *waiter, void *context)
{
	struct graph *g = context;
	uint64_t self = waiter->wait.self->handle;
	uint64_t owner = waiter->reason && waiter->reason->owner ? waiter->reason->owner(waiter->object) : 0;
	if (owner && self && g->n < EDGES_MAX)
		g->edge[g->n++] = (struct edge){ self, owner, waiter->object, 0 };
}

static int by_waiter(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;
	return (x->waiter > y->waiter) - (x->waiter < y->waiter);
}

static struct edge *edge_of(struct graph *g, uint64_t waiter)
{
	struct edge key = { .waiter = waiter };
	return bsearch(&key, g->edge, g->n, sizeof key, by_waiter);
}

/* An edge of the cycle that the walk from `e` runs into, or NULL. */
static struct edge *walk(struct graph *g, struct edge *e)
{
	size_t number = (size_t)(e - g->edge) + 1;
	while (e && !e->seen_in) {
		e->seen_in = number;
		e = edge_of(g, e->owner);
	}
	return e && e->seen_in == number ? e : NULL;
}

/* --- whether it is true at one moment --- */

static bool waits_so(const struct edge *e, struct weft__thread *t)
{
	struct weft__wait *wait = weft__load_acq(&t->wait); /* order WAIT */
	return wait && wait->object == e->mutex && wait->reason && wait->reason->owner &&
	       wait->reason->owner(e->mutex) == e->owner;
}

/* Hold all, look at all, let all go. */
static bool is_true(struct graph *g, const struct edge *start)
{
	const struct edge *e = start;
	unsigned held = 0;
	bool so = true;
	do {
		struct weft__thread *t = weft__record_hold(e->waiter);
		if (!t)
			break;
		weft__hold(t);
		held++;
		e = edge_of(g, e->owner);
	} while (e != start);
	so = e == start;
	weft__os_barrier(); /* order WAIT */
	for (e = start; held-- > 0; e = edge_of(g, e->owner)) {
		struct weft__thread *t = weft__record_thread(e->waiter);
		so = so && waits_so(e, t);
		weft__release(t);
		weft__record_release(e->waiter);
	}
	return so;
}

/* --- reports --- */

static bool is_known(struct graph *g, const struct edge *start)
{
	static uint64_t known[KNOWN_MAX];
	static unsigned n;
	uint64_t least = start->waiter;
	for (const struct edge *e = edge_of(g, start->owner); e != start; e = edge_of(g, e->owner))
		if (e->waiter < least)
			least = e->waiter;
	for (unsigned i = 0; i < KNOWN_MAX; i++)
		if (known[i] == least)
			return true;
	known[n++ % KNOWN_MAX] = least;
	return false;
}

static void write_cycle(struct graph *g, const struct edge *start, int fd)
{
	struct weft__text text = { .len = 0 };
	const struct edge *e = start;
	weft__text_str(&text, "weft: a cycle of mutexes: none of these threads will ever go on\n");
	weft__text_write(&text, fd);
	do {
		text.len = 0;
		weft__text_str(&text, "    thread");
		weft__describe_thread(&text, e->waiter);
		weft__text_str(&text, " waits for the mutex ");
		weft__text_hex(&text, (uint64_t)e->mutex);
		weft__text_str(&text, ", which is held by");
		weft__describe_thread(&text, e->owner);
		weft__text_str(&text, "\n");
		weft__text_write(&text, fd);
		e = edge_of(g, e->owner);
	} while (e != start);
}

unsigned weft__mutex_cycles(int fd, bool only_new)
{
	unsigned written = 0;
	struct graph *g = weft__os_map(sizeof *g);
	if (!g)
		return 0;
	weft__address_each(add_edge, g);
	qsort(g->edge, g->n, sizeof g->edge[0], by_waiter);
	for (size_t i = 0; i < g->n; i++) {
		struct edge *e = walk(g, &g->edge[i]);
		if (!e || !is_true(g, e) || (only_new && is_known(g, e)))
			continue;
		write_cycle(g, e, fd);
		written++;
	}
	weft__os_unmap(g, sizeof *g);
	return written;
}
