/* SPDX-License-Identifier: MIT */
/*
 * Files. No kernel has a way to be told when a file is readable: what is not in memory has to be waited for by a kernel thread.
 * So a read or a write is tried where it is called, by preadv2 and pwritev2 with RWF_NOWAIT. What would have to wait then goes
 * to the blocking pool. All other calls go there at once.
 *
 * Many file systems cannot be asked: ext4 for writes, tmpfs for both. There it is done in place nevertheless, as long as
 * that is quick: the page cache takes a write of 4 KiB in 1.4 us, by way of the pool it costs 12 to 40. One that took
 * longer than slow_ns (the kernel throttles writers, the disk or the network is slow) sends all of them to the pool for
 * avoid_ns. At most as many as there are workers are in such a call at a time: where a disk hangs, no more workers than
 * that hang with it, the monitor replaces them, and the rest wait in the pool.
 *
 * A request in the pool's queue can be taken back; one that runs cannot, and its buffers are the kernel's until it
 * returns: so the call waits for it.
 */
#ifndef WEFT_SRC_IO_FILE_H
#define WEFT_SRC_IO_FILE_H

#include <stdbool.h>

#include "src/os/file.h"

/* To be changed by tests. */
extern struct weft__file_tune {
	uint64_t slow_ns, avoid_ns;
} weft__file_tune;

/* Read into, or write from, the buffers, at the offset or, if that is -1, at the file's position. `fd` is a regular file or
 * a block device. A count, which is short only where that of the system call would be, or was cut short; or a negative
 * errno value. */
ssize_t weft__file_read(int fd, const struct iovec *iov, int count, int64_t offset, uint64_t deadline);
ssize_t weft__file_write(int fd, const struct iovec *iov, int count, int64_t offset, uint64_t deadline);

/* The call, in the pool, or here on a thread that is not green. */
ssize_t weft__file_call(const struct weft__os_file_call *call, uint64_t deadline);

/* The same; the result apart from why it was not called. 0, -EAGAIN, -ECANCELED, -ETIMEDOUT or -ENOMEM. */
int weft__file_try(const struct weft__os_file_call *call, ssize_t *result, uint64_t deadline);

/* Whether the caller has to keep from blocking. */
bool weft__file_caller_is_green(void);

#endif
