/* SPDX-License-Identifier: MIT */
/*
 * A closed-loop load for an echo server, on one kernel thread: each connection sends 64 bytes, waits until all of it has come
 * back, sends again. In turns of TURN ms at each of the servers given, so that whatever else the machine does meets all of them.
 *   load CONNECTIONS SECONDS NAME PORT PID [NAME PORT PID]...     CONNECTIONS 0: connect, one request, close
 * Prints for each server requests per second, median and 99th percentile of the round trip, the CPU time of its process for each
 * request, and the ratio of this to the first one's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 64, TURN_MS = 100, SERVERS = 4, BUCKETS = 1 << 16 };

struct connection {
	uint64_t sent;
	int fd, got;
};

static struct server {
	const char *name;
	int port, epoll;
	clockid_t clock;
	struct connection *connection;
	uint64_t requests, cpu, wall;
	uint32_t bucket[BUCKETS]; /* of round trips, in microseconds */
} servers[SERVERS];

static char message[SIZE] = "sixty-four bytes";

static uint64_t now(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int connect_to(int port)
{
	const int on = 1;
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		perror("load: connect");
		exit(1);
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

static void ask(struct connection *c)
{
	c->got = 0;
	c->sent = now(CLOCK_MONOTONIC);
	if (send(c->fd, message, SIZE, MSG_NOSIGNAL) != SIZE) {
		perror("load: send");
		exit(1);
	}
}

/* True if all has come. */
static int take(struct server *s, struct connection *c)
{
	char buffer[SIZE];
	ssize_t n = recv(c->fd, buffer, (size_t)(SIZE - c->got), MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		fprintf(stderr, "load: the server closed a connection\n");
		exit(1);
	}
	c->got += n > 0 ? (int)n : 0;
	if (c->got < SIZE)
		return 0;
	uint64_t us = (now(CLOCK_MONOTONIC) - c->sent) / 1000;
	s->bucket[us < BUCKETS ? us : BUCKETS - 1]++;
	s->requests++;
	return 1;
}

static void turn(struct server *s, int connections)
{
	struct epoll_event events[512];
	uint64_t end = now(CLOCK_MONOTONIC) + TURN_MS * 1000000ull;
	int out = connections;
	for (int i = 0; i < connections; i++)
		ask(&s->connection[i]);
	while (out > 0) {
		int n = epoll_wait(s->epoll, events, 512, 1000);
		int more = now(CLOCK_MONOTONIC) < end;
		for (int i = 0; i < n; i++)
			if (take(s, events[i].data.ptr)) {
				if (more)
					ask(events[i].data.ptr);
				else
					out--;
			}
	}
}

static void churn(struct server *s)
{
	uint64_t end = now(CLOCK_MONOTONIC) + TURN_MS * 1000000ull;
	const struct linger at_once = { 1, 0 };
	do {
		struct connection c = { .fd = connect_to(s->port) };
		ask(&c);
		char buffer[SIZE];
		while (c.got < SIZE)
			c.got += (int)recv(c.fd, buffer, (size_t)(SIZE - c.got), 0);
		uint64_t us = (now(CLOCK_MONOTONIC) - c.sent) / 1000;
		s->bucket[us < BUCKETS ? us : BUCKETS - 1]++;
		s->requests++;
		setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once); /* no port stays in TIME_WAIT */
		close(c.fd);
	} while (now(CLOCK_MONOTONIC) < end);
}

static void open_all(struct server *s, int connections)
{
	s->epoll = epoll_create1(0);
	s->connection = calloc((size_t)connections + 1, sizeof *s->connection);
	for (int i = 0; i < connections; i++) {
		struct connection *c = &s->connection[i];
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
		c->fd = connect_to(s->port);
		epoll_ctl(s->epoll, EPOLL_CTL_ADD, c->fd, &event);
	}
}

static unsigned percentile(const struct server *s, double p)
{
	uint64_t left = (uint64_t)((double)s->requests * p);
	unsigned us = 0;
	while (us < BUCKETS - 1 && s->bucket[us] <= left)
		left -= s->bucket[us++];
	return us;
}

static void measure(struct server *s, int connections)
{
	uint64_t cpu = now(s->clock), wall = now(CLOCK_MONOTONIC);
	if (connections)
		turn(s, connections);
	else
		churn(s);
	s->cpu += now(s->clock) - cpu;
	s->wall += now(CLOCK_MONOTONIC) - wall;
}

int main(int argc, char **argv)
{
	int n = (argc - 3) / 3, connections = argc > 1 ? atoi(argv[1]) : 0, seconds = argc > 2 ? atoi(argv[2]) : 0;
	if (n < 1 || n > SERVERS)
		return 2;
	for (int i = 0; i < n; i++) {
		servers[i].name = argv[3 + 3 * i];
		servers[i].port = atoi(argv[4 + 3 * i]);
		if (clock_getcpuclockid(atoi(argv[5 + 3 * i]), &servers[i].clock))
			return 2;
		open_all(&servers[i], connections);
	}
	for (int round = -1; round < seconds * 1000 / TURN_MS; round++)
		for (int i = 0; i < n; i++) {
			measure(&servers[i], connections);
			if (round < 0) { /* to warm up */
				servers[i].requests = servers[i].cpu = servers[i].wall = 0;
				memset(servers[i].bucket, 0, sizeof servers[i].bucket);
			}
		}
	double first = (double)servers[0].cpu / (double)servers[0].requests;
	for (struct server *s = servers; s < servers + n; s++) {
		double cpu = (double)s->cpu / (double)s->requests;
		printf("%-10s %5d conns %9.0f/s  p50 %5u us  p99 %5u us  cpu %6.2f us  ratio %.3f\n", s->name,
		       connections, (double)s->requests * 1e9 / (double)s->wall, percentile(s, 0.5),
		       percentile(s, 0.99), cpu / 1000, cpu / first);
	}
	return 0;
}
