/* SPDX-License-Identifier: MIT */
/* Cycles of threads that each wait for a mutex of the next: none of them will ever go on. */
#ifndef WEFT_SRC_CRASH_CYCLE_H
#define WEFT_SRC_CRASH_CYCLE_H

#include <stdbool.h>

/* Write a line for each cycle there is; with only_new, for those not written so before. How many were written. */
unsigned weft__mutex_cycles(int fd, bool only_new);

#endif
