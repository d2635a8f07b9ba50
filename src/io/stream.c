/* SPDX-License-Identifier: MIT */
/* read, write and their like: on sockets by recv and send, on pipes by RWF_NOWAIT or O_NONBLOCK, on files by file.h. */
#include <limits.h>
#include <sys/uio.h>

#include "src/io/file.h"
#include "src/io/stream.h"
#include "src/os/io.h"
#include "weft/time.h"

static struct iovec *vec_of(struct weft__io *io, struct iovec *one, int *n)
{
	*n = io->flags;
	if (*n >= 0)
		return io->data;
	*n = 1;
	*one = (struct iovec){ io->data, io->size };
	return one;
}

ssize_t weft__io_try_read(struct weft__io *io, struct weft__fd *e)
{
	struct iovec one;
	int n, kind = weft__fd_kind(e, io->fd);
	struct iovec *vec = vec_of(io, &one, &n);
	ssize_t got;
	switch (kind) {
	case WEFT__FD_STREAM:
	case WEFT__FD_SOCKET:
		if (io->size == 0)
			return 0;
		if (vec == &one)
			return weft__os_recvfrom(io->fd, io->data, io->size, 0, NULL, NULL);
		return weft__os_recvmsg(io->fd, &(struct msghdr){ .msg_iov = vec, .msg_iovlen = (size_t)n }, 0);
	case WEFT__FD_PIPE:
		got = weft__os_readv(io->fd, vec, n, WEFT__OS_NOWAIT);
		if (got != -EOPNOTSUPP || (got = weft__fd_set_pipe(e, io->fd)))
			return got;
		break;
	case WEFT__FD_FILE:
		got = weft__file_read(io->fd, vec, n, -1, io->deadline);
		if (got != -EAGAIN) /* the pool has no thread, and can have none */
			return got;
	}
	return kind < 0 ? kind : weft__os_readv(io->fd, vec, n, WEFT__OS_PLAIN);
}

static ssize_t try_write(struct weft__io *io, struct weft__fd *e)
{
	struct iovec one;
	int n, kind = weft__fd_kind(e, io->fd);
	struct iovec *vec = vec_of(io, &one, &n);
	ssize_t put;
	switch (kind) {
	case WEFT__FD_STREAM:
	case WEFT__FD_SOCKET:
		if (vec == &one)
			return weft__os_sendto(io->fd, io->data, io->size, 0, NULL, 0);
		return weft__os_sendmsg(io->fd, &(struct msghdr){ .msg_iov = vec, .msg_iovlen = (size_t)n }, 0);
	case WEFT__FD_PIPE:
		put = weft__os_writev(io->fd, vec, n, WEFT__OS_NOWAIT);
		if (put != -EOPNOTSUPP || (put = weft__fd_set_pipe(e, io->fd)))
			return put;
		kind = WEFT__FD_PIPE_SET;
		break;
	case WEFT__FD_FILE:
		put = weft__file_write(io->fd, vec, n, -1, io->deadline);
		if (put != -EAGAIN)
			return put;
	}
	if (kind < 0)
		return kind;
	return weft__os_writev(io->fd, vec, n, kind == WEFT__FD_PIPE_SET ? WEFT__OS_PIPE : WEFT__OS_PLAIN);
}

/* -EINVAL: what POSIX says of a vector that is too long or has too much in it. */
static int measure(const struct iovec *vec, int n, size_t *size)
{
	*size = 0;
	if (n < 0 || n > 1024)
		return -EINVAL;
	for (int i = 0; i < n; i++) {
		if (vec[i].iov_len > (size_t)SSIZE_MAX - *size)
			return -EINVAL;
		*size += vec[i].iov_len;
	}
	return 0;
}

static ssize_t run(int fd, void *data, size_t size, int parts, enum weft__fd_way way, uint64_t deadline)
{
	return weft__io_run(&(struct weft__io){ .try = way == WEFT__INPUT ? weft__io_try_read : try_write,
						.deadline = deadline,
						.fd = fd,
						.way = way,
						.tells = true,
						.flags = parts,
						.size = size,
						.data = data });
}

static ssize_t run_vec(int fd, const struct iovec *vec, int n, enum weft__fd_way way, uint64_t deadline)
{
	size_t size;
	int err = measure(vec, n, &size);
	return err ? err : run(fd, (void *)(uintptr_t)vec, size, n, way, deadline);
}

static ssize_t run_read(int fd, void *buffer, size_t size, uint64_t deadline)
{
	return size ? weft__io_receive(fd, buffer, size, deadline, weft__io_try_read, WEFT__IO_NO_VECTOR)
		    : run(fd, buffer, 0, WEFT__IO_NO_VECTOR, WEFT__INPUT, deadline);
}

ssize_t weft_read(int fd, void *buffer, size_t size)
{
	return run_read(fd, buffer, size, WEFT__NEVER);
}

ssize_t weft_read_timeout(int fd, void *buffer, size_t size, uint64_t nanoseconds)
{
	return run_read(fd, buffer, size, weft__deadline(nanoseconds));
}

static ssize_t run_write(int fd, const void *buffer, size_t size, uint64_t deadline)
{
	return size ? weft__io_send(fd, buffer, size, deadline, try_write, WEFT__IO_NO_VECTOR)
		    : run(fd, (void *)(uintptr_t)buffer, 0, WEFT__IO_NO_VECTOR, WEFT__OUTPUT, deadline);
}

ssize_t weft_write(int fd, const void *buffer, size_t size)
{
	return run_write(fd, buffer, size, WEFT__NEVER);
}

ssize_t weft_write_timeout(int fd, const void *buffer, size_t size, uint64_t nanoseconds)
{
	return run_write(fd, buffer, size, weft__deadline(nanoseconds));
}

ssize_t weft_readv(int fd, const struct iovec *vec, int n)
{
	return run_vec(fd, vec, n, WEFT__INPUT, WEFT__NEVER);
}

ssize_t weft_readv_timeout(int fd, const struct iovec *vec, int n, uint64_t nanoseconds)
{
	return run_vec(fd, vec, n, WEFT__INPUT, weft__deadline(nanoseconds));
}

ssize_t weft_writev(int fd, const struct iovec *vec, int n)
{
	return run_vec(fd, vec, n, WEFT__OUTPUT, WEFT__NEVER);
}

ssize_t weft_writev_timeout(int fd, const struct iovec *vec, int n, uint64_t nanoseconds)
{
	return run_vec(fd, vec, n, WEFT__OUTPUT, weft__deadline(nanoseconds));
}

/* --- all of it --- */

static ssize_t go_through(struct weft__fd *e, int fd, char *data, size_t size, size_t *so_far, enum weft__fd_way way,
			  uint64_t deadline)
{
	bool is_write = way == WEFT__OUTPUT, at_once = is_write;
	weft__io_try *try = is_write ? try_write : weft__io_try_read;
	while (*so_far < size) {
		char *rest = data + *so_far;
		size_t left = size - *so_far;
		weft__take_turns();
		if (weft__unlikely(weft__fd_is_closing(e)))
			return -EBADF;
		ssize_t n = at_once ? weft__io_send_at_once(e, fd, rest, left) : -EAGAIN;
		if (n == -EAGAIN)
			n = weft__io_by_tries(e, fd, way, rest, left, deadline, try, WEFT__IO_NO_VECTOR, !is_write);
		if (n <= 0)
			return n;
		*so_far += (size_t)n;
		at_once = false;
	}
	return 0;
}

/* One call from beginning to end, so that its descriptor stays the same one. */
static ssize_t run_all(int fd, char *data, size_t size, size_t *done, enum weft__fd_way way, uint64_t deadline)
{
	struct weft__fd *e;
	size_t so_far = 0;
	ssize_t n = weft__fd_enter(fd, &e);
	if (weft__likely(n == 0)) {
		n = go_through(e, fd, data, size, &so_far, way, deadline);
		weft__fd_leave(e);
	}
	if (done)
		*done = so_far;
	return n < 0 ? n : (ssize_t)so_far;
}

ssize_t weft_read_all(int fd, void *buffer, size_t size, size_t *done)
{
	return run_all(fd, buffer, size, done, WEFT__INPUT, WEFT__NEVER);
}

ssize_t weft_read_all_timeout(int fd, void *buffer, size_t size, size_t *done, uint64_t nanoseconds)
{
	return run_all(fd, buffer, size, done, WEFT__INPUT, weft__deadline(nanoseconds));
}

ssize_t weft_write_all(int fd, const void *buffer, size_t size, size_t *done)
{
	return run_all(fd, (char *)(uintptr_t)buffer, size, done, WEFT__OUTPUT, WEFT__NEVER);
}

ssize_t weft_write_all_timeout(int fd, const void *buffer, size_t size, size_t *done, uint64_t nanoseconds)
{
	return run_all(fd, (char *)(uintptr_t)buffer, size, done, WEFT__OUTPUT, weft__deadline(nanoseconds));
}
