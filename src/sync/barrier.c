/* SPDX-License-Identifier: MIT */
/* The barrier: how many have arrived in this phase, and the phase's number. */
#include <errno.h>

#include "src/sync/address.h"
#include "weft/sync.h"

struct barrier {
	uint32_t threads; /* set by the initializer */
	uint32_t unused;
	weft__a32 arrived, phase;
};

_Static_assert(sizeof(struct barrier) == sizeof(struct weft_barrier), "ABI");

int weft_barrier_wait(struct weft_barrier *barrier)
{
	struct barrier *b = (struct barrier *)(void *)barrier;
	uint32_t phase = weft__load_acq(&b->phase); /* order BARRIER: it cannot change before we have arrived */
	if (!b->threads)
		return -EINVAL;
	if (weft__add_acqrel(&b->arrived, 1) + 1 == b->threads) { /* order BARRIER */
		weft__store_rlx(&b->arrived, 0);	   /* relaxed: the next to arrive have seen the new phase */
		weft__store_rel(&b->phase, phase + 1);	   /* order BARRIER */
		weft__address_wake(&b->phase, UINT32_MAX); /* a key by now: the barrier may be gone */
		return 1;
	}
	struct weft__waiter waiter = { .until = { &b->phase, UINT32_MAX, phase, false } };
	weft__address_wait(&waiter, WEFT__NEVER);
	return 0;
}
