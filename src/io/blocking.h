/* SPDX-License-Identifier: MIT */
/*
 * The blocking pool: kernel threads that call what would block a worker, while the green thread that asked for it waits.
 *
 * Threads are made as they are needed, up to a limit; beyond it requests queue, first in, first out. A thread without work for
 * idle_ns ends. The latest idle one is the first to get work, so that the others can end.
 *
 * A request is in the frame of its green thread. It is in the queue before that thread has gone to sleep: so it may be
 * taken, and even be done, while the thread still runs. What happens when is decided under the pool's lock:
 *
 *     green thread                                  thread of the pool
 *  1  queue it (QUEUED), wake or make a thread   1  take the first (TAKEN); parked ? the wait is won
 *  2  park; in commit:                           2  call it
 *     DONE ? go on : parked,                     3  DONE; parked ? make the thread runnable
 *     TAKEN ? the wait is won
 *
 * While it is QUEUED the wait can be taken back (-ECANCELED, -ETIMEDOUT), and with it the request. From TAKEN on nobody
 * but the pool may end the wait: it is *won* (park.h) by whoever of the two comes second. A thread that is canceled before it
 * has parked takes its request back itself, or finds it TAKEN and waits, shielded.
 *
 * Orders: BLOCKING  the pool's lock, and what is under it: a request, and its result; `idle.wake`
 */
#ifndef WEFT_SRC_IO_BLOCKING_H
#define WEFT_SRC_IO_BLOCKING_H

#include <stdint.h>

enum { WEFT__BLOCKING_MAX = 1024 };

/* Periods and capacities, to be changed by tests before a runtime starts. */
extern struct weft__blocking_tune {
	uint64_t idle_ns;
	uint32_t limit; /* where the configuration says 0 */
} weft__blocking_tune;

/* The pool's life: limit 0 is the default. Its threads are gone when stop returns. */
void weft__blocking_start(uint32_t limit);
void weft__blocking_stop(void);

/* In a forked child: there are no threads, and nobody waits for one. */
void weft__blocking_forget(void);

/* weft_blocking until a deadline; 0: only if it need not queue. */
int weft__blocking(void *(*fn)(void *), void *arg, void **result, uint64_t deadline);

/* How many threads there are: a hint. */
uint32_t weft__blocking_threads(void);

/* How many of them sleep for want of a request, at least: none of these has anybody left to wake. */
uint32_t weft__blocking_sleepers(void);

#endif
