/* SPDX-License-Identifier: MIT */
/*
 * io_uring, by liburing: making a ring, and the system calls on it, each of which tests can make fail. Without liburing weft
 * has no part of it. Calls return a negative errno value when they fail. The queues in memory are the caller's business, and so
 * is their locking; what is here goes beside everything else.
 */
#ifndef WEFT_SRC_OS_URING_H
#define WEFT_SRC_OS_URING_H

#include <stdbool.h>
#include <stdint.h>

#ifdef HAVE_LIBURING
#include <liburing.h>
#endif

/* What a kernel offers. */
struct weft__os_uring_offer {
	int error;	   /* 0, or why there can be no ring: -ENOTSUP, this weft was built without; -EINVAL, too old */
	uint32_t setup;	   /* IORING_SETUP_*, of those that weft asks for */
	uint32_t features; /* IORING_FEAT_* */
	uint32_t last_op;  /* the last operation that it knows */
};

/* Makes a ring and asks it. */
void weft__os_uring_probe(struct weft__os_uring_offer *offer);

/* The sysctl kernel.io_uring_disabled; 0 if there is none. */
int weft__os_uring_disabled(void);

#ifdef HAVE_LIBURING

/* At least so many entries, by a power of two. A child of fork has no part of it. */
int weft__os_uring_create(struct io_uring *ring, uint32_t submissions, uint32_t completions);

/* Whether it knows this operation. */
bool weft__os_uring_knows(struct io_uring *ring, int op);

/* Hand over so many that have been queued, and have done what the kernel has put off. wait: until a completion is there, or the
 * deadline, or for no reason. How many were taken, and there was nothing to wait for: or -EINTR, -ETIME, why not. */
int weft__os_uring_enter(const struct io_uring *ring, unsigned submit, bool wait, uint64_t deadline);

/* Cancel the request of this key, by any kernel thread. 0: it will end soon, if it has not ended. -ENOENT: the kernel has none;
 * another: this kernel cannot (before Linux 6.0), or not now. */
int weft__os_uring_cancel(const struct io_uring *ring, uint64_t key);

/* Wait, briefly, until no other kernel thread is in the midst of completing requests: then those whose completions are there
 * hold nothing open any more. */
void weft__os_uring_settle(const struct io_uring *ring);

#endif
#endif
