/* SPDX-License-Identifier: MIT */
/*
 * The seam by which tests make system calls and allocations fail. Every call in src/os asks weft__os_fault first: the
 * hook is NULL except in a test that sets it. None of these calls is on a hot path.
 */
#ifndef WEFT_SRC_OS_FAULT_H
#define WEFT_SRC_OS_FAULT_H

#include "src/base/compiler.h"

enum weft__os_site {
	WEFT__OS_ALLOC,
	WEFT__OS_MAP,
	WEFT__OS_GUARD,
	WEFT__OS_PROTECT,
	WEFT__OS_DISCARD,
	WEFT__OS_THREAD,
	WEFT__OS_THREAD_STATE,
	WEFT__OS_BARRIER,
	WEFT__OS_READ,
	WEFT__OS_WRITE,
	WEFT__OS_FILE,
	WEFT__OS_PROCESS,
	WEFT__OS_EPOLL,
	WEFT__OS_URING,
	WEFT__OS_URING_ENTER,
	WEFT__OS_URING_CANCEL,
	WEFT__OS_SITES
};

/* Returns 0 to let the call happen, or the negative errno value to fail it with. */
extern int (*weft__os_fault_hook)(enum weft__os_site site);

weft__inline int weft__os_fault(enum weft__os_site site)
{
	return weft__unlikely(weft__os_fault_hook != 0) ? weft__os_fault_hook(site) : 0;
}

#endif
