/* SPDX-License-Identifier: MIT */
/*
 * Input and output in blocking style on sockets, pipes, terminals and whatever else poll(2) can wait for: the calling thread
 * waits, its kernel thread does not. On files, which cannot be waited for, the same calls do as those of weft/file.h.
 *
 * Named after POSIX's calls, with the same arguments. What is other:
 *
 *   - They return a count, a descriptor or 0, or a negative errno value; errno is neither set nor read. Never -EINTR, and -EAGAIN
 *     only for MSG_DONTWAIT. SIGPIPE is never raised.
 *   - Whether the descriptor has O_NONBLOCK makes no difference. weft sets it, and leaves it set, on what it cannot do without:
 *     listening and connecting sockets, terminals and the like, and where the kernel has no other way, pipes.
 *   - A call that has to wait may return -ECANCELED, see weft/cancel.h; one that has moved bytes, accepted or connected returns
 *     that, so nothing is lost.
 *   - What has been used here is closed by weft_close: who waits must be woken, and weft forget what it knows of the number.
 *
 * Every call that may wait has a variant with a time limit in nanoseconds, 0 asking without waiting: -ETIMEDOUT, and -ENOMEM
 * (no memory for a timer). All may be called from any kernel thread; outside the pool they wait in the kernel.
 */
#ifndef WEFT_IO_H
#define WEFT_IO_H

#include <sys/socket.h>
#include <sys/types.h>
#include <weft/base.h>

WEFT_BEGIN_DECLS

struct iovec;
struct pollfd;

/* Move up to `size` bytes, at least one, waiting until that is possible. 0 from a read: the end. */
WEFT_API ssize_t weft_read(int fd, void *buffer, size_t size) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_write(int fd, const void *buffer, size_t size) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_readv(int fd, const struct iovec *vec, int n) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_writev(int fd, const struct iovec *vec, int n) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_read_timeout(int fd, void *buffer, size_t size, uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_write_timeout(int fd, const void *buffer, size_t size, uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_readv_timeout(int fd, const struct iovec *vec, int n, uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_writev_timeout(int fd, const struct iovec *vec, int n, uint64_t nanoseconds) WEFT_MAY_SWITCH;

/*
 * Move all `size` bytes. The count, less than `size` only at the end of what can be read; or a negative errno value. *done, if
 * done is not NULL, is how many were moved in any case.
 */
WEFT_API ssize_t weft_read_all(int fd, void *buffer, size_t size, size_t *done) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_write_all(int fd, const void *buffer, size_t size, size_t *done) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_read_all_timeout(int fd, void *buffer, size_t size, size_t *done,
				       uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_write_all_timeout(int fd, const void *buffer, size_t size, size_t *done,
					uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* On sockets. MSG_WAITALL has no effect: see weft_read_all. */
WEFT_API ssize_t weft_recv(int fd, void *buffer, size_t size, int flags) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_send(int fd, const void *buffer, size_t size, int flags) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_recvfrom(int fd, void *buffer, size_t size, int flags, struct sockaddr *from,
			       socklen_t *length) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_sendto(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *to,
			     socklen_t length) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_recvmsg(int fd, struct msghdr *message, int flags) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_sendmsg(int fd, const struct msghdr *message, int flags) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_recv_timeout(int fd, void *buffer, size_t size, int flags, uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_send_timeout(int fd, const void *buffer, size_t size, int flags,
				   uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_recvfrom_timeout(int fd, void *buffer, size_t size, int flags, struct sockaddr *from,
				       socklen_t *length, uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_sendto_timeout(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *to,
				     socklen_t length, uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_recvmsg_timeout(int fd, struct msghdr *message, int flags, uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_sendmsg_timeout(int fd, const struct msghdr *message, int flags,
				      uint64_t nanoseconds) WEFT_MAY_SWITCH;

/*
 * The same as weft_send, of data that the kernel does not copy but reads where they are, if it can. So it returns only when they
 * have been acknowledged: worth it for 64 KiB and more a call, by a device that gathers; not to the same machine, where
 * they are copied after all. Who is canceled meanwhile, whose time is up, or whose descriptor is closed, ends the
 * connection: nothing else makes the kernel let go. In all cases it has when the call returns.
 */
WEFT_API ssize_t weft_send_zerocopy(int fd, const void *data, size_t size, int flags) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_send_zerocopy_timeout(int fd, const void *data, size_t size, int flags,
					    uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* Take a connection: a new descriptor. flags: SOCK_NONBLOCK, SOCK_CLOEXEC. When no descriptor can be had (-EMFILE, -ENFILE)
 * or no memory (-ENOBUFS, -ENOMEM), it says so after a millisecond, so that a loop around it does not spin. */
WEFT_API int weft_accept(int fd, struct sockaddr *from, socklen_t *length, int flags) WEFT_MAY_SWITCH;
WEFT_API int weft_accept_timeout(int fd, struct sockaddr *from, socklen_t *length, int flags,
				 uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* Connect. After any failure the socket can only be closed. */
WEFT_API int weft_connect(int fd, const struct sockaddr *to, socklen_t length) WEFT_MAY_SWITCH;
WEFT_API int weft_connect_timeout(int fd, const struct sockaddr *to, socklen_t length,
				  uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* None of these waits. What they make may have the number of a descriptor that was closed behind weft's back, by close(2). */
WEFT_API int weft_socket(int domain, int type, int protocol);
WEFT_API int weft_socketpair(int domain, int type, int protocol, int fds[2]);
WEFT_API int weft_pipe2(int fds[2], int flags);
WEFT_API int weft_bind(int fd, const struct sockaddr *address, socklen_t length);
WEFT_API int weft_listen(int fd, int backlog);

/* Never waits. Whoever waits to read what is shut down for reading gets the end, to write -EPIPE. */
WEFT_API int weft_shutdown(int fd, int how);

/* Close. Whoever waits on the descriptor returns -EBADF, and has returned from the kernel, and weft has forgotten the
 * descriptor, before its number can come up again. Not ended by cancellation. */
WEFT_API int weft_close(int fd) WEFT_MAY_SWITCH;

/* Wait until any of the descriptors is ready, as poll(2): how many are, with what in their revents. One that is closed by
 * weft_close meanwhile is ready, with POLLNVAL. */
WEFT_API int weft_poll(struct pollfd *fds, size_t n) WEFT_MAY_SWITCH;
WEFT_API int weft_poll_timeout(struct pollfd *fds, size_t n, uint64_t nanoseconds) WEFT_MAY_SWITCH;

WEFT_END_DECLS

#endif
