/* SPDX-License-Identifier: MIT */
/* Small blocks; and mappings, whose sizes and addresses are multiples of a page: reserve address space, give pages back, make
 * guards. */
#ifndef WEFT_SRC_OS_MEMORY_H
#define WEFT_SRC_OS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#define WEFT__PAGE_MIN 4096

/* malloc, calloc, aligned_alloc; and free for all. NULL when there is none. */
void *weft__os_alloc(size_t size);
void *weft__os_alloc_zeroed(size_t n, size_t size);
void *weft__os_alloc_aligned(size_t alignment, size_t size);
void weft__os_free(void *block);

size_t weft__os_page_size(void);

/* Zeroed memory, committed as it is touched, never as huge pages. NULL when there is none. */
void *weft__os_map(size_t size);
void weft__os_unmap(void *addr, size_t size);

/* How guards are made on this kernel: proved by use at the first call. */
bool weft__os_guards_are_cheap(void);

/* Make every access to each range fault: 0, or a negative errno value. Several ranges cost less than one by one. */
int weft__os_guard(const struct iovec *ranges, unsigned n);

/* Drop the contents of each range: it reads as zeros, and costs no memory until touched. */
void weft__os_discard(const struct iovec *ranges, unsigned n);

/* Forget what was learnt about this process (after fork the learnt pidfd names the parent). */
void weft__os_memory_reset(void);

#endif
