/* SPDX-License-Identifier: MIT */
/*
 * Files. Each call does what POSIX's, or Linux's, of that name does, and returns its count, 0 or descriptor, or a negative
 * errno value. What would block the kernel thread is done on the threads of weft_blocking (weft/blocking.h) while the
 * caller waits; what is in the page cache is read in place. Bound threads, and kernel threads that weft did not make, block
 * in the call.
 *
 * To those of POSIX each call adds, in a green thread: -ECANCELED, canceled before the request had begun; -EAGAIN, no kernel
 * thread could be made. Once it has begun it is finished: then the call returns what it returned. What was read or
 * written before an error is returned as a count, and the error by the next call.
 *
 * Timed calls wait at most so many nanoseconds for their request to begin; 0: not at all. They add -ETIMEDOUT and -ENOMEM
 * (no memory for a timer). A scope with a deadline limits all of these calls in the same way.
 */
#ifndef WEFT_FILE_H
#define WEFT_FILE_H

#include <sys/types.h>
#include <weft/base.h>

WEFT_BEGIN_DECLS

struct iovec;
struct statx;

WEFT_API int weft_open(const char *path, int flags, mode_t mode) WEFT_MAY_SWITCH;
WEFT_API int weft_openat(int dirfd, const char *path, int flags, mode_t mode) WEFT_MAY_SWITCH;

/* Read or write at an offset, leaving the file's position alone. A negative offset is -EINVAL. */
WEFT_API ssize_t weft_pread(int fd, void *buffer, size_t size, int64_t offset) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_pread_timeout(int fd, void *buffer, size_t size, int64_t offset,
				    uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_pwrite(int fd, const void *buffer, size_t size, int64_t offset) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_pwrite_timeout(int fd, const void *buffer, size_t size, int64_t offset,
				     uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_preadv(int fd, const struct iovec *iov, int count, int64_t offset) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_preadv_timeout(int fd, const struct iovec *iov, int count, int64_t offset,
				     uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_pwritev(int fd, const struct iovec *iov, int count, int64_t offset) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_pwritev_timeout(int fd, const struct iovec *iov, int count, int64_t offset,
				      uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* The same again and again until all is done, the file ends, or it fails. The time limit is one for all of them. */
WEFT_API ssize_t weft_pread_all(int fd, void *buffer, size_t size, int64_t offset) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_pread_all_timeout(int fd, void *buffer, size_t size, int64_t offset,
					uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_pwrite_all(int fd, const void *buffer, size_t size, int64_t offset) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_pwrite_all_timeout(int fd, const void *buffer, size_t size, int64_t offset,
					 uint64_t nanoseconds) WEFT_MAY_SWITCH;

WEFT_API int weft_fsync(int fd) WEFT_MAY_SWITCH;
WEFT_API int weft_fsync_timeout(int fd, uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API int weft_fdatasync(int fd) WEFT_MAY_SWITCH;
WEFT_API int weft_fdatasync_timeout(int fd, uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API int weft_ftruncate(int fd, int64_t size) WEFT_MAY_SWITCH;
WEFT_API int weft_fallocate(int fd, int mode, int64_t offset, int64_t size) WEFT_MAY_SWITCH;

WEFT_API int weft_statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *out) WEFT_MAY_SWITCH;
WEFT_API int weft_rename(const char *path, const char *new_path) WEFT_MAY_SWITCH;
WEFT_API int weft_renameat(int dirfd, const char *path, int new_dirfd, const char *new_path) WEFT_MAY_SWITCH;
WEFT_API int weft_unlink(const char *path) WEFT_MAY_SWITCH;
WEFT_API int weft_unlinkat(int dirfd, const char *path, int flags) WEFT_MAY_SWITCH;
WEFT_API int weft_mkdir(const char *path, mode_t mode) WEFT_MAY_SWITCH;
WEFT_API int weft_mkdirat(int dirfd, const char *path, mode_t mode) WEFT_MAY_SWITCH;

/*
 * From one descriptor to another within the kernel. Offsets may be NULL: the position of the file is used and moved. sendfile's
 * `in` is a file; `out`, and both ends of splice and tee, may be sockets or pipes: to wait for them holds no kernel thread.
 */
WEFT_API ssize_t weft_copy_file_range(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size,
				      unsigned flags) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_copy_file_range_timeout(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size,
					      unsigned flags, uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_sendfile(int out, int in, int64_t *offset, size_t size) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_sendfile_timeout(int out, int in, int64_t *offset, size_t size,
				       uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_splice(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size,
			     unsigned flags) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_splice_timeout(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size,
				     unsigned flags, uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_tee(int in, int out, size_t size, unsigned flags) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_tee_timeout(int in, int out, size_t size, unsigned flags, uint64_t nanoseconds) WEFT_MAY_SWITCH;

WEFT_END_DECLS

#endif
