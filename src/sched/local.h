/* SPDX-License-Identifier: MIT */
/* Thread-local values, at the end of a thread. */
#ifndef WEFT_SRC_SCHED_LOCAL_H
#define WEFT_SRC_SCHED_LOCAL_H

#include "src/sched/thread.h"

/* Call the destructors of a thread's values, and free what kept them. By that thread, which may wait in it. */
void weft__locals_end(struct weft__thread *self);

#endif
