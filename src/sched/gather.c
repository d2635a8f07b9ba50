/* SPDX-License-Identifier: MIT */
/* Gathering threads on one worker; see gather.h. */
#include "src/sched/gather.h"

#include "src/os/clock.h"
#include "src/sched/idle.h"
#include "src/sched/injector.h"

/* Each time that it has done so lately doubles what it takes, so many times at most. */
enum { LATELY_NS = 100000000, LATELY_MOST = 10 };

uint64_t weft__gather_begin(struct weft__worker *w)
{
	bool others = weft__load_acq(&weft__pool.workers) > 1; /* order WORKERS */
	return others && weft__load_rlx(&w->requests) ? weft__os_now() : 0;
}

/* Counts the sleep; true if there have been enough. */
static bool once_more_alone(struct weft__worker *w, uint64_t begin, uint64_t now)
{
	uint64_t ran = begin - w->woken, slept = now - begin;
	bool alone = w->collected == 1 && slept < weft__tune.gather_often_ns && ran * weft__tune.gather_slack < slept;
	w->woken = now;
	w->lonely = alone ? w->lonely + 1 : 0;
	return w->lonely >= weft__tune.gather_row << w->gathers;
}

static struct weft__worker *first_like_it(struct weft__worker *w)
{
	for (uint32_t i = 0; i < w->index; i++) {
		struct weft__worker *other = weft__load_acq(&weft__pool.worker[i]); /* order WORKERS */
		/* relaxed, both: hints */
		if (weft__load_rlx(&other->asleep) && weft__load_rlx(&other->requests))
			return other;
	}
	return NULL;
}

static struct weft__thread *only_one(struct weft__worker *w)
{
	weft__worker_enter(w);
	struct weft__thread *t = weft__ring_count(&w->ready) == 1 ? weft__ring_pop_front(&w->ready) : NULL;
	weft__worker_leave(w);
	return t;
}

bool weft__gather(struct weft__worker *w, uint64_t begin)
{
	uint64_t now = begin ? weft__os_now() : 0;
	struct weft__worker *other;
	struct weft__thread *t;
	if (!begin || !once_more_alone(w, begin, now))
		return false;
	w->lonely = 0;
	if (!(other = first_like_it(w)) || !(t = only_one(w)))
		return false;
	if (now - w->gathered > LATELY_NS)
		w->gathers = 0;
	else if (w->gathers < LATELY_MOST)
		w->gathers++;
	w->gathered = now;
	weft__injector_push(t);
	return weft__wake_searcher(other);
}
