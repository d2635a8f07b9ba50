/* SPDX-License-Identifier: MIT */
/* The port of the models: each model thread is a kernel thread, and may be a worker. Found before arch/generic. */
#ifndef WEFT_TESTS_MODEL_CPU_H
#define WEFT_TESTS_MODEL_CPU_H

#include "tests/model/model.h"

#define WEFT_ARCH_NAME "model"
#define WEFT_ARCH_HAS_FP_CONTROL 0

extern struct weft__worker *model_worker[MODEL_THREADS_MAX];

static inline struct weft__worker *weft__arch_worker(void)
{
	return model_worker[model_self()];
}

static inline void weft__arch_set_worker(struct weft__worker *w)
{
	model_worker[model_self()] = w;
}

#endif
