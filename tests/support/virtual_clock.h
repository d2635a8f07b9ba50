/* SPDX-License-Identifier: MIT */
/*
 * The seam of src/os/clock.h: a program that includes this has a clock which stands until it is set, in place of the kernel's. What
 * sleeps in the kernel (workers out of work, bound threads, the monitor) goes by the kernel's clock still: so keep one
 * worker, and keep it busy.
 */
#ifndef WEFT_TESTS_VIRTUAL_CLOCK_H
#define WEFT_TESTS_VIRTUAL_CLOCK_H

#include <sched.h>
#include <time.h>

#include "src/base/random.h"
#include "src/os/clock.h"
#include "tests/support/support.h"

#define TICK ((uint64_t)65536)
#define YEAR WEFT_S((uint64_t)365 * 24 * 3600)

#define LAST_TIME (WEFT__NEVER - TICK) /* what would be rounded up beyond it never comes */

static shared virtual_now, virtual_step; /* by which each look at the clock moves it */

uint64_t weft__os_now(void)
{
	return add(virtual_now, get(virtual_step));
}

uint64_t weft__os_after(uint64_t nanoseconds)
{
	uint64_t now = get(virtual_now);
	return nanoseconds > WEFT__NEVER - now ? WEFT__NEVER : now + nanoseconds;
}

uint64_t weft__deadline(uint64_t nanoseconds)
{
	return nanoseconds ? weft__os_after(nanoseconds) : 0;
}

void weft__os_relax(void)
{
	sched_yield();
}

void weft__os_sleep_until(uint64_t deadline)
{
	ck_abort_msg("a sleep in the kernel, until %llu", (unsigned long long)deadline);
}

/* To begin with; and so that seeds differ. */
static inline void set_to_real_time(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	set(virtual_now, (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
}

static inline uint64_t at_random(uint64_t *random, uint64_t n)
{
	return (weft__random_next(random) >> 8) % n;
}

/* Each magnitude as often, and each power of two and its neighbours: 1 tick, 2^31 ms, the end of the range. */
static inline uint64_t any_length(uint64_t *random)
{
	uint64_t power = (uint64_t)1 << at_random(random, 64);
	switch (at_random(random, 6)) {
	case 0:
		return WEFT__NEVER - at_random(random, 3 * TICK);
	case 1:
		return (((uint64_t)1 << 31) + at_random(random, 3) - 1) * 1000000;
	case 2:
		return power - 1 + at_random(random, 3);
	case 3:
		return (power | TICK) + at_random(random, 3) - 1;
	default:
		return power + weft__random_next(random) % power;
	}
}

/* Where the clock jumps to, if the next timer is due at `least`: anywhere; to that very nanosecond, or the one
 * before; or to that by which it has to fire. */
static inline uint64_t next_time(uint64_t *random, uint64_t least)
{
	uint64_t now = get(virtual_now), step = at_random(random, (uint64_t)1 << at_random(random, 54));
	if (at_random(random, 2) || least <= now || least > LAST_TIME - TICK)
		return step > LAST_TIME - now ? LAST_TIME : now + step;
	return least + (at_random(random, 2) ? TICK - 1 : 0) - at_random(random, 2);
}

#endif
