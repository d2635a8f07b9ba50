/* SPDX-License-Identifier: MIT */
/* The least that a server can be: one kernel thread, epoll, recv, send. What others are measured against. */
#ifndef BENCH_RAW_EPOLL_SERVER_H
#define BENCH_RAW_EPOLL_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RAW_EVENTS = 512 };

/* On the loopback. -1 and errno. */
static inline int raw_listen(uint16_t port)
{
	const int on = 1;
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* what it accepts inherits this */
	return fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 4096) == 0 ? fd : -1;
}

static inline void raw_add(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* Something has come on the connection. */
typedef void raw_talk(int fd);

static inline void raw_echo(int fd)
{
	char buffer[4096];
	ssize_t n = recv(fd, buffer, sizeof buffer, 0);
	if (n <= 0 || send(fd, buffer, (size_t)n, MSG_NOSIGNAL) != n)
		close(fd);
}

static inline void raw_serve(int listener, raw_talk *talk)
{
	struct epoll_event events[RAW_EVENTS];
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	raw_add(epoll, listener);
	for (;;) {
		int n = epoll_wait(epoll, events, RAW_EVENTS, -1);
		for (int i = 0; i < n; i++)
			if (events[i].data.fd == listener)
				raw_add(epoll, accept4(listener, NULL, NULL, SOCK_NONBLOCK));
			else
				talk(events[i].data.fd);
	}
}

#endif
