/* SPDX-License-Identifier: MIT */
/*
 * Gathering: threads that keep several workers asleep most of the time come to be on one.
 *
 * Where each worker has a ring, a thread that waits for a descriptor comes back on the worker that it has waited on. Two that answer
 * each other over a pipe, once on two workers, would stay there: each of their waits ends in another CPU's being woken, 60 us a
 * round trip instead of 1.2. A wake by a thread brings the woken one to its waker; by a descriptor nothing does.
 *
 * So a worker that has been woken by its ring several times in a row, each time for one thread, and sleeps far longer than it
 * runs, leaves that thread to another such: the first that is asleep on its ring, too, and was made before it. From then on
 * it waits on that one's ring. It goes by way of the injector, so whoever has nothing to do may take it, and nothing is pinned.
 * What is too much for one worker is stolen from it as ever. Where it goes to and fro, ever more wakes in a row are asked for.
 */
#ifndef WEFT_SRC_SCHED_GATHER_H
#define WEFT_SRC_SCHED_GATHER_H

#include "src/sched/worker.h"

/* Around a sleep on the ring: the time, or 0 if there is nobody to leave anything to. */
uint64_t weft__gather_begin(struct weft__worker *w);

/* True if what it was woken for is another's now: it may sleep on. */
bool weft__gather(struct weft__worker *w, uint64_t begin);

#endif
