/* SPDX-License-Identifier: MIT */
/* Futex wait and wake. Deadlines are absolute and monotonic (FUTEX_WAIT_BITSET), so an interrupted wait needs no sums.
 */
#include "src/os/futex.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

bool weft__os_futex_wait(weft__a32 *word, uint32_t expected, uint64_t deadline)
{
	struct timespec at = { .tv_sec = (time_t)(deadline / 1000000000u), .tv_nsec = (long)(deadline % 1000000000u) };
	struct timespec *limit = deadline == UINT64_MAX ? NULL : &at;
	long r = syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected, limit, NULL,
			 FUTEX_BITSET_MATCH_ANY);
	return !(r < 0 && errno == ETIMEDOUT);
}

void weft__os_futex_wake(weft__a32 *word, unsigned n)
{
	syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, n, NULL, NULL, 0);
}
