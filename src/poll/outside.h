/* SPDX-License-Identifier: MIT */
/*
 * Kernel threads outside the pool wait for descriptors in the kernel, by ppoll: they need no runtime, and it may stop
 * meanwhile. So that a close reaches them, each polls one event descriptor besides, shared by all, which is ready while
 * somebody closes something.
 *
 *      outsider                                  closer
 *   1  waiting += 1                           1  use |= CLOSING
 *   2  full fence                             2  full fence
 *   3  CLOSING ? leave : ppoll                3  waiting > 0 ? make the event ready, until all calls are out
 *
 * Bound threads do the same where the poller is io_uring, as they have no ring. Who cancels one wakes it like a closer, with
 * the state of its wait in place of CLOSING.
 *
 * Order: FD-OUTSIDE  the store-buffer pattern above: one of the two sees the other
 */
#ifndef WEFT_SRC_POLL_OUTSIDE_H
#define WEFT_SRC_POLL_OUTSIDE_H

#include <poll.h>

#include "src/poll/fd.h"

/* fds has room for n + 1. How many are ready, -EBADF: one of the entries is being closed, -ETIMEDOUT, why the event
 * descriptor could not be made; of a bound thread also what weft__park returns. */
int weft__outside_wait(struct pollfd *fds, size_t n, struct weft__fd *const *entries, size_t count,
		       const struct weft__reason *reason, uint64_t deadline);

/* For one descriptor: what weft__fd_wait returns. */
int weft__outside_wait_one(struct weft__fd *e, int fd, enum weft__fd_way way, uint64_t deadline);

/* By a closer: wake them, whatever they wait for; true: weft__outside_calm must follow. */
bool weft__outside_kick(void);
void weft__outside_calm(void);

/* In the child of a fork. */
void weft__outside_forget(void);

#endif
