/* SPDX-License-Identifier: MIT */
/* The calls that make descriptors, and make sockets ready for use. None waits. What they give out is new to the table: whatever
 * it says of the number is of another descriptor, which may have been closed by close(2). */
#include <netinet/in.h>

#include "src/io/io.h"
#include "src/os/io.h"

static enum weft__fd_kind kind_of(int domain, int type, int protocol)
{
	bool internet = domain == AF_INET || domain == AF_INET6;
	bool stream = (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM;
	return internet && stream && (protocol == 0 || protocol == IPPROTO_TCP) ? WEFT__FD_STREAM : WEFT__FD_SOCKET;
}

int weft_socket(int domain, int type, int protocol)
{
	int fd = weft__os_socket(domain, type, protocol);
	if (fd >= 0)
		weft__fd_fresh(fd, kind_of(domain, type, protocol));
	return fd;
}

static int fresh_pair(int err, const int fds[2], enum weft__fd_kind kind)
{
	for (int i = 0; i < 2 && !err; i++)
		weft__fd_fresh(fds[i], kind);
	return err;
}

int weft_socketpair(int domain, int type, int protocol, int fds[2])
{
	return fresh_pair(weft__os_socketpair(domain, type, protocol, fds), fds, kind_of(domain, type, protocol));
}

int weft_pipe2(int fds[2], int flags)
{
	return fresh_pair(weft__os_pipe(fds, flags), fds, WEFT__FD_PIPE);
}

int weft_bind(int fd, const struct sockaddr *address, socklen_t length)
{
	return weft__os_bind(fd, address, length);
}

int weft_listen(int fd, int backlog)
{
	return weft__os_listen(fd, backlog);
}

int weft_shutdown(int fd, int how)
{
	return weft__os_shutdown(fd, how);
}
