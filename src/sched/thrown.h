/* SPDX-License-Identifier: MIT */
/*
 * What C++ keeps of exceptions for each kernel thread: those caught whose handlers have not been left, and how many are on
 * their way to one. It belongs to the green thread. So one that switches within a handler, or in a destructor that an
 * exception has called, takes it along: it is all zero in each switch, and who goes on puts back what was there. Who does
 * not do such things, which are rare, pays for a look at two words; a C program, which has none, for a test of a pointer.
 */
#ifndef WEFT_SRC_SCHED_THROWN_H
#define WEFT_SRC_SCHED_THROWN_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/compiler.h"

/* __cxa_eh_globals of the Itanium C++ ABI. */
struct weft__thrown {
	void *caught;
	unsigned long uncaught; /* an unsigned int, and what fills it up to the size of a pointer */
};

/* Those of the calling kernel thread; NULL: the program has no C++ library. */
struct weft__thrown *weft__thrown_here(void);

struct weft__worker;

/* The thread that runs there is not coming back to its handlers: it calls weft_exit, or has crashed. */
void weft__thrown_drop(struct weft__worker *w);

weft__inline bool weft__thrown_any(const struct weft__thrown *thrown)
{
	return weft__unlikely(thrown != NULL) &&
	       weft__unlikely(((unsigned long)thrown->caught | thrown->uncaught) != 0);
}

#endif
