/* SPDX-License-Identifier: MIT */
/* accept and connect: the two for which a socket needs O_NONBLOCK, since they take no MSG_DONTWAIT. */
#include "src/io/io.h"
#include "src/os/io.h"
#include "weft/cancel.h"
#include "weft/time.h"

/* Out of descriptors or memory. The connection stays where it is, so the next try would fail at once. */
static bool is_shortage(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOBUFS || err == -ENOMEM;
}

/* A connection that has failed before it was taken is none of the caller's business. */
static bool is_stillborn(int err)
{
	return err == -ECONNABORTED || err == -EPROTO;
}

/* accept(2) makes a socket before it looks whether there is a connection for it: to ask costs less. So a try before the
 * first wait, which an acceptor makes in vain as a rule, having taken the one that there was, asks. */
static bool is_empty(const struct weft__io *io)
{
	struct pollfd listener = { .fd = io->fd, .events = POLLIN };
	return !io->woken && weft__os_poll(&listener, 1, 0) == 0;
}

static ssize_t try_accept(struct weft__io *io, struct weft__fd *e)
{
	int fd;
	if (is_empty(io))
		return -EAGAIN;
	do
		fd = weft__os_accept(io->fd, io->address, io->length_out, io->flags);
	while (is_stillborn(fd));
	if (fd >= 0) {
		int kind = weft__fd_kind(e, io->fd);
		weft__fd_fresh(fd, kind < 0 ? WEFT__FD_UNKNOWN : kind);
	}
	return fd;
}

static int with_nonblock(struct weft__io *io)
{
	struct weft__fd *e;
	weft__take_turns();
	int err = weft__fd_enter(io->fd, &e);
	if (err)
		return err;
	err = weft__fd_set_nonblock(e, io->fd);
	if (!err)
		err = (int)weft__io_run_inside(io, e);
	weft__fd_leave(e);
	return err;
}

static int accept_until(int fd, struct sockaddr *from, socklen_t *length, int flags, uint64_t deadline)
{
	if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
		return -EINVAL;
	struct weft__io io = { .try = try_accept,
			       .deadline = deadline,
			       .fd = fd,
			       .way = WEFT__INPUT,
			       .exclusive = true,
			       .flags = flags,
			       .address = from,
			       .length_out = length };
	int result = with_nonblock(&io);
	if (is_shortage(result) && deadline)
		(void)weft_sleep(WEFT_MS(1));
	return result;
}

int weft_accept(int fd, struct sockaddr *from, socklen_t *length, int flags)
{
	return accept_until(fd, from, length, flags, WEFT__NEVER);
}

int weft_accept_timeout(int fd, struct sockaddr *from, socklen_t *length, int flags, uint64_t nanoseconds)
{
	return accept_until(fd, from, length, flags, weft__deadline(nanoseconds));
}

/* Asked again, connect(2) tells how far it is: so an edge that means something else is no harm. */
static ssize_t try_connect(struct weft__io *io, struct weft__fd *e)
{
	(void)e;
	int err = weft__os_connect(io->fd, io->address, io->length);
	bool begun = io->size; /* here: how often it was asked */
	io->size = 1;
	if (err == -EINPROGRESS || err == -EALREADY || err == -EINTR)
		return -EAGAIN;
	return err == -EISCONN && begun ? 0 : err;
}

static int connect_until(int fd, const struct sockaddr *to, socklen_t length, uint64_t deadline)
{
	struct weft__io io = { .try = try_connect,
			       .deadline = deadline,
			       .fd = fd,
			       .way = WEFT__OUTPUT,
			       .begins = true,
			       .deaf = weft__io_is_deaf(to, length),
			       .length = length,
			       .address = (void *)(uintptr_t)to };
	return with_nonblock(&io);
}

int weft_connect(int fd, const struct sockaddr *to, socklen_t length)
{
	return connect_until(fd, to, length, WEFT__NEVER);
}

int weft_connect_timeout(int fd, const struct sockaddr *to, socklen_t length, uint64_t nanoseconds)
{
	return connect_until(fd, to, length, weft__deadline(nanoseconds));
}
