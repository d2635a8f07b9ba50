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
 * (The membarrier is left out where there is no other worker: fence_against_workers in idle.c.)
 *
 * Either (3) of the submitter sees the sleeper, or its (1) is before the membarrier and (4) of the worker sees the
 * work. A submitter that sees a searcher leaves the work to it: the searcher has its steps 1 to 4 still before it, or
 * if it finds something before, and is the last to leave, looks once more, behind a membarrier if somebody sleeps.
 *
 * Waking costs the waker 7-9 us, so `searching` also counts a worker on its way from sleep to search: one wake is in
 * flight at a time, and a searcher that finds work wakes the next if there is more. Likewise a worker that goes back in
 * step 4 is a searcher again: the work it saw may be more than it takes. A thread alone in a `next` slot, or
 * a lone continuation, wakes nobody: its owner will reach it in a moment, and if it does not, the monitor sees that.
 *
 * Sleeping in the poller, of which there is one for all. While descriptors are armed, the first worker that falls asleep
 * does so in the poller and not on its futex; the others need not, and are woken before it. It takes that place (`polling`)
 * when it lists itself, under the list's lock, and gives it up when it has left, so there is one at a time. When it leaves
 * with something to run, others who sleep on stay where they are: it asks the poller again at its looks around, sleeps
 * there again when it has run out, and if one of its threads keeps it from both, the monitor asks. So: if all workers are
 * asleep and descriptors are armed, one of them sleeps in the poller. Who could break this is a bound thread that arms the
 * first descriptor while all sleep on their futexes:
 *
 *      bound thread                               worker out of work
 *   1  armed++                                 1  list itself asleep, sleepers++; not in the poller, since armed == 0
 *   2  full fence                              2  membarrier
 *   3  sleepers > 0 and nobody polling ?       3  armed > 0 and nobody polling ?
 *      wake one                                   take itself off the list and begin again : sleep
 *
 * Where the poller has a ring for each worker, a worker with requests on its ring sleeps there, whoever else does; `armed` is
 * 0, and nobody else need take its place, for nobody else is told of what comes. Only its own threads put requests there, so
 * it knows of all of them when it falls asleep. If one of its threads keeps it from its ring, the monitor looks instead.
 */
#ifndef WEFT_SRC_SCHED_IDLE_H
#define WEFT_SRC_SCHED_IDLE_H

#include "src/sched/worker.h"

/* Wake this sleeper, or if it is NULL any, to search, unless somebody is searching. False if there is none, or it may not run: who
 * calls has to look by itself then for what it has made runnable. */
bool weft__wake_searcher(struct weft__worker *w);

weft__inline void weft__wake_one(void)
{
	(void)weft__wake_searcher(NULL);
}

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

/* A descriptor has been armed by a kernel thread that is no worker: see that somebody sleeps in the poller. */
void weft__wake_to_poll(void);

/* Wake everybody: the pool stops. */
void weft__wake_all(void);

/* Out of work: search for a while. A thread to run, or NULL. Leaves the searchers either way. */
struct weft__thread *weft__search(struct weft__worker *w);

/* Woken to search, but unable to: leave the searchers. */
void weft__search_end(struct weft__worker *w);

/* Sleep until woken, or a timer of this worker is due, or, in the poller, a descriptor is ready. */
void weft__sleep(struct weft__worker *w);

/* Whether some lane or the injector holds work worth waking for. */
bool weft__work_visible(void);

#endif
