/* SPDX-License-Identifier: MIT */
/*
 * weft__io_wait asks the poller. What that cannot tell of is looked at again and again, at intervals of 50 us up to 16 ms: that
 * holds no kernel thread, and can be canceled; it is late by the interval, which is half the time waited at most.
 */
#include "src/io/ready.h"

#include <errno.h>
#include <poll.h>

#include "src/os/clock.h"
#include "weft/time.h"

enum { SHORTEST = 50000, LONGEST = 16000000 };

int weft__io_pause(uint64_t *pause, uint64_t deadline)
{
	uint64_t now = weft__os_now();
	if (deadline <= now)
		return -ETIMEDOUT;
	*pause = !*pause ? SHORTEST : *pause < LONGEST / 2 ? *pause * 2 : LONGEST;
	return weft_sleep(*pause < deadline - now ? *pause : deadline - now);
}

int weft__io_wait(int fd, short events, uint64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n = weft__poll(&p, 1, deadline);
	return n < 0 ? n : 0;
}
