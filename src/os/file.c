/* SPDX-License-Identifier: MIT */
/* System calls on files. Those that go through the C library have their error made a result right there. */
#include "src/os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "src/os/fault.h"
#include "src/os/sigpipe.h"

#if !WEFT__OS_SYSCALL
/* Not inlined: the address of errno must not live in the frame of a thread that may go on elsewhere. */
weft__noinline ssize_t weft__os_read_now_by_libc(int fd, const struct iovec *iov, int count, int64_t offset)
{
	ssize_t n = preadv2(fd, iov, count, offset, RWF_NOWAIT);
	return n >= 0 ? n : -errno;
}

weft__noinline ssize_t weft__os_write_now_by_libc(int fd, const struct iovec *iov, int count, int64_t offset)
{
	ssize_t n = pwritev2(fd, iov, count, offset, RWF_NOWAIT);
	return n >= 0 ? n : -errno;
}
#endif

/* Not inlined, for errno's sake. */
weft__noinline ssize_t weft__os_file(const struct weft__os_file_call *a)
{
	int err = weft__os_fault(WEFT__OS_FILE);
	if (err)
		return err;
	ssize_t n;
	do
		n = a->call(a);
	while (n < 0 && errno == EINTR);
	return n >= 0 ? n : -errno;
}

/* What may write to a pipe or a socket. A short count may have come with a SIGPIPE, too. */
static ssize_t without_signal(ssize_t (*call)(const struct weft__os_file_call *), const struct weft__os_file_call *a)
{
	struct weft__sigpipe held;
	weft__os_sigpipe_hold(&held);
	ssize_t n = call(a);
	weft__os_sigpipe_release(&held, n != a->length);
	return n;
}

static ssize_t call_sendfile(const struct weft__os_file_call *a)
{
	return sendfile(a->to, a->fd, a->from_offset, (size_t)a->length);
}

static ssize_t call_splice(const struct weft__os_file_call *a)
{
	return splice(a->fd, a->from_offset, a->to, a->to_offset, (size_t)a->length, (unsigned)a->flags);
}

static ssize_t call_tee(const struct weft__os_file_call *a)
{
	return tee(a->fd, a->to, (size_t)a->length, (unsigned)a->flags);
}

ssize_t weft__os_call_copy(const struct weft__os_file_call *a)
{
	return copy_file_range(a->fd, a->from_offset, a->to, a->to_offset, (size_t)a->length, (unsigned)a->flags);
}

ssize_t weft__os_call_fallocate(const struct weft__os_file_call *a)
{
	return fallocate(a->fd, a->flags, a->offset, a->length);
}

ssize_t weft__os_call_fdatasync(const struct weft__os_file_call *a)
{
	return fdatasync(a->fd);
}

ssize_t weft__os_call_fsync(const struct weft__os_file_call *a)
{
	return fsync(a->fd);
}

ssize_t weft__os_call_ftruncate(const struct weft__os_file_call *a)
{
	return ftruncate(a->fd, a->length);
}

ssize_t weft__os_call_mkdir(const struct weft__os_file_call *a)
{
	return mkdirat(a->fd, a->path, a->mode);
}

ssize_t weft__os_call_open(const struct weft__os_file_call *a)
{
	return openat(a->fd, a->path, a->flags, a->mode);
}

ssize_t weft__os_call_read(const struct weft__os_file_call *a)
{
	return a->offset < 0 ? readv(a->fd, a->iov, a->count) : preadv(a->fd, a->iov, a->count, a->offset);
}

ssize_t weft__os_call_rename(const struct weft__os_file_call *a)
{
	return renameat(a->fd, a->path, a->to, a->new_path);
}

ssize_t weft__os_call_sendfile(const struct weft__os_file_call *a)
{
	return without_signal(call_sendfile, a);
}

ssize_t weft__os_call_splice(const struct weft__os_file_call *a)
{
	return without_signal(call_splice, a);
}

ssize_t weft__os_call_statx(const struct weft__os_file_call *a)
{
	return statx(a->fd, a->path, a->flags, a->mode, a->out);
}

ssize_t weft__os_call_tee(const struct weft__os_file_call *a)
{
	return without_signal(call_tee, a);
}

ssize_t weft__os_call_unlink(const struct weft__os_file_call *a)
{
	return unlinkat(a->fd, a->path, a->flags);
}

ssize_t weft__os_call_write(const struct weft__os_file_call *a)
{
	return a->offset < 0 ? writev(a->fd, a->iov, a->count) : pwritev(a->fd, a->iov, a->count, a->offset);
}
