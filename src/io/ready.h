/* SPDX-License-Identifier: MIT */
/* Waiting for a descriptor to be ready: the seam between the calls that are composed here and the poller. */
#ifndef WEFT_SRC_IO_READY_H
#define WEFT_SRC_IO_READY_H

#include <stddef.h>
#include <stdint.h>

struct pollfd;

/* weft_poll with a deadline. */
int weft__poll(struct pollfd *fds, size_t n, uint64_t deadline);

/* Wait until one of the events of poll(2), or an error, is there: 0; or -ETIMEDOUT, -ECANCELED, -ENOMEM. May return for
 * no reason. Deadline 0 asks without waiting. */
int weft__io_wait(int fd, short events, uint64_t deadline);

/* Wait a little before the next look at something that nothing tells of: longer each time, up to 16 ms. *pause begins as 0. */
int weft__io_pause(uint64_t *pause, uint64_t deadline);

#endif
