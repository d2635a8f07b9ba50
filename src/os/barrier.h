/* SPDX-License-Identifier: MIT */
/*
 * The heavy half of an asymmetric fence: weft__os_barrier makes every running thread of the process execute a full
 * fence (membarrier). The other half is weft__fence_light, which costs nothing.
 */
#ifndef WEFT_SRC_OS_BARRIER_H
#define WEFT_SRC_OS_BARRIER_H

#include <stdbool.h>

/* Register the process; false where membarrier is not to be had, and light fences have to be full ones. */
bool weft__os_barrier_init(void);
void weft__os_barrier(void);

#endif
