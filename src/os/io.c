/* SPDX-License-Identifier: MIT */
/* System calls on descriptors. */
#include "src/os/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "src/base/compiler.h"
#include "src/os/clock.h"
#include "src/os/sigpipe.h"

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif
#define NOSIGNAL 0x100 /* RWF_NOSIGNAL: Linux 6.18 */

/* The result of a system call, repeated while a signal interrupts it. */
#define RESULT_OF(call)                                                                                                \
	({                                                                                                             \
		long result_;                                                                                          \
		do                                                                                                     \
			result_ = (call);                                                                              \
		while (result_ < 0 && errno == EINTR);                                                                 \
		result_ < 0 ? -errno : result_;                                                                        \
	})

weft__noinline ssize_t weft__os_recvfrom(int fd, void *buffer, size_t size, int flags, struct sockaddr *from,
					 socklen_t *length)
{
	return RESULT_OF(syscall(SYS_recvfrom, fd, buffer, size, flags | MSG_DONTWAIT, from, length));
}

weft__noinline ssize_t weft__os_sendto(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *to,
				       socklen_t length)
{
	return RESULT_OF(syscall(SYS_sendto, fd, buffer, size, flags | MSG_DONTWAIT | MSG_NOSIGNAL, to, length));
}

weft__noinline ssize_t weft__os_recvmsg(int fd, struct msghdr *message, int flags)
{
	return RESULT_OF(syscall(SYS_recvmsg, fd, message, flags | MSG_DONTWAIT));
}

weft__noinline ssize_t weft__os_sendmsg(int fd, const struct msghdr *message, int flags)
{
	return RESULT_OF(syscall(SYS_sendmsg, fd, message, flags | MSG_DONTWAIT | MSG_NOSIGNAL));
}

weft__noinline int weft__os_accept(int fd, struct sockaddr *from, socklen_t *length, int flags)
{
	return (int)RESULT_OF(syscall(SYS_accept4, fd, from, length, flags));
}

/* Not repeated: a connect that was interrupted goes on. */
weft__noinline int weft__os_connect(int fd, const struct sockaddr *to, socklen_t length)
{
	return syscall(SYS_connect, fd, to, length) < 0 ? -errno : 0;
}

weft__noinline int weft__os_shutdown(int fd, int how)
{
	return (int)RESULT_OF(shutdown(fd, how));
}

weft__noinline int weft__os_socket(int domain, int type, int protocol)
{
	return (int)RESULT_OF(socket(domain, type, protocol));
}

weft__noinline int weft__os_socketpair(int domain, int type, int protocol, int fds[2])
{
	return (int)RESULT_OF(socketpair(domain, type, protocol, fds));
}

weft__noinline int weft__os_pipe(int fds[2], int flags)
{
	return (int)RESULT_OF(syscall(SYS_pipe2, fds, flags));
}

weft__noinline int weft__os_bind(int fd, const struct sockaddr *address, socklen_t length)
{
	return (int)RESULT_OF(bind(fd, address, length));
}

weft__noinline int weft__os_listen(int fd, int backlog)
{
	return (int)RESULT_OF(listen(fd, backlog));
}

/* A kernel, or an emulator, without the call knows its flags as little. */
static ssize_t if_known(ssize_t result)
{
	return result == -ENOSYS ? -EOPNOTSUPP : result;
}

weft__noinline ssize_t weft__os_readv(int fd, const struct iovec *vec, int n, enum weft__os_way way)
{
	if (way == WEFT__OS_NOWAIT)
		return if_known(RESULT_OF(syscall(SYS_preadv2, fd, vec, n, -1l, -1l, RWF_NOWAIT)));
	return RESULT_OF(syscall(SYS_readv, fd, vec, n));
}

static weft__noinline ssize_t write_without_signal(int fd, const struct iovec *vec, int n)
{
	struct weft__sigpipe held;
	weft__os_sigpipe_hold(&held);
	ssize_t result = RESULT_OF(syscall(SYS_writev, fd, vec, n));
	weft__os_sigpipe_release(&held, result == -EPIPE);
	return result;
}

weft__noinline ssize_t weft__os_writev(int fd, const struct iovec *vec, int n, enum weft__os_way way)
{
	switch (way) {
	case WEFT__OS_NOWAIT:
		return if_known(RESULT_OF(syscall(SYS_pwritev2, fd, vec, n, -1l, -1l, RWF_NOWAIT | NOSIGNAL)));
	case WEFT__OS_PIPE:
		return write_without_signal(fd, vec, n);
	default:
		return RESULT_OF(syscall(SYS_writev, fd, vec, n));
	}
}

weft__noinline int weft__os_close(int fd)
{
	return close(fd) < 0 && errno != EINTR ? -errno : 0; /* the number is free in any case */
}

weft__noinline int weft__os_format(int fd)
{
	struct stat st;
	return fstat(fd, &st) < 0 ? -errno : (int)(st.st_mode & S_IFMT);
}

weft__noinline int weft__os_socket_kind(int fd)
{
	int domain, protocol;
	socklen_t length = sizeof domain;
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length) < 0)
		return -errno;
	return domain << 16 | protocol;
}

weft__noinline int weft__os_flags(int fd)
{
	return (int)RESULT_OF(fcntl(fd, F_GETFL));
}

weft__noinline int weft__os_set_nonblock(int fd)
{
	int flags = weft__os_flags(fd);
	if (flags < 0 || (flags & O_NONBLOCK))
		return flags < 0 ? flags : 0;
	return (int)RESULT_OF(fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}

weft__noinline int weft__os_poll(struct pollfd *fds, size_t n, uint64_t deadline)
{
	uint64_t now = deadline && deadline != WEFT__NEVER ? weft__os_now() : 0;
	uint64_t left = deadline > now ? deadline - now : 0;
	struct timespec limit = { .tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u) };
	int ready = ppoll(fds, n, deadline == WEFT__NEVER ? NULL : &limit, NULL);
	if (ready >= 0)
		return ready;
	return errno == EINTR ? 0 : -errno;
}
