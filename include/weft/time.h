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
 * the pool it sleeps in the kernel. 0, or -ECANCELED: it was cut short. */
WEFT_API int weft_sleep(uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* Wait until weft_now() is at least this. At once if it has passed. 0, or -ECANCELED. */
WEFT_API int weft_sleep_until(uint64_t deadline) WEFT_MAY_SWITCH;

/* A ticker: points in time that are one period apart, for one thread to wait for. Yours to place; it needs no end. */
struct weft_ticker {
	uint64_t reserved[2];
};

/* The first tick is one period from now; the others are counted from it, so no error adds up. -EINVAL: the period is 0, or
 * ticker is NULL. */
WEFT_API int weft_ticker_start(struct weft_ticker *ticker, uint64_t period_ns);

/* Wait for the next tick: at once if it has passed. If later ones have passed too, they are missed: this is the latest of
 * them, and *missed (if missed is not NULL) how many came before it since the last wait. 0, or -ECANCELED: the tick is
 * still to come; -EINVAL: the ticker was never started. */
WEFT_API int weft_ticker_wait(struct weft_ticker *ticker, uint64_t *missed) WEFT_MAY_SWITCH;

WEFT_END_DECLS

#endif
