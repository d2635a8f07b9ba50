/* SPDX-License-Identifier: MIT */
/*
 * A lock for short sections off the hot paths (injector, depots, start and stop). Kernel threads that wait sleep on a
 * futex. No green thread switches while it holds one.
 */
#ifndef WEFT_SRC_OS_LOCK_H
#define WEFT_SRC_OS_LOCK_H

#include "src/os/futex.h"

struct weft__lock {
	weft__a32 word; /* 0 free, 1 held, 2 held and somebody may sleep */
};

void weft__lock_slow(struct weft__lock *lock);

weft__inline void weft__lock(struct weft__lock *lock)
{
	uint32_t old = 0;
	if (weft__unlikely(!weft__cas_acqrel(&lock->word, &old, 1))) /* order LOCK */
		weft__lock_slow(lock);
}

weft__inline void weft__unlock(struct weft__lock *lock)
{
	if (weft__unlikely(weft__xchg_acqrel(&lock->word, 0) == 2)) /* order LOCK */
		weft__os_futex_wake(&lock->word, 1);
}

#endif
