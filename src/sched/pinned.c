/* SPDX-License-Identifier: MIT */
/* Pinned threads: the inbox and what becomes of it. */
#include "src/sched/pinned.h"

#include "src/sched/idle.h"

/* An entry of the inbox: the thread, and whether its link is another entry, below. A lone one's link is neither written nor read:
 * its cache line would go from CPU to CPU for nothing. */
enum { HAS_BELOW = 1 };

static struct weft__thread *thread_of(uintptr_t entry)
{
	return (struct weft__thread *)(entry & ~(uintptr_t)HAS_BELOW);
}

void weft__pinned_push(struct weft__thread *t)
{
	struct weft__worker *w = weft__load_acq(&weft__pool.worker[t->home]); /* order WORKERS */
	uintptr_t below = weft__load_rlx(&w->inbox), entry;
	do {
		entry = (uintptr_t)t | (below ? HAS_BELOW : 0);
		if (below)
			t->link = (struct weft__thread *)below;
	} while (!weft__cas_acqrel(&w->inbox, &below, entry)); /* order INBOX */
	weft__fence_full();
	if (weft__load_rlx(&w->asleep)) /* relaxed: after the fence */
		weft__wake_worker(w);
}

/* The oldest in the inbox, taken out; those after it stand in `pinned_first` then. */
static struct weft__thread *drain(struct weft__worker *w)
{
	uintptr_t entry = weft__xchg_acqrel(&w->inbox, 0); /* order INBOX */
	struct weft__thread *t = thread_of(entry), *later = NULL;
	while (entry & HAS_BELOW) {
		entry = (uintptr_t)t->link;
		t->link = later;
		later = t;
		t = thread_of(entry);
	}
	w->pinned_first = later;
	return t;
}

struct weft__thread *weft__pinned_pop_slow(struct weft__worker *w)
{
	struct weft__thread *t = w->pinned_first;
	if (t)
		w->pinned_first = t->link;
	else
		t = drain(w);
	w->expects_inbox |= t != NULL;
	return t;
}
