/* SPDX-License-Identifier: MIT */
/* The waiting half of the lock: a few looks, then the futex. */
#include "src/os/lock.h"

#include "src/os/fork.h"

void weft__lock_slow(struct weft__lock *lock)
{
	for (unsigned i = 0; i < 100; i++) {
		uint32_t old = 0;
		if (weft__load_rlx(&lock->word) == 0 && weft__cas_acqrel(&lock->word, &old, 1))
			return;
		weft__cpu_relax();
	}
	weft__os_may_wait();
	while (weft__xchg_acq(&lock->word, 2) != 0) /* order LOCK */
		weft__os_futex_wait(&lock->word, 2, UINT64_MAX);
}
