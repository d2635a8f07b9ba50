/* SPDX-License-Identifier: MIT */
/* The monotonic clock and sleeping by it. */
#include "src/os/clock.h"

#include <errno.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "src/os/fork.h"

uint64_t weft__os_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t weft__os_after(uint64_t nanoseconds)
{
	uint64_t now = weft__os_now();
	return nanoseconds > WEFT__NEVER - now ? WEFT__NEVER : now + nanoseconds;
}

uint64_t weft__deadline(uint64_t nanoseconds)
{
	return nanoseconds ? weft__os_after(nanoseconds) : 0;
}

void weft__os_relax(void)
{
	weft__os_may_wait();
	sched_yield();
}

void weft__os_sleep_until(uint64_t deadline)
{
	struct timespec t = { .tv_sec = (time_t)(deadline / 1000000000u), .tv_nsec = (long)(deadline % 1000000000u) };
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}
