/* SPDX-License-Identifier: MIT */
/*
 * The child of a process that forked while its runtime ran. It has the forking kernel thread alone, and whatever the others
 * held is held for ever: so whoever would wait there for a lock or a thread says so and dies, rather than hang. It lasts until
 * weft_fork_reset.
 */
#ifndef WEFT_SRC_OS_FORK_H
#define WEFT_SRC_OS_FORK_H

#include <stdbool.h>

#include "src/base/panic.h"

/* Written by the child while it is alone: so it need not be atomic. */
extern bool weft__os_forked;

_Noreturn weft__cold void weft__os_stuck(void);

/* About to wait for another thread: not there. */
weft__inline void weft__os_may_wait(void)
{
	if (weft__unlikely(weft__os_forked))
		weft__os_stuck();
}

#endif
