/* SPDX-License-Identifier: MIT */
/*
 * The barrier: every caller draws a ticket, each `threads` tickets are a phase, and the last of a phase counts it as
 * over. More threads may come than there are in a phase, and the last of two phases may get to count in either order:
 * no phase is over before as many as that have all their tickets drawn.
 *
 * Orders: BARRIER  a phase counted (release) -> seen to be over (acquire); the tickets' order goes into it
 */
#include <errno.h>

#include "src/sync/address.h"
#include "weft/sync.h"

struct barrier {
	uint32_t threads; /* set by the initializer */
	weft__a32 over;	  /* phases */
	weft__a64 tickets;
};

_Static_assert(sizeof(struct barrier) == sizeof(struct weft_barrier), "ABI");

int weft_barrier_wait(struct weft_barrier *barrier)
{
	struct barrier *b = (struct barrier *)(void *)barrier;
	if (!b->threads)
		return -EINVAL;
	uint64_t ticket = weft__add_acqrel(&b->tickets, 1); /* order BARRIER */
	if (ticket % b->threads == b->threads - 1) {
		weft__add_acqrel(&b->over, 1);		  /* order BARRIER */
		weft__address_wake(&b->over, UINT32_MAX); /* a key by now: the barrier may be gone */
		return 1;
	}
	uint32_t phase = (uint32_t)(ticket / b->threads), over;
	while ((int32_t)((over = weft__load_acq(&b->over)) - phase) <= 0) { /* order BARRIER */
		struct weft__waiter waiter = { .until = { &b->over, UINT32_MAX, over, false } };
		weft__address_wait(&waiter, WEFT__NEVER);
	}
	return 0;
}
