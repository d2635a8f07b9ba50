/* SPDX-License-Identifier: MIT */
/* The injector: the one queue that all workers share, for what comes from outside the pool and what overflows. */
#ifndef WEFT_SRC_SCHED_INJECTOR_H
#define WEFT_SRC_SCHED_INJECTOR_H

#include "src/sched/worker.h"

/* Any kernel thread. The thread's context is saved. Wakes nobody. (A pinned thread goes to its worker's inbox.) */
void weft__injector_push(struct weft__thread *t);

/* Move a fair share of it into the worker's ready lane, inside the worker's biased lock. */
void weft__injector_take(struct weft__worker *w);

/* How many wait there: a hint. */
uint32_t weft__injector_count(void);

/* In a forked child: nothing is in it, and nobody holds it. */
void weft__injector_forget(void);

#endif
