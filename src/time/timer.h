/* SPDX-License-Identifier: MIT */
/*
 * Timers: each worker has a wheel, inside its biased lock, so arming and cancelling take no shared lock. A timer fires
 * by taking its thread's wait back (revoke) and making the thread runnable.
 *
 * A tick is 65,536 ns. Deadlines are rounded up: a timer is up to one tick late, never early.
 */
#ifndef WEFT_SRC_TIME_TIMER_H
#define WEFT_SRC_TIME_TIMER_H

#include "src/sched/park.h"
#include "src/time/wheel.h"

struct weft__worker;

/* In the frame of the thread that waits. */
struct weft__timer {
	struct weft__wait *wait;
	struct weft__worker *worker; /* in whose wheel it is */
	uint32_t id;		     /* there; 0 once it has fired, or if it was never armed */
};

/* Inside the calling worker's biased lock. False if there is no memory. */
bool weft__timer_arm(struct weft__worker *w, struct weft__timer *timer, uint64_t deadline);

/* Not inside it, on whatever worker: after this the timer does not fire, and may be gone. */
void weft__timer_cancel(struct weft__timer *timer);

/* weft__park_green until a deadline. */
int weft__park_timed(struct weft__wait *wait, uint64_t deadline);

#endif
