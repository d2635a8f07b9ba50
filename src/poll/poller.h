/* SPDX-License-Identifier: MIT */
/*
 * The poller: what asks the kernel about descriptors. It begins with the first wait for one and ends with the runtime, so that
 * programs without IO have no part of it. Which one it is, is chosen at start:
 *
 *   io_uring  a ring a worker, a request for each wait: request.h, uring.h
 *   epoll     one instance for all workers, edges that are remembered in the table of descriptors: epoll.h, fd.h
 *
 * The scheduler knows struct weft__poller_source alone (src/sched/worker.h), the table of descriptors what is below.
 */
#ifndef WEFT_SRC_POLL_POLLER_H
#define WEFT_SRC_POLL_POLLER_H

#include "src/base/atomic.h"
#include "weft/runtime.h"

/* The poller of this runtime's number, from 1 on; 0: it has not begun. */
uint32_t weft__poller_epoch(void);

/* Whether it is io_uring: src/poll/request.h. Once it has begun. */
bool weft__poller_is_uring(void);

/* Begin it if it has not. 0 or a negative errno value. */
int weft__poller_begin(void);

/* A descriptor is armed that was not. */
void weft__poller_armed(void);

/* One that was, in this epoch (0: in none), is about to be closed; or it is gone, and fd is -1. */
void weft__poller_disarm(uint32_t epoch, int fd);

/* Which the next poller is to be, before a runtime starts. */
void weft__poller_choose(enum weft_io io);

/* Whether anybody waits for a descriptor, or is in a call on one. */
bool weft__poller_waiting(void);

/* In a forked child: nobody is in it. It ends. */
void weft__poller_forget(void);

#endif
