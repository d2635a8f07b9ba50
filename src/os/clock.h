/* SPDX-License-Identifier: MIT */
/* The clock, with a seam by which a test replaces it. */
#ifndef WEFT_SRC_OS_CLOCK_H
#define WEFT_SRC_OS_CLOCK_H

#include <stdint.h>

#include "src/base/atomic.h"

#define WEFT__NEVER UINT64_MAX

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t weft__os_now(void);

/* now + nanoseconds, or WEFT__NEVER where that does not fit. */
uint64_t weft__os_after(uint64_t nanoseconds);

/* The same for a time limit of which 0 means not to wait: then 0. */
uint64_t weft__deadline(uint64_t nanoseconds);

/* Let another kernel thread run, in a loop that waits for it. In a forked child, where it is not, dies. */
void weft__os_relax(void);

/* Between two looks, counted from 1, at what another kernel thread changes in moments: it may have lost its CPU. */
weft__inline void weft__os_spin(unsigned look)
{
	if (look % 128 == 0)
		weft__os_relax();
	else
		weft__cpu_relax();
}

/* Sleep in the kernel until the deadline. */
void weft__os_sleep_until(uint64_t deadline);

#endif
