/* SPDX-License-Identifier: MIT */
/*
 * System calls on files. They may block the kernel thread, but for the two with `now` in their name. All return a count, 0 or
 * a descriptor, or a negative errno value; none is ended by a signal handler, and none raises SIGPIPE.
 */
#ifndef WEFT_SRC_OS_FILE_H
#define WEFT_SRC_OS_FILE_H

#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "src/os/fault.h"
#include "src/os/syscall.h"

#if !WEFT__OS_SYSCALL
ssize_t weft__os_read_now_by_libc(int fd, const struct iovec *iov, int count, int64_t offset);
ssize_t weft__os_write_now_by_libc(int fd, const struct iovec *iov, int count, int64_t offset);
#endif

/* Read, write at the offset (-1: at the file's position) what can be had without waiting. -EAGAIN nothing can; -EOPNOTSUPP
 * or -ENOSYS the file system, or the kernel, does not know how. */
weft__inline ssize_t weft__os_read_now(int fd, const struct iovec *iov, int count, int64_t offset)
{
	int err = weft__os_fault(WEFT__OS_READ);
	if (weft__unlikely(err))
		return err;
#if WEFT__OS_SYSCALL
	return weft__os_syscall6(SYS_preadv2, fd, (long)iov, count, offset, 0, RWF_NOWAIT);
#else
	return weft__os_read_now_by_libc(fd, iov, count, offset);
#endif
}

weft__inline ssize_t weft__os_write_now(int fd, const struct iovec *iov, int count, int64_t offset)
{
	int err = weft__os_fault(WEFT__OS_WRITE);
	if (weft__unlikely(err))
		return err;
#if WEFT__OS_SYSCALL
	return weft__os_syscall6(SYS_pwritev2, fd, (long)iov, count, offset, 0, RWF_NOWAIT);
#else
	return weft__os_write_now_by_libc(fd, iov, count, offset);
#endif
}

/* One of the calls below, and what it is given; each names the fields that it uses. */
struct weft__os_file_call {
	ssize_t (*call)(const struct weft__os_file_call *a);
	int fd, to;
	const char *path, *new_path;
	int flags;
	unsigned mode;
	const struct iovec *iov;
	int count;
	int64_t offset, length;
	int64_t *from_offset, *to_offset;
	void *out;
};

ssize_t weft__os_file(const struct weft__os_file_call *a);

/* For `call`; nothing else calls them: they leave their error in errno. */
ssize_t weft__os_call_copy(const struct weft__os_file_call *a);	     /* fd from_offset to to_offset length flags */
ssize_t weft__os_call_fallocate(const struct weft__os_file_call *a); /* fd flags offset length */
ssize_t weft__os_call_fdatasync(const struct weft__os_file_call *a); /* fd */
ssize_t weft__os_call_fsync(const struct weft__os_file_call *a);     /* fd */
ssize_t weft__os_call_ftruncate(const struct weft__os_file_call *a); /* fd length */
ssize_t weft__os_call_mkdir(const struct weft__os_file_call *a);     /* fd path mode */
ssize_t weft__os_call_open(const struct weft__os_file_call *a);	     /* fd path flags mode */
ssize_t weft__os_call_read(const struct weft__os_file_call *a);	     /* fd iov count offset */
ssize_t weft__os_call_rename(const struct weft__os_file_call *a);    /* fd path to new_path */
ssize_t weft__os_call_sendfile(const struct weft__os_file_call *a);  /* fd from_offset to length */
ssize_t weft__os_call_splice(const struct weft__os_file_call *a);    /* fd from_offset to to_offset length flags */
ssize_t weft__os_call_statx(const struct weft__os_file_call *a);     /* fd path flags mode (the mask) out */
ssize_t weft__os_call_tee(const struct weft__os_file_call *a);	     /* fd to length flags */
ssize_t weft__os_call_unlink(const struct weft__os_file_call *a);    /* fd path flags */
ssize_t weft__os_call_write(const struct weft__os_file_call *a);     /* fd iov count offset */

#endif
