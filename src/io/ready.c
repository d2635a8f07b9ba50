/* SPDX-License-Identifier: MIT */
/*
 * Until weft__io_wait is told by the poller, it looks again and again, at intervals of 50 us up to 16 ms. That holds no kernel
 * thread, and can be canceled; it is late by the interval, which is half the time waited at most.
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
	int err = 0;
	for (uint64_t pause = 0; !err && poll(&p, 1, 0) == 0;)
		err = weft__io_pause(&pause, deadline);
	return err;
}
