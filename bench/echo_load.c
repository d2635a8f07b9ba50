/* SPDX-License-Identifier: MIT */
/* The load for echo servers: echo.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "echo.h"

enum { SIZE = 64, EVENTS = 512, PATIENCE_MS = 5000 };

struct echo_connection {
	int fd;
	unsigned got;
	uint64_t message[SIZE / sizeof(uint64_t)]; /* never the same twice */
};

bool echo_descriptors(struct run *r, uint64_t count)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < count)
		batch_fail(&r->batch, "needs %llu descriptors, ulimit -Hn is %llu", (unsigned long long)count,
			   (unsigned long long)limit.rlim_cur);
	return limit.rlim_cur >= count;
}

static int connect_to(uint16_t port)
{
	const int on = 1;
	const struct linger at_once = { 1, 0 }; /* no port stays in TIME_WAIT */
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	return fd;
}

static void ask(struct echo_load *l, struct echo_connection *c)
{
	c->got = 0;
	c->message[0] = ++l->requests;
	c->message[SIZE / sizeof(uint64_t) - 1] = ~l->requests;
	l->failed |= send(c->fd, c->message, SIZE, MSG_NOSIGNAL) != SIZE;
}

/* True if all has come back, or nothing more will. */
static bool take(struct echo_load *l, struct echo_connection *c, int flags)
{
	char buffer[SIZE];
	ssize_t n = recv(c->fd, buffer, SIZE - c->got, flags);

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0 || memcmp(buffer, (char *)c->message + c->got, (size_t)n) != 0) {
		l->failed = true;
		return true;
	}
	c->got += (unsigned)n;
	return c->got == SIZE;
}

bool echo_load_open(struct echo_load *l, uint16_t port, unsigned connections)
{
	*l = (struct echo_load){ .port = port,
				 .epoll = epoll_create1(EPOLL_CLOEXEC),
				 .connections = connections,
				 .connection = calloc(connections + 1, sizeof(struct echo_connection)) };
	for (unsigned i = 0; l->connection && i < connections; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = &l->connection[i] };
		int fd = l->connection[i].fd = connect_to(port);

		if (fd < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
			return false;
	}
	return l->connection && l->epoll >= 0;
}

void echo_load_close(struct echo_load *l)
{
	for (unsigned i = 0; i < l->connections; i++)
		close(l->connection[i].fd);
	close(l->epoll);
	free(l->connection);
}

void echo_load_turn(struct echo_load *l, uint64_t ns)
{
	struct epoll_event events[EVENTS];
	uint64_t end = batch_now() + ns;
	unsigned out = l->connections;

	for (unsigned i = 0; i < l->connections; i++)
		ask(l, &l->connection[i]);
	while (out > 0 && !l->failed) {
		int n = epoll_wait(l->epoll, events, EVENTS, PATIENCE_MS);
		bool more = batch_now() < end;

		l->failed |= n <= 0;
		for (int i = 0; i < n; i++)
			if (!take(l, events[i].data.ptr, MSG_DONTWAIT))
				continue;
			else if (more)
				ask(l, events[i].data.ptr);
			else
				out--;
	}
}

static void request(struct echo_load *l, struct echo_connection *c)
{
	ask(l, c);
	while (!l->failed && !take(l, c, 0))
		;
}

void echo_load_churn(struct echo_load *l, uint64_t ns)
{
	uint64_t end = batch_now() + ns;

	do {
		l->connection[0].fd = connect_to(l->port);
		request(l, &l->connection[0]);
		close(l->connection[0].fd);
	} while (!l->failed && batch_now() < end);
}

uint64_t echo_load_trip(struct echo_load *l)
{
	uint64_t begin = batch_now();

	request(l, &l->connection[0]);
	return batch_now() - begin;
}
