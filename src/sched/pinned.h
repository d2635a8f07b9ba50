/* SPDX-License-Identifier: MIT */
/*
 * Threads pinned to a worker: they run there and nowhere else, so they stand in none of the lanes that thieves take
 * from.
 *
 * Whoever makes one runnable pushes it onto its worker's inbox, a stack by compare-and-swap; the worker takes the whole
 * inbox at once, turns it round, and runs it first in first out, when it has nothing else and at every look around.
 *
 * Orders: INBOX  push (release) -> the worker's exchange (acquire): the thread is seen as it was left
 *
 * Against sleep: push, full fence, look whether the worker is listed asleep; the worker lists itself, membarrier, looks
 * at its inbox. A worker woken for its inbox takes a token even if none is free: no other could run that work.
 */
#ifndef WEFT_SRC_SCHED_PINNED_H
#define WEFT_SRC_SCHED_PINNED_H

#include "src/sched/worker.h"

/* Any kernel thread, inside a biased lock or not. The thread's context is saved. Wakes its worker. */
void weft__pinned_push(struct weft__thread *t);

/* Owner only: the next one, or NULL. */
struct weft__thread *weft__pinned_pop_slow(struct weft__worker *w);

weft__inline bool weft__pinned_any(struct weft__worker *w)
{
	return w->pinned_first || weft__load_rlx(&w->inbox); /* relaxed: a hint, or after a fence */
}

weft__inline struct weft__thread *weft__pinned_pop(struct weft__worker *w)
{
	return weft__likely(!weft__pinned_any(w)) ? NULL : weft__pinned_pop_slow(w);
}

#endif
