/* SPDX-License-Identifier: MIT */
/*
 * Calls that move bytes within the kernel. What reads or writes a file is done by the blocking pool. Pipes do not wait where a
 * call says SPLICE_F_NONBLOCK, sockets only where they are O_NONBLOCK themselves; what is not ready then is waited for
 * without a kernel thread. A socket that is not O_NONBLOCK holds one of the pool while it waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "src/io/file.h"
#include "src/io/ready.h"
#include "src/sched/park.h"
#include "weft/cancel.h"
#include "weft/file.h"

static bool is_pipe(int fd)
{
	return fcntl(fd, F_GETPIPE_SZ) >= 0;
}

static bool is_file(int fd)
{
	return lseek(fd, 0, SEEK_CUR) >= 0;
}

static bool may_block(int fd)
{
	return !is_pipe(fd) && (is_file(fd) || !(fcntl(fd, F_GETFL) & O_NONBLOCK));
}

static int wait_for(int fd, short event, uint64_t deadline)
{
	return is_file(fd) ? 0 : weft__io_wait(fd, event, deadline);
}

/* The call does not wait for a pipe, nor for an O_NONBLOCK socket: -EAGAIN then says that one of the two is not ready. */
static ssize_t move(const struct weft__os_file_call *a, uint64_t deadline)
{
	bool in_pool = may_block(a->fd) || may_block(a->to);
	for (;;) {
		ssize_t n;
		int err = in_pool ? weft__file_try(a, &n, deadline) : 0;
		if (err)
			return err;
		if (!in_pool)
			n = weft__os_file(a);
		if (n != -EAGAIN)
			return n;
		err = weft_testcancel(); /* both may be ready by now */
		if (!err)
			err = wait_for(a->fd, POLLIN, deadline);
		if (!err)
			err = wait_for(a->to, POLLOUT, deadline);
		if (err)
			return err;
	}
}

/* splice or tee */
static ssize_t move_piped(struct weft__os_file_call a, uint64_t deadline)
{
	if (!weft__file_caller_is_green() || (a.flags & SPLICE_F_NONBLOCK))
		return weft__file_call(&a, deadline);
	a.flags |= SPLICE_F_NONBLOCK;
	return move(&a, deadline);
}

static ssize_t send_file(int out, int in, int64_t *offset, size_t size, uint64_t deadline)
{
	struct weft__os_file_call a = { .fd = in, .from_offset = offset, .to = out, .length = (int64_t)size };
	if (!weft__file_caller_is_green() || !is_pipe(out)) {
		a.call = weft__os_call_sendfile;
		return weft__file_caller_is_green() ? move(&a, deadline) : weft__os_file(&a);
	}
	a.call = weft__os_call_splice; /* which can be told not to wait for the pipe */
	return move_piped(a, deadline);
}

ssize_t weft_sendfile(int out, int in, int64_t *offset, size_t size)
{
	return send_file(out, in, offset, size, WEFT__NEVER);
}

ssize_t weft_sendfile_timeout(int out, int in, int64_t *offset, size_t size, uint64_t nanoseconds)
{
	return send_file(out, in, offset, size, weft__deadline(nanoseconds));
}

static struct weft__os_file_call between(ssize_t (*call)(const struct weft__os_file_call *a), int in,
					 int64_t *in_offset, int out, int64_t *out_offset, size_t size, unsigned flags)
{
	return (struct weft__os_file_call){ .call = call,
					    .fd = in,
					    .from_offset = in_offset,
					    .to = out,
					    .to_offset = out_offset,
					    .length = (int64_t)size,
					    .flags = (int)flags };
}

static ssize_t splice_until(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size, unsigned flags,
			    uint64_t deadline)
{
	return move_piped(between(weft__os_call_splice, in, in_offset, out, out_offset, size, flags), deadline);
}

ssize_t weft_splice(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size, unsigned flags)
{
	return splice_until(in, in_offset, out, out_offset, size, flags, WEFT__NEVER);
}

ssize_t weft_splice_timeout(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size, unsigned flags,
			    uint64_t nanoseconds)
{
	return splice_until(in, in_offset, out, out_offset, size, flags, weft__deadline(nanoseconds));
}

static ssize_t tee_until(int in, int out, size_t size, unsigned flags, uint64_t deadline)
{
	return move_piped(between(weft__os_call_tee, in, NULL, out, NULL, size, flags), deadline);
}

ssize_t weft_tee(int in, int out, size_t size, unsigned flags)
{
	return tee_until(in, out, size, flags, WEFT__NEVER);
}

ssize_t weft_tee_timeout(int in, int out, size_t size, unsigned flags, uint64_t nanoseconds)
{
	return tee_until(in, out, size, flags, weft__deadline(nanoseconds));
}

static ssize_t copy_until(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size, unsigned flags,
			  uint64_t deadline)
{
	struct weft__os_file_call call = between(weft__os_call_copy, in, in_offset, out, out_offset, size, flags);
	return weft__file_call(&call, deadline);
}

ssize_t weft_copy_file_range(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size, unsigned flags)
{
	return copy_until(in, in_offset, out, out_offset, size, flags, WEFT__NEVER);
}

ssize_t weft_copy_file_range_timeout(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size,
				     unsigned flags, uint64_t nanoseconds)
{
	return copy_until(in, in_offset, out, out_offset, size, flags, weft__deadline(nanoseconds));
}
