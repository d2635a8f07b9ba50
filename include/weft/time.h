/* SPDX-License-Identifier: MIT */
/* Time: the monotonic clock in nanoseconds, and sleeping by it. */
#ifndef WEFT_TIME_H
#define WEFT_TIME_H

#include <weft/base.h>

WEFT_BEGIN_DECLS

/* A time limit that never passes. */
#define WEFT_FOREVER UINT64_MAX

#define WEFT_US(n) ((uint64_t)(n)*1000u)
#define WEFT_MS(n) ((uint64_t)(n)*1000000u)
#define WEFT_S(n) ((uint64_t)(n)*1000000000u)

/* CLOCK_MONOTONIC in nanoseconds. */
WEFT_API uint64_t weft_now(void);

/* Wait for at least so many nanoseconds (a timer's tick, 65.5 us, may be added). 0 yields. On a kernel thread outside
 * the pool it sleeps in the kernel. Always 0. */
WEFT_API int weft_sleep(uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* Wait until weft_now() is at least this. At once if it has passed. Always 0. */
WEFT_API int weft_sleep_until(uint64_t deadline) WEFT_MAY_SWITCH;

WEFT_END_DECLS

#endif
