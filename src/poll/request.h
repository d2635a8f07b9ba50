/* SPDX-License-Identifier: MIT */
/*
 * Waits for descriptors by requests on rings (src/poll/uring.h), which take the place of edges where the poller is
 * io_uring. Each waiter has a request of its own, and the kernel is asked anew for each wait, so nothing has to be
 * remembered between them: DRY is a hint.
 *
 * A wait ends when its request is reaped, or taken back before it was handed over. Who revokes a wait whose request the
 * kernel has can only ask for its end (`asks` in src/sched/park.h): the waiter is made runnable when it is reaped, and sees
 * why itself.
 *
 * Of the exclusive waiters of a descriptor (those that accept) one at a time has a request, the first in the list: the kernel
 * wakes that, and when it has tried it passes on to another, which then has one. To ask for that in the kernel (EPOLLEXCLUSIVE)
 * was rejected: of several processes that accept on one socket it wakes one, be that one that is being killed, whose ring
 * goes later than it does; the connection then waited until another one came.
 *
 * Locks: entry -> ring.
 */
#ifndef WEFT_SRC_POLL_REQUEST_H
#define WEFT_SRC_POLL_REQUEST_H

#include "src/poll/fd.h"

/* By green threads: what weft__fd_wait and weft__fd_wait_any do. */
int weft__request_wait(struct weft__fd *e, int fd, enum weft__fd_way way, bool exclusive, uint64_t deadline);
int weft__request_wait_any(struct weft__fd_set *set, const struct weft__reason *reason, uint64_t deadline);

/* Whether the caller may: it is a green thread, and the poller has begun and is io_uring. (That its worker has a ring is not enough: all
 * get theirs before the poller has begun.) */
bool weft__request_may_receive(void);

/* WEFT__RECEIVE or WEFT__READ, of at least a byte. A count or a negative errno value; -EAGAIN: the kernel will not wait for this one. */
ssize_t weft__request_receive(struct weft__fd *e, int fd, enum weft__request_op op, void *data, size_t size,
			      uint64_t deadline);

/* WEFT__SEND, on TCP where weft__uring_sends: returns when the kernel has let go of the data. A count or a negative errno value;
 * -EAGAIN: there is no room. Who has to end before that ends the connection, for nothing else makes the kernel let go. */
ssize_t weft__request_send(struct weft__fd *e, int fd, const void *data, size_t size, int flags,
			   const struct weft__reason *reason, uint64_t deadline);

/* In a commit, under the entry's lock. False: it has been asked to end. */
bool weft__request_enqueue(struct weft__fd_waiter *waiter);

/* By an exclusive waiter that waits no more, under the entry's lock: the next one goes to `woken`, to wait with a request. */
void weft__request_pass(struct weft__fd *e, enum weft__fd_way way, struct weft__list *woken);

/* By who closes, under the entry's lock: end all waits. Those that are over already go to `woken`. */
void weft__request_evict(struct weft__fd *e, struct weft__list *woken);

/* After a reap: end the waits of these. Whoever is to be made runnable goes to `woken`, and is won. */
void weft__request_finish(struct weft__list *done, struct weft__list *woken);

#endif
