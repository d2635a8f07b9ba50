/* SPDX-License-Identifier: MIT */
/* Two workers and one thread, for models of what it waits for: it is resumed by whoever of them looks around, and overdue timers
 * fire as by the monitor. With weft__pool and weft__tune. */
#ifndef WEFT_TESTS_MODEL_RESUME_H
#define WEFT_TESTS_MODEL_RESUME_H

#include "src/sched/worker.h"

enum { MODEL_WORKERS = 2 };

/* Before a run: the thread is the current one of the first worker, or a bound one (`bound`). After it nothing may be runnable. */
void model_workers_begin(struct weft__thread *thread, bool bound);
void model_workers_end(void);

/* As the monitor does with a worker that does not. */
void model_fire_overdue(void);

#endif
