/* SPDX-License-Identifier: MIT */
/*
 * Buffers that are lent for as long as there is something in them. A connection that waits for data holds none: so
 * thousands that are idle share a few.
 */
#ifndef WEFT_POOLED_H
#define WEFT_POOLED_H

#include <sys/types.h>
#include <weft/base.h>

WEFT_BEGIN_DECLS

/* Opaque; allocated by weft_buffers_create. For any number of threads at a time. */
struct weft_buffers;

/*
 * Make a pool of buffers of `size` bytes each, of which `count` at most are lent at a time (1 to 2^30); 0: as many as are
 * wanted. They are allocated as they are needed, and kept. 0, or: -EINVAL size is 0, or count too large, -ENOMEM.
 */
WEFT_API int weft_buffers_create(struct weft_buffers **buffers, size_t size, size_t count);

/* Free it. -EBUSY: a buffer is lent, or somebody is in a call on the pool. */
WEFT_API int weft_buffers_destroy(struct weft_buffers *buffers);

/*
 * Wait until something can be received from a socket or pipe, then for a buffer if `count` of them are lent, and receive
 * into one. A count: so many bytes are in *buffer, which is the caller's until weft_buffers_return. 0, the end, or a
 * negative errno value: *buffer is NULL. Errors are those of weft_read (weft/io.h); -EINVAL: buffers or buffer is NULL;
 * -ENOMEM: no memory for a buffer. Nothing is taken from the descriptor by a call that fails.
 */
WEFT_API ssize_t weft_recv_pooled(int fd, struct weft_buffers *buffers, void **buffer) WEFT_MAY_SWITCH;

/* The same for at most so many nanoseconds; 0: without waiting. -ETIMEDOUT. */
WEFT_API ssize_t weft_recv_pooled_timeout(int fd, struct weft_buffers *buffers, void **buffer,
					  uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* Give a buffer back, by any thread. NULL is nothing. */
WEFT_API void weft_buffers_return(struct weft_buffers *buffers, void *buffer);

WEFT_END_DECLS

#endif
