/* SPDX-License-Identifier: MIT */
/*
 * A biased lock: its owner enters and leaves by plain stores and loads, without an atomic read-modify-write and without
 * a fence; others seize it rarely, and pay for both sides by a membarrier. It guards all that a worker owns (run
 * queue, timers), which makes those plain data structures.
 *
 *      owner                                   seizer
 *   1  busy = 1                             1  attention |= SEIZED         (at most one gets it)
 *   2  light fence (compiler only)          2  membarrier                  (a full fence in every running thread)
 *   3  attention == 0 ?  in : slow path     3  wait until busy == 0        (gives up after a while)
 *      ...                                     ...
 *   4  busy = 0           (release)         4  attention &= ~SEIZED        (release)
 *
 * Either the owner's load (3) sees SEIZED, or its store (1) is before the membarrier and the seizer's load (3) sees it:
 * a store buffer is the only thing that could hide the one from the other, and the membarrier drains it.
 * Slow path: the owner takes busy back, waits until SEIZED is gone, and starts again.
 *
 * Orders: BIAS-LEAVE   owner's store of busy = 0 (release) -> seizer's load (acquire): the owner's changes are seen
 *         BIAS-RETURN  seizer's clearing (release) -> owner's load of attention (acquire): the seizer's changes are
 * seen
 *
 * Other bits of attention make the owner take the slow path for other reasons, at no cost on the fast one.
 */
#ifndef WEFT_SRC_SCHED_BIAS_H
#define WEFT_SRC_SCHED_BIAS_H

#include "src/base/atomic.h"

enum {
	WEFT__BIAS_SEIZED = 1u,	   /* another kernel thread is, or wants to be, in */
	WEFT__BIAS_POKED = 2u,	   /* the owner should look around at its next dispatch */
	WEFT__BIAS_SYMMETRIC = 4u, /* no membarrier on this system: the owner has to fence itself */
};

struct weft__bias {
	weft__a32 busy;	     /* written by the owner */
	weft__a32 attention; /* written by others */
};

/* Returns the bits other than SEIZED that were set. */
uint32_t weft__bias_enter_slow(struct weft__bias *bias);

/* Owner only. True if it was poked, and must say so to its scheduler; the poke is then taken. */
weft__inline bool weft__bias_enter(struct weft__bias *bias)
{
#if WEFT__TSAN
	return weft__bias_enter_slow(bias);
#else
	weft__store_rlx(&bias->busy, 1); /* relaxed: ordered by the fences of the protocol */
	weft__fence_light();
	if (weft__unlikely(weft__load_acq(&bias->attention) != 0)) /* order BIAS-RETURN */
		return weft__bias_enter_slow(bias);
	return false;
#endif
}

weft__inline void weft__bias_leave(struct weft__bias *bias)
{
	weft__store_rel(&bias->busy, 0); /* order BIAS-LEAVE */
}

/* Anybody but the owner. False if the owner, or another seizer, does not let go in a few microseconds. */
bool weft__bias_seize(struct weft__bias *bias);

/* The same, however long it takes. */
void weft__bias_seize_wait(struct weft__bias *bias);

void weft__bias_release(struct weft__bias *bias);

/* Make the owner look around at its next dispatch. */
weft__inline void weft__bias_poke(struct weft__bias *bias)
{
	weft__or_acqrel(&bias->attention, WEFT__BIAS_POKED);
}

#endif
