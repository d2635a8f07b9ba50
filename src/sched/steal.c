/* SPDX-License-Identifier: MIT */
/*
 * Stealing: seize the victim's biased lock, take half of its ready lane, or else its oldest continuation, or else its
 * `next`. To seize is dear (a membarrier, for the victim an interrupt), so it is done only after a look at the victim's
 * counters has shown something worth it:
 *
 *   - a ready lane with two in it, or two continuations: at once
 *   - one ready thread: if the victim has dispatched nothing since the last look, or one has stood there through many looks
 *   - a single continuation, or a thread in `next`: only if the victim has dispatched nothing through so many looks as
 *     take about the time that it costs to carry it away: its owner will mostly reach it sooner
 *
 * Hence a pair whose threads wake each other, with one ready for a moment at a time (as where one yields that holds a mutex), is left
 * together, which is four times as fast as to have it run on two workers; and one of two that yield to each other is taken.
 */
#include "src/sched/steal.h"

#include "src/base/random.h"
#include "src/sched/dispatch.h"

enum { HAUL_MAX = 128 };

/* So many looks in a row, some 10 us of a spin: about what it costs both to carry a thread over. */
enum { STUCK = 8, STAYS = 4 * STUCK };

struct haul {
	uint32_t n;
	struct weft__thread *thread[HAUL_MAX];
};

/* Something there, and worth the price. */
static bool worth(struct weft__worker *w, struct weft__worker *victim)
{
	uint32_t ready = weft__ring_count(&victim->ready), cont = weft__ring_count(&victim->cont);
	uint32_t dispatches = weft__load_rlx(&victim->dispatches); /* relaxed: a hint */
	struct weft__looked *looked = &w->looked[victim->index];
	bool any = ready || cont || weft__load_rlx(&victim->next), still = looked->dispatches == dispatches;
	looked->dispatches = dispatches;
	looked->times = any && (ready || still) ? looked->times + 1 : 0;
	if (ready > 1 || cont > 1)
		return true;
	return looked->times >= (ready ? (still ? 1 : STAYS) : STUCK);
}

static void take(struct weft__worker *victim, struct haul *haul)
{
	struct weft__thread *t;
	uint32_t half = (weft__ring_count(&victim->ready) + 1) / 2;
	while (haul->n < half && haul->n < HAUL_MAX)
		haul->thread[haul->n++] = weft__ring_pop_front(&victim->ready);
	if (haul->n == 0 && (t = weft__ring_pop_front(&victim->cont)))
		haul->thread[haul->n++] = t;
	if (haul->n == 0 && (t = weft__load_rlx(&victim->next))) {
		weft__store_rlx(&victim->next, NULL);
		haul->thread[haul->n++] = t;
	}
}

static struct weft__thread *steal_from(struct weft__worker *w, struct weft__worker *victim)
{
	struct haul haul;
	haul.n = 0;
	if (!worth(w, victim) || !weft__bias_seize(&victim->bias))
		return NULL;
	take(victim, &haul);
	weft__bias_release(&victim->bias);
	if (haul.n > 1) {
		weft__worker_enter(w);
		for (uint32_t i = 1; i < haul.n; i++)
			weft__ready_inside(w, haul.thread[i]);
		weft__worker_leave(w);
	}
	return haul.n ? haul.thread[0] : NULL;
}

struct weft__thread *weft__steal(struct weft__worker *w)
{
	uint32_t n = weft__load_acq(&weft__pool.workers); /* order WORKERS */
	uint32_t start = (uint32_t)((weft__random_next(&w->random) >> 32) * n >> 32);
	for (uint32_t i = 0; i < n; i++) {
		struct weft__worker *victim = weft__load_acq(&weft__pool.worker[(start + i) % n]);
		struct weft__thread *t = victim == w ? NULL : steal_from(w, victim);
		if (t)
			return t;
	}
	return NULL;
}
