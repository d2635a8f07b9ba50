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
#include <unistd.h>

#include "echo.h"
#include "raw/http.h"

enum { SIZE = 64, EVENTS = 512, PATIENCE_MS = 5000, EXACT = 64, BUCKETS = 32 * EXACT };

struct echo_connection {
	int fd;
	unsigned got;
	uint64_t sent;
	uint64_t message[SIZE / sizeof(uint64_t)]; /* never the same twice */
};

bool echo_descriptors(struct batch *b, uint64_t count)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < count)
		batch_fail(b, "needs %llu descriptors, ulimit -Hn is %llu", (unsigned long long)count,
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

static size_t answer_size(const struct echo_load *l)
{
	return l->http ? sizeof(RAW_HTTP_ANSWER) - 1 : SIZE;
}

static void ask(struct echo_load *l, struct echo_connection *c)
{
	static const char get[] = RAW_HTTP_REQUEST;
	const void *request = l->http ? (const void *)get : c->message;
	ssize_t size = l->http ? (ssize_t)sizeof(get) - 1 : SIZE;

	c->got = 0;
	c->message[0] = ++l->requests;
	c->message[SIZE / sizeof(uint64_t) - 1] = ~l->requests;
	c->sent = batch_now();
	l->failed |= send(c->fd, request, (size_t)size, MSG_NOSIGNAL) != size;
}

/* Exact below 2 EXACT microseconds, to 1 in EXACT above. */
static unsigned bucket_of(uint64_t us)
{
	unsigned shift = 0;

	while (us >> shift >= 2 * EXACT)
		shift++;
	return shift * EXACT + (unsigned)(us >> shift);
}

static unsigned microseconds_of(unsigned bucket)
{
	unsigned shift = bucket < 2 * EXACT ? 0 : bucket / EXACT - 1;

	return (bucket - shift * EXACT) << shift;
}

/* True if all of the answer has come, or nothing more will. */
static bool take(struct echo_load *l, struct echo_connection *c, int flags)
{
	const char *answer = l->http ? RAW_HTTP_ANSWER : (const char *)c->message;
	char buffer[256];
	ssize_t n = recv(c->fd, buffer, answer_size(l) - c->got, flags);

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0 || memcmp(buffer, answer + c->got, (size_t)n) != 0) {
		l->failed = true;
		return true;
	}
	c->got += (unsigned)n;
	if (c->got < answer_size(l))
		return false;
	l->took[bucket_of((batch_now() - c->sent) / 1000)]++;
	return true;
}

bool echo_load_open(struct echo_load *l, uint16_t port, unsigned connections, bool http)
{
	*l = (struct echo_load){ .port = port,
				 .epoll = epoll_create1(EPOLL_CLOEXEC),
				 .http = http,
				 .connections = connections,
				 .connection = calloc(connections + 1, sizeof(struct echo_connection)),
				 .took = calloc(BUCKETS, sizeof(*l->took)) };
	if (!l->connection || !l->took || l->epoll < 0)
		return false;
	for (unsigned i = 0; i < connections; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = &l->connection[i] };
		int fd = l->connection[i].fd = connect_to(port);

		if (fd < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
			return false;
	}
	return true;
}

void echo_load_close(struct echo_load *l)
{
	for (unsigned i = 0; i < l->connections; i++)
		close(l->connection[i].fd);
	close(l->epoll);
	free(l->connection);
	free(l->took);
}

void echo_load_reset(struct echo_load *l)
{
	l->requests = l->wall = 0;
	memset(l->took, 0, BUCKETS * sizeof(*l->took));
}

unsigned echo_load_percentile(const struct echo_load *l, unsigned percent)
{
	uint64_t left = l->requests * percent / 100;
	unsigned bucket = 0;

	for (; bucket < BUCKETS - 1 && l->took[bucket] <= left; bucket++)
		left -= l->took[bucket];
	return microseconds_of(bucket);
}

void echo_load_turn(struct echo_load *l, uint64_t ns)
{
	struct epoll_event events[EVENTS];
	uint64_t begin = batch_now(), end = begin + ns;
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
	l->wall += batch_now() - begin;
}

static void request(struct echo_load *l, struct echo_connection *c)
{
	ask(l, c);
	while (!l->failed && !take(l, c, 0))
		;
}

void echo_load_churn(struct echo_load *l, uint64_t ns)
{
	uint64_t begin = batch_now(), end = begin + ns;

	do {
		l->connection[0].fd = connect_to(l->port);
		request(l, &l->connection[0]);
		close(l->connection[0].fd);
	} while (!l->failed && batch_now() < end);
	l->wall += batch_now() - begin;
}

uint64_t echo_load_trip(struct echo_load *l)
{
	uint64_t begin = batch_now();

	request(l, &l->connection[0]);
	return batch_now() - begin;
}
