/* SPDX-License-Identifier: MIT */
/* Names of threads, beside their records. Async-signal-safe. */
#ifndef WEFT_SRC_SCHED_NAME_H
#define WEFT_SRC_SCHED_NAME_H

#include "src/sched/record.h"

/* name: WEFT__NAME_SIZE bytes, ended by a 0 among them. One writer at a time. */
void weft__name_store(uint64_t handle, const char *name);

/* False if the thread of that handle was given none. */
bool weft__name_load(uint64_t handle, char *name);

#endif
