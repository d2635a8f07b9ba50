/* SPDX-License-Identifier: MIT */
/* A forked child that would wait for what is not there. */
#include "src/os/fork.h"

bool weft__os_forked;

void weft__os_stuck(void)
{
	weft__panic("in the child of a fork, a call would wait for, or wake, a thread that only the parent has: "
		    "call execve, _exit or weft_fork_reset first");
}
