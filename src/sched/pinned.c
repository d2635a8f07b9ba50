/* SPDX-License-Identifier: MIT */
/* Pinned threads: the inbox and what becomes of it. */
#include "src/sched/pinned.h"

#include "src/sched/idle.h"

void weft__pinned_push(struct weft__thread *t)
{
	struct weft__worker *w = weft__load_acq(&weft__pool.worker[t->home]); /* order WORKERS */
	struct weft__thread *head = weft__load_rlx(&w->inbox);
	do
		t->link = head;
	while (!weft__cas_acqrel(&w->inbox, &head, t)); /* order INBOX */
	weft__fence_full();
	if (weft__load_rlx(&w->asleep)) /* relaxed: after the fence */
		weft__wake_worker(w);
}

/* Take the inbox in: it has the latest on top. */
static void drain(struct weft__worker *w)
{
	struct weft__thread *t = weft__xchg_acqrel(&w->inbox, NULL), *first = NULL; /* order INBOX */
	while (t) {
		struct weft__thread *below = t->link;
		t->link = first;
		first = t;
		t = below;
	}
	w->pinned_first = first;
}

struct weft__thread *weft__pinned_pop_slow(struct weft__worker *w)
{
	if (!w->pinned_first)
		drain(w);
	struct weft__thread *t = w->pinned_first;
	if (t) {
		w->pinned_first = t->link;
		w->expects_inbox = true;
	}
	return t;
}
