/* SPDX-License-Identifier: MIT */
/* The injector: a list through the descriptors, so that nothing that is runnable can fail to be queued. */
#include "src/sched/injector.h"

#include "src/sched/pinned.h"

enum { TAKE_MAX = 64 };

static struct {
	struct weft__lock lock;
	/* under lock; `count` is read by others as a hint */
	struct weft__thread *first, *last;
	weft__a32 count;
} injector;

void weft__injector_forget(void)
{
	injector.lock = (struct weft__lock){ 0 };
	injector.first = injector.last = NULL;
	weft__store_rlx(&injector.count, 0); /* relaxed: the child is alone */
}

uint32_t weft__injector_count(void)
{
	return weft__load_rlx(&injector.count); /* relaxed: a hint */
}

void weft__injector_push(struct weft__thread *t)
{
	if (weft__unlikely(t->kind == WEFT__PINNED)) {
		weft__pinned_push(t);
		return;
	}
	t->link = NULL;
	weft__lock(&injector.lock);
	if (injector.first)
		injector.last->link = t;
	else
		injector.first = t;
	injector.last = t;
	weft__bump_rlx(&injector.count, 1);
	weft__unlock(&injector.lock);
}

static struct weft__thread *pop(void)
{
	struct weft__thread *t = injector.first;
	if (t) {
		injector.first = t->link;
		weft__bump_rlx(&injector.count, (uint32_t)-1);
	}
	return t;
}

void weft__injector_take(struct weft__worker *w)
{
	if (weft__load_rlx(&injector.count) == 0)
		return;
	weft__lock(&injector.lock);
	uint32_t share = weft__load_rlx(&injector.count) / weft__pool.parallelism + 1;
	for (uint32_t n = 0; n < share && n < TAKE_MAX && injector.first; n++)
		if (weft__ring_push(&w->ready, injector.first))
			(void)pop();
		else if (!weft__load_rlx(&w->next)) /* a full lane of a tiny ring: one at least goes on */
			weft__store_rlx(&w->next, pop());
		else
			break;
	weft__unlock(&injector.lock);
}
