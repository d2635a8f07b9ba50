/* SPDX-License-Identifier: MIT */
/* What a model sets of its kernel. */
#ifndef WEFT_TESTS_MODEL_OS_H
#define WEFT_TESTS_MODEL_OS_H

#include "tests/model/model.h"

extern struct weft__worker *model_worker[MODEL_THREADS_MAX];
extern uint64_t model_clock, model_tick; /* what a look at the clock adds to it */

#endif
