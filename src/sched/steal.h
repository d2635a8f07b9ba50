/* SPDX-License-Identifier: MIT */
/* Taking work from other workers. */
#ifndef WEFT_SRC_SCHED_STEAL_H
#define WEFT_SRC_SCHED_STEAL_H

#include "src/sched/worker.h"

/* How a thief has seen a worker. */
struct weft__looked {
	uint32_t dispatches; /* at the last look, */
	uint64_t still;	     /* and since when they are so many, with something there */
	uint32_t times;	     /* looks in a row at which there were ready threads */
	uint32_t behind;     /* the place behind the last of those that were ready */
	uint64_t waits;	     /* then */
};

/* From one of the others, tried in random order: a thread to run, more of them in the own ready lane; or NULL. Not
 * inside any biased lock. */
struct weft__thread *weft__steal(struct weft__worker *w);

#endif
