/* SPDX-License-Identifier: MIT */
/*
 * The barrier: who arrives is counted in a word with the number of the phase; the last of a phase begins the next in that
 * word, and then counts the phase as over, which is what the others wait for. More threads may come than there are in a
 * phase. A waiter that gives up takes its arrival back, unless its phase has been completed: then it has not given up.
 *
 * Orders: BARRIER  a phase counted as over (release) -> seen to be (acquire); the order of arrivals goes into it
 */
#include <errno.h>

#include "src/sync/address.h"
#include "weft/sync.h"

struct barrier {
	uint32_t threads; /* set by the initializer */
	weft__a32 over;	  /* phases */
	weft__a64 state;  /* phase << 32 | arrived */
};

_Static_assert(sizeof(struct barrier) == sizeof(struct weft_barrier), "ABI");

static const struct weft__reason reason = { "a barrier", NULL };

/* The phase that the caller has arrived for; *last if that is complete. */
static uint32_t arrive(struct barrier *b, bool *last)
{
	uint64_t state = weft__load_rlx(&b->state), next;
	do {
		*last = (uint32_t)state + 1 >= b->threads;
		next = *last ? ((state >> 32) + 1) << 32 : state + 1;
	} while (!weft__cas_acqrel(&b->state, &state, next)); /* order BARRIER */
	return (uint32_t)(state >> 32);
}

/* False: the phase is complete. */
static bool take_back(struct barrier *b, uint32_t phase)
{
	uint64_t state = weft__load_rlx(&b->state);
	while ((uint32_t)(state >> 32) == phase)
		if (weft__cas_acqrel(&b->state, &state, state - 1))
			return true;
	return false;
}

static int wait(struct barrier *b, uint64_t deadline)
{
	bool last;
	if (!b->threads)
		return -EINVAL;
	uint32_t phase = arrive(b, &last), over;
	if (last) {
		weft__add_acqrel(&b->over, 1);		  /* order BARRIER */
		weft__address_wake(&b->over, UINT32_MAX); /* a key by now: the barrier may be gone */
		return 1;
	}
	struct weft__waiter waiter = { .reason = &reason, .object = b };
	while ((int32_t)((over = weft__load_acq(&b->over)) - phase) <= 0) { /* order BARRIER */
		waiter.until = (struct weft__until){ &b->over, UINT32_MAX, over, false };
		int err = weft__address_wait(&waiter, deadline);
		if (!err || err == -EAGAIN)
			continue;
		if (take_back(b, phase))
			return err;
		waiter.shielded = true; /* it is a matter of moments, and until then the last one needs the barrier */
		deadline = WEFT__NEVER;
	}
	return 0;
}

int weft_barrier_wait(struct weft_barrier *barrier)
{
	return wait((struct barrier *)(void *)barrier, WEFT__NEVER);
}

int weft_barrier_wait_timeout(struct weft_barrier *barrier, uint64_t nanoseconds)
{
	return wait((struct barrier *)(void *)barrier, weft__deadline(nanoseconds));
}
