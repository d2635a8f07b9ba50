/* SPDX-License-Identifier: MIT */
/* Threads that wait for ever: found by the monitor, reported here. */
#ifndef WEFT_SRC_CRASH_DEADLOCK_H
#define WEFT_SRC_CRASH_DEADLOCK_H

#include <stdint.h>

#include "weft/runtime.h"

/* What to do about it: before the monitor starts. */
void weft__deadlock_set(enum weft_deadlock policy);

/* By the monitor when all workers sleep. When to be asked again if they still do: a time, or WEFT__NEVER. */
uint64_t weft__deadlock_look(uint64_t now);

/* By the monitor while some work, from time to time: mutexes that wait for one another. */
void weft__deadlock_look_at_mutexes(uint64_t now);

#endif
