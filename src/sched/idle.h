/* SPDX-License-Identifier: MIT */
/*
 * Falling asleep and waking: how a worker without work sleeps so that no work is left unseen, at next to no cost for
 * those who make work.
 *
 *      submitter                                  worker out of work
 *   1  put the thread in its own lane          1  searching--              (if it was a searcher)
 *   2  light fence                             2  list itself asleep; sleepers++, tokens++
 *   3  sleepers > 0 and searching == 0 ?       3  membarrier
 *      wake one                                4  any lane with work? take itself off the list : sleep
 *
 * Either (3) of the submitter sees the sleeper, or its (1) is before the membarrier and (4) of the worker sees the
 * work. A submitter that sees a searcher leaves the work to it: the searcher has its steps 1 to 4 still before it, or
 * if it finds something before, and is the last to leave, looks once more, behind a membarrier if somebody sleeps.
 *
 * Waking costs the waker 7-9 us, so `searching` also counts a worker on its way from sleep to search: one wake is in
 * flight at a time, and a searcher that finds work wakes the next if there is more. Likewise a worker that goes back in
 * step 4 is a searcher again: the work it saw may be more than it takes. A thread alone in a `next` slot, or
 * a lone continuation, wakes nobody: its owner will reach it in a moment, and if it does not, the monitor sees that.
 */
#ifndef WEFT_SRC_SCHED_IDLE_H
#define WEFT_SRC_SCHED_IDLE_H

#include "src/sched/worker.h"

/* Wake a sleeper unless somebody is searching. */
void weft__wake_one(void);

/* The same, after work was put into the caller's own lane. */
weft__inline void weft__wake_if_asleep(void)
{
	weft__fence_light_or_full();
	/* relaxed: ordered by the fences of the protocol */
	if (weft__unlikely(weft__load_rlx(&weft__pool.sleepers) != 0) && weft__load_rlx(&weft__pool.searching) == 0)
		weft__wake_one();
}

/* Wake this one, if it sleeps, for work that only it can do. */
void weft__wake_worker(struct weft__worker *w);

/* Wake everybody: the pool stops. */
void weft__wake_all(void);

/* Out of work: search for a while. A thread to run, or NULL. Leaves the searchers either way. */
struct weft__thread *weft__search(struct weft__worker *w);

/* Woken to search, but unable to: leave the searchers. */
void weft__search_end(struct weft__worker *w);

/* Sleep until woken, or a timer of this worker is due. */
void weft__sleep(struct weft__worker *w);

/* Whether some lane or the injector holds work worth waking for. */
bool weft__work_visible(void);

/* Take a free token; take one whether any is free or not, which the next to be given back makes up for. */
bool weft__token_take(struct weft__worker *w);
void weft__token_force(struct weft__worker *w);

#endif
