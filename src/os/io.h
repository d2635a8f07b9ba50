/* SPDX-License-Identifier: MIT */
/*
 * The system calls on descriptors, none of which waits unless its comment says so. Each returns a negative errno value,
 * has been repeated if a signal interrupted it, and is a function of its own, so that no caller keeps the address of errno
 * across a switch. They go past the C library's wrappers, which are cancellation points and pay for it.
 */
#ifndef WEFT_SRC_OS_IO_H
#define WEFT_SRC_OS_IO_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Sockets: MSG_DONTWAIT is added, and MSG_NOSIGNAL where it sends. */
ssize_t weft__os_recvfrom(int fd, void *buffer, size_t size, int flags, struct sockaddr *from, socklen_t *length);
ssize_t weft__os_sendto(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *to,
			socklen_t length);
ssize_t weft__os_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t weft__os_sendmsg(int fd, const struct msghdr *message, int flags);

/* On a descriptor with O_NONBLOCK. */
int weft__os_accept(int fd, struct sockaddr *from, socklen_t *length, int flags);
int weft__os_connect(int fd, const struct sockaddr *to, socklen_t length);
int weft__os_shutdown(int fd, int how);

/* A new descriptor; two of them, or why not. */
int weft__os_socket(int domain, int type, int protocol);
int weft__os_socketpair(int domain, int type, int protocol, int fds[2]);
int weft__os_pipe(int fds[2], int flags);

int weft__os_bind(int fd, const struct sockaddr *address, socklen_t length);
int weft__os_listen(int fd, int backlog);

/* How to read and write what is no socket. */
enum weft__os_way {
	WEFT__OS_PLAIN,	 /* waits unless the descriptor has O_NONBLOCK */
	WEFT__OS_PIPE,	 /* the same, but a write raises no SIGPIPE, for two system calls more */
	WEFT__OS_NOWAIT, /* neither waits nor raises SIGPIPE; -EOPNOTSUPP where kernel or descriptor have not this */
};
ssize_t weft__os_readv(int fd, const struct iovec *vec, int n, enum weft__os_way way);
ssize_t weft__os_writev(int fd, const struct iovec *vec, int n, enum weft__os_way way);

int weft__os_close(int fd);

/* What a descriptor is: S_IFMT of its mode; of a socket domain << 16 | protocol; its O_ flags. */
int weft__os_format(int fd);
int weft__os_socket_kind(int fd);
int weft__os_flags(int fd);
int weft__os_set_nonblock(int fd); /* its O_ flags before */

/* Waits in the kernel until something is ready, the monotonic deadline has passed (0: not at all), or a signal comes: how many
 * are ready. */
int weft__os_poll(struct pollfd *fds, size_t n, uint64_t deadline);

#endif
