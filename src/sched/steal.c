/* SPDX-License-Identifier: MIT */
/*
 * Stealing: seize the victim's biased lock, take half of its ready lane, or else its oldest continuation, or else its
 * `next`. To seize is dear (a membarrier, for the victim an interrupt), so it is done only after a look at the victim's
 * counters has shown something worth it:
 *
 *   - two continuations: at once
 *   - anything, if the victim has dispatched nothing for about as long as it takes to carry a thread over, or the monitor
 *     has found it stuck; else its owner will mostly reach it sooner
 *   - ready threads of a victim that goes on: if one of them has waited for so long, or if some have stood there at each of
 *     many looks; or two at once by a thief that will not look again before it sleeps
 *
 * Whether it was worth it shows when the thief has run out of work again. If what it took did not last for ten times the carrying,
 * it looks at victims that go on twice as long the next time, up to 64 times, and less often; else as long as at first.
 *
 * Hence threads that come to one another's turn every few microseconds are left together: a pair that wakes each other, or threads
 * that send to one channel more than is received. On two CPUs they are several times as slow, as every element and every wake
 * changes CPUs. And one of two that only yield to each other is taken.
 *
 * Rejected:
 * - Two ready threads at once (as Go takes half of what there is): 2, 4 and 8 threads that send to one moved 4.4, 2.8 and 5.0 million
 *   elements a second on 2 workers, and 36, 33 and 32 since; on one 70. Go moves 31, 27 and 13.
 * - To ask the victim for threads, which it gives away when it enters its lock next, without a membarrier: 8.5, 6.0 and 8.5.
 */
#include "src/sched/steal.h"

#include "src/base/random.h"
#include "src/os/clock.h"
#include "src/sched/dispatch.h"

/* STAYS: so many looks in a row; while a worker spins they take some 40 us. LASTS: so many times the carrying. */
enum { HAUL_MAX = 128, STAYS = 32, LASTS = 10, PATIENCE_MAX = 6 };

struct haul {
	uint32_t n;
	struct weft__thread *thread[HAUL_MAX];
};

/* The thief is out of work: what it took last is done. */
static void judge_haul(struct weft__worker *w, uint64_t now)
{
	if (!w->hauled)
		return;
	bool lasted = now - w->hauled > LASTS * (uint64_t)weft__tune.carry_ns;
	w->patience = lasted ? 0 : w->patience < PATIENCE_MAX ? w->patience + 1 : PATIENCE_MAX;
	w->hauled = 0;
}

/* Has a ready thread waited that long, as far as the thief has seen? Those count that stood there at some look. */
static bool waits(struct weft__looked *looked, struct weft__ring *ready, uint64_t now, uint64_t least)
{
	/* relaxed, both: hints */
	if ((int32_t)(weft__load_rlx(&ready->head) - looked->behind) >= 0) {
		looked->behind = weft__load_rlx(&ready->tail);
		looked->waits = now;
	}
	return now - looked->waits >= least;
}

/* Something there, and worth the price. */
static bool worth(struct weft__worker *w, struct weft__worker *victim, uint64_t now)
{
	uint64_t carry = weft__tune.carry_ns;
	uint32_t ready = weft__ring_count(&victim->ready), cont = weft__ring_count(&victim->cont);
	uint32_t dispatches = weft__load_rlx(&victim->dispatches); /* relaxed, all: hints */
	struct weft__looked *looked = &w->looked[victim->index];
	bool any = ready || cont || weft__load_rlx(&victim->next), still = any && looked->dispatches == dispatches;
	if (!still)
		looked->still = now;
	looked->dispatches = dispatches;
	looked->times = ready ? looked->times + 1 : 0;
	bool waited = waits(looked, &victim->ready, now, carry << w->patience);
	if (cont > 1 || (ready > 1 && !w->spins))
		return true;
	if (still && (now - looked->still >= carry || dispatches == weft__load_rlx(&victim->stuck)))
		return true;
	return ready && (waited || looked->times >= (uint32_t)STAYS << w->patience);
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

static struct weft__thread *steal_from(struct weft__worker *w, struct weft__worker *victim, uint64_t now)
{
	struct haul haul;
	haul.n = 0;
	if (!worth(w, victim, now) || !weft__bias_seize(&victim->bias))
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

/* A look takes cache lines from those looked at. */
static bool looked_lately(struct weft__worker *w, uint64_t now)
{
	if (w->patience && now - w->looked_last < weft__tune.carry_ns / 2)
		return true;
	w->looked_last = now;
	return false;
}

struct weft__thread *weft__steal(struct weft__worker *w)
{
	uint32_t n = weft__load_acq(&weft__pool.workers); /* order WORKERS */
	if (n == 1)
		return NULL;
	uint64_t now = weft__os_now();
	judge_haul(w, now);
	if (looked_lately(w, now))
		return NULL;
	uint32_t start = (uint32_t)((weft__random_next(&w->random) >> 32) * n >> 32);
	for (uint32_t i = 0; i < n; i++) {
		struct weft__worker *victim = weft__load_acq(&weft__pool.worker[(start + i) % n]);
		struct weft__thread *t = victim == w ? NULL : steal_from(w, victim, now);
		if (t) {
			w->hauled = now;
			return t;
		}
	}
	return NULL;
}
