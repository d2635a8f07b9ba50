/* SPDX-License-Identifier: MIT */
/* The slow half of the biased lock: the owner that was asked to wait, and the seizer. */
#include "src/sched/bias.h"

#include "src/os/barrier.h"
#include "src/os/clock.h"

enum { PATIENCE = 200 };

static void relax(unsigned round)
{
	if (round % PATIENCE == PATIENCE - 1)
		weft__os_relax(); /* whoever is in may have lost its CPU */
	else
		weft__cpu_relax();
}

#if WEFT__TSAN
/* ThreadSanitizer sees no fences, so under it `busy` is a spin lock for owner and seizer alike. */
uint32_t weft__bias_enter_slow(struct weft__bias *bias)
{
	for (unsigned round = 0; weft__xchg_acqrel(&bias->busy, 1) != 0; round++)
		relax(round);
	if (weft__load_rlx(&bias->attention) & WEFT__BIAS_POKED)
		return weft__and_acqrel(&bias->attention, ~(uint32_t)WEFT__BIAS_POKED) & WEFT__BIAS_POKED;
	return 0;
}

bool weft__bias_seize(struct weft__bias *bias)
{
	return weft__xchg_acqrel(&bias->busy, 1) == 0;
}

void weft__bias_release(struct weft__bias *bias)
{
	weft__store_rel(&bias->busy, 0);
}
#else
uint32_t weft__bias_enter_slow(struct weft__bias *bias)
{
	for (unsigned round = 0;; round++) {
		weft__store_rlx(&bias->busy, 1);
		weft__fence_full(); /* pairs with the seizer's, where there is no membarrier; else as good as the light
				       one */
		uint32_t attention = weft__load_acq(&bias->attention); /* order BIAS-RETURN */
		if (!(attention & WEFT__BIAS_SEIZED)) {
			if (attention & WEFT__BIAS_POKED)
				weft__and_acqrel(&bias->attention, ~(uint32_t)WEFT__BIAS_POKED);
			return attention & WEFT__BIAS_POKED;
		}
		weft__bias_leave(bias);
		while (weft__load_rlx(&bias->attention) & WEFT__BIAS_SEIZED)
			relax(round++);
	}
}

bool weft__bias_seize(struct weft__bias *bias)
{
	if (weft__or_acqrel(&bias->attention, WEFT__BIAS_SEIZED) & WEFT__BIAS_SEIZED)
		return false;
	weft__os_barrier();
	for (unsigned i = 0; weft__load_acq(&bias->busy) != 0; i++) { /* order BIAS-LEAVE */
		if (i == PATIENCE) {
			weft__bias_release(bias);
			weft__os_relax(); /* the owner may have lost its CPU, and to us */
			return false;
		}
		weft__cpu_relax();
	}
	return true;
}

void weft__bias_release(struct weft__bias *bias)
{
	weft__and_acqrel(&bias->attention, ~(uint32_t)WEFT__BIAS_SEIZED); /* order BIAS-RETURN */
}
#endif

void weft__bias_seize_wait(struct weft__bias *bias)
{
	for (unsigned round = 0; !weft__bias_seize(bias); round++)
		relax(round);
}
