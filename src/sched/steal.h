/* SPDX-License-Identifier: MIT */
/* Taking work from other workers. */
#ifndef WEFT_SRC_SCHED_STEAL_H
#define WEFT_SRC_SCHED_STEAL_H

#include "src/sched/worker.h"

/* From one of the others, tried in random order: a thread to run, more of them in the own ready lane; or NULL. Not
 * inside any biased lock. */
struct weft__thread *weft__steal(struct weft__worker *w);

#endif
