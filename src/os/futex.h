/* SPDX-License-Identifier: MIT */
/* Futexes of this process: where kernel threads wait. */
#ifndef WEFT_SRC_OS_FUTEX_H
#define WEFT_SRC_OS_FUTEX_H

#include <stdbool.h>

#include "src/base/atomic.h"

/* Wait while *word == expected, until woken or the monotonic deadline in nanoseconds (UINT64_MAX: never). May return
 * for no reason. False only if the deadline has passed. */
bool weft__os_futex_wait(weft__a32 *word, uint32_t expected, uint64_t deadline);

/* Wake up to n waiters. The word may be gone by now: then nothing happens. */
void weft__os_futex_wake(weft__a32 *word, unsigned n);

#endif
