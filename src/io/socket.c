/* SPDX-License-Identifier: MIT */
/* send, recv and their like, close. MSG_DONTWAIT goes to the kernel always, so the flags of the descriptor do not
 * matter. */
#include "src/io/io.h"
#include "src/os/io.h"
#include "src/poll/poller.h"
#include "src/poll/request.h"
#include "weft/time.h"

static ssize_t try_recv(struct weft__io *io, struct weft__fd *e)
{
	(void)e;
	return weft__os_recvfrom(io->fd, io->data, io->size, io->flags, io->address, io->length_out);
}

static ssize_t try_send(struct weft__io *io, struct weft__fd *e)
{
	(void)e;
	return weft__os_sendto(io->fd, io->data, io->size, io->flags, io->address, io->length);
}

/* Of a connection alone it is known how to make the kernel let go. To wait for that takes a green thread, and a limit. */
static bool can_lend(struct weft__io *io, struct weft__fd *e)
{
	struct weft__thread *self = weft__self_or_null();
	return self && weft__is_green(self) && io->deadline && !io->no_wait && io->size &&
	       weft__fd_kind(e, io->fd) == WEFT__FD_STREAM && weft__poller_begin() == 0 && weft__poller_is_uring() &&
	       weft__uring_sends();
}

/* The kernel copies where it cannot do without: that goes by itself, but for sockets and limits that refuse. */
static ssize_t try_send_zerocopy(struct weft__io *io, struct weft__fd *e)
{
	static const struct weft__reason reason = { "the kernel to let go of what it sends", NULL };
	ssize_t n = can_lend(io, e)
			    ? weft__request_send(e, io->fd, io->data, io->size, io->flags, &reason, io->deadline)
			    : -EOPNOTSUPP;
	return n == -EOPNOTSUPP || n == -EINVAL || n == -ENOMEM ? try_send(io, e) : n;
}

static ssize_t try_recvmsg(struct weft__io *io, struct weft__fd *e)
{
	(void)e;
	return weft__os_recvmsg(io->fd, io->data, io->flags);
}

static ssize_t try_sendmsg(struct weft__io *io, struct weft__fd *e)
{
	(void)e;
	return weft__os_sendmsg(io->fd, io->data, io->flags);
}

/* What takes nothing away says nothing by its count; nobody can wait for the error queue. */
static ssize_t run(struct weft__io *io)
{
	io->tells = io->size && !(io->flags & (MSG_PEEK | MSG_OOB | MSG_ERRQUEUE | MSG_TRUNC));
	io->no_wait = io->flags & (MSG_DONTWAIT | MSG_ERRQUEUE);
	return weft__io_run(io);
}

static ssize_t receive(int fd, void *buffer, size_t size, int flags, struct sockaddr *from, socklen_t *length,
		       uint64_t deadline)
{
	if (!flags && !from && size)
		return weft__io_receive(fd, buffer, size, deadline, try_recv, 0);
	return run(&(struct weft__io){ .try = try_recv,
				       .deadline = deadline,
				       .fd = fd,
				       .way = WEFT__INPUT,
				       .flags = flags,
				       .size = size,
				       .data = buffer,
				       .address = from,
				       .length_out = length });
}

static ssize_t transmit(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *to, socklen_t length,
			uint64_t deadline)
{
	if (!flags && !to && size)
		return weft__io_send(fd, buffer, size, deadline, try_send, 0);
	return run(&(struct weft__io){ .try = try_send,
				       .deadline = deadline,
				       .fd = fd,
				       .way = WEFT__OUTPUT,
				       .deaf = weft__io_is_deaf(to, length),
				       .flags = flags,
				       .length = length,
				       .size = size,
				       .data = (void *)(uintptr_t)buffer,
				       .address = (void *)(uintptr_t)to });
}

static ssize_t transmit_zerocopy(int fd, const void *data, size_t size, int flags, uint64_t deadline)
{
	return run(&(struct weft__io){ .try = try_send_zerocopy,
				       .deadline = deadline,
				       .fd = fd,
				       .way = WEFT__OUTPUT,
				       .flags = flags,
				       .size = size,
				       .data = (void *)(uintptr_t)data });
}

static ssize_t message(int fd, const struct msghdr *message, int flags, enum weft__fd_way way, uint64_t deadline)
{
	return run(&(struct weft__io){ .try = way == WEFT__INPUT ? try_recvmsg : try_sendmsg,
				       .deadline = deadline,
				       .fd = fd,
				       .way = way,
				       .deaf = way == WEFT__OUTPUT && message &&
					       weft__io_is_deaf(message->msg_name, message->msg_namelen),
				       .flags = flags,
				       .data = (void *)(uintptr_t)message });
}

ssize_t weft_recv(int fd, void *buffer, size_t size, int flags)
{
	return receive(fd, buffer, size, flags, NULL, NULL, WEFT__NEVER);
}

ssize_t weft_recv_timeout(int fd, void *buffer, size_t size, int flags, uint64_t nanoseconds)
{
	return receive(fd, buffer, size, flags, NULL, NULL, weft__deadline(nanoseconds));
}

ssize_t weft_recvfrom(int fd, void *buffer, size_t size, int flags, struct sockaddr *from, socklen_t *length)
{
	return receive(fd, buffer, size, flags, from, length, WEFT__NEVER);
}

ssize_t weft_recvfrom_timeout(int fd, void *buffer, size_t size, int flags, struct sockaddr *from, socklen_t *length,
			      uint64_t nanoseconds)
{
	return receive(fd, buffer, size, flags, from, length, weft__deadline(nanoseconds));
}

ssize_t weft_send(int fd, const void *buffer, size_t size, int flags)
{
	return transmit(fd, buffer, size, flags, NULL, 0, WEFT__NEVER);
}

ssize_t weft_send_timeout(int fd, const void *buffer, size_t size, int flags, uint64_t nanoseconds)
{
	return transmit(fd, buffer, size, flags, NULL, 0, weft__deadline(nanoseconds));
}

ssize_t weft_send_zerocopy(int fd, const void *data, size_t size, int flags)
{
	return transmit_zerocopy(fd, data, size, flags, WEFT__NEVER);
}

ssize_t weft_send_zerocopy_timeout(int fd, const void *data, size_t size, int flags, uint64_t nanoseconds)
{
	return transmit_zerocopy(fd, data, size, flags, weft__deadline(nanoseconds));
}

ssize_t weft_sendto(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *to, socklen_t length)
{
	return transmit(fd, buffer, size, flags, to, length, WEFT__NEVER);
}

ssize_t weft_sendto_timeout(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *to,
			    socklen_t length, uint64_t nanoseconds)
{
	return transmit(fd, buffer, size, flags, to, length, weft__deadline(nanoseconds));
}

ssize_t weft_recvmsg(int fd, struct msghdr *msg, int flags)
{
	return message(fd, msg, flags, WEFT__INPUT, WEFT__NEVER);
}

ssize_t weft_recvmsg_timeout(int fd, struct msghdr *msg, int flags, uint64_t nanoseconds)
{
	return message(fd, msg, flags, WEFT__INPUT, weft__deadline(nanoseconds));
}

ssize_t weft_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	return message(fd, msg, flags, WEFT__OUTPUT, WEFT__NEVER);
}

ssize_t weft_sendmsg_timeout(int fd, const struct msghdr *msg, int flags, uint64_t nanoseconds)
{
	return message(fd, msg, flags, WEFT__OUTPUT, weft__deadline(nanoseconds));
}

int weft_close(int fd)
{
	return fd < 0 ? -EBADF : weft__fd_close(fd);
}
