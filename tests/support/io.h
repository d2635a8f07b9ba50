/* SPDX-License-Identifier: MIT */
/* Pairs of connected descriptors, of the kinds that weft tells apart; and what the tests of IO do with them. */
#ifndef WEFT_TESTS_IO_H
#define WEFT_TESTS_IO_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/support/crew.h"

/* What is written to `in` comes out of `out`. All but the pipes go both ways. */
struct pair {
	int in, out;
};

enum pair_kind { PIPE, PACKETS, UNIX, DATAGRAM, TCP, PAIR_KINDS };

static const char *const pair_name[PAIR_KINDS] = { "pipe", "packet pipe", "unix", "datagram", "tcp" };

static inline int listen_any(struct sockaddr_in *address, int backlog)
{
	socklen_t length = sizeof *address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	*address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	check_eq(bind(fd, (struct sockaddr *)address, sizeof *address), 0);
	check_eq(listen(fd, backlog), 0);
	check_eq(getsockname(fd, (struct sockaddr *)address, &length), 0);
	return fd;
}

static inline struct pair tcp_pair(void)
{
	struct sockaddr_in address;
	struct pair p;
	int listener = listen_any(&address, 1);
	p.in = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	check_eq(connect(p.in, (struct sockaddr *)&address, sizeof address), 0);
	p.out = accept(listener, NULL, NULL);
	check(p.out >= 0);
	close(listener);
	return p;
}

static inline struct pair make_pair(enum pair_kind kind)
{
	int fd[2];
	switch (kind) {
	case PIPE:
		check_eq(pipe(fd), 0);
		return (struct pair){ fd[1], fd[0] };
	case PACKETS:
		check_eq(pipe2(fd, O_DIRECT), 0);
		return (struct pair){ fd[1], fd[0] };
	case UNIX:
		check_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
		return (struct pair){ fd[1], fd[0] };
	case DATAGRAM:
		check_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
		return (struct pair){ fd[1], fd[0] };
	default:
		return tcp_pair();
	}
}

/* Have the runtimes that follow poll by io_uring. False, and it says so: there is none here. */
static inline bool by_uring(void)
{
	struct weft_io_features features;
	check_eq(setenv("WEFT_IO", "uring", 1), 0);
	check_eq(weft_io_features(&features), 0);
	if (features.uring_error)
		printf("skipped: no io_uring here, error %d\n", -features.uring_error);
	return !features.uring_error;
}

/* The same descriptor by a number that nobody gets again when it is free: the runtime opens files, too. */
static inline int move_far(int fd)
{
	int far = fcntl(fd, F_DUPFD, 700);
	check(far >= 700 && close(fd) == 0);
	return far;
}

static inline void close_pair(struct pair p)
{
	check_eq(weft_close(p.in), 0);
	check_eq(weft_close(p.out), 0);
}

static inline bool is_socket(enum pair_kind kind)
{
	return kind >= UNIX;
}

/* The bytes of a stream: which one stands where. */
static inline unsigned char byte_at(uint64_t i)
{
	return (unsigned char)(i * 0x9e3779b97f4a7c15u >> 56);
}

#endif
