/* SPDX-License-Identifier: MIT */
/*
 * The echo and HTTP rows of a raw ring (bench/raw/uring_server.h) and of servers in other languages: those start this program
 * with a command that serves on the listener which is its descriptor 3,
 *
 *	weft-peer-raw-uring BENCH WORKERS COMMAND [ARG]
 *
 * and so have the load, the raw epoll server beside them and the line of figures.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../echo.h"
#include "peer.h"
#ifdef HAVE_LIBURING
#include "../raw/uring_server.h"
#endif

enum { LISTENER = 3, CANNOT = 77 };

static char **command;

static void serve_by_command(int listener, struct echo_shared *shared)
{
	(void)shared;
	if (listener == LISTENER)
		fcntl(listener, F_SETFD, 0);
	else
		dup2(listener, LISTENER);
	execvp(*command, command);
}

static void serve_by_ring(int listener, struct echo_shared *shared)
{
	(void)shared;
#ifdef HAVE_LIBURING
	(void)raw_serve_by_ring(listener, false);
#else
	(void)listener;
#endif
}

static void serve_http_by_ring(int listener, struct echo_shared *shared)
{
	(void)shared;
#ifdef HAVE_LIBURING
	(void)raw_serve_by_ring(listener, true);
#else
	(void)listener;
#endif
}

static void echo_among(struct batch *b, unsigned connections)
{
	echo_compare(b, echo_serve_raw, command ? serve_by_command : serve_by_ring, connections, false, false);
}

static void http_among(struct batch *b, unsigned connections)
{
	echo_compare(b, echo_serve_raw_http, command ? serve_by_command : serve_http_by_ring, connections, true, false);
}

#define AMONG(name, connections, kind)                                                                                 \
	static void name(struct batch *b)                                                                              \
	{                                                                                                              \
		kind##_among(b, connections);                                                                          \
	}
AMONG(echo_1, 1, echo)
AMONG(echo_50, 50, echo)
AMONG(echo_500, 500, echo)
AMONG(echo_2000, 2000, echo)
AMONG(echo_9000, 9000, echo)
AMONG(churn, 0, echo)
AMONG(http_100, 100, http)
AMONG(http_1000, 1000, http)

/* clang-format off */
#define ROW(name, body) { { name, name }, { "ratio", "us" }, body, 1, false, true }
/* clang-format on */
static const struct peer_bench benches[] = {
	ROW("echo-1", echo_1),	     ROW("echo-50", echo_50),	  ROW("echo-500", echo_500),
	ROW("echo-2000", echo_2000), ROW("echo-9000", echo_9000), ROW("churn", churn),
	ROW("http-100", http_100),   ROW("http-1000", http_1000), { .body = NULL },
};

#ifdef HAVE_LIBURING
const char *const peer_version = "io_uring";
#else
const char *const peer_version = "no io_uring";
#endif

void peer_enter(unsigned workers, void (*body)(struct batch *), struct batch *b)
{
	(void)workers;
	body(b);
}

/* weft-bench confines what it starts to as many CPUs as there are workers; the load needs one more: those that it has itself. */
static void have_all_cpus(void)
{
	cpu_set_t cpus;

	if (sched_getaffinity(getppid(), sizeof(cpus), &cpus) == 0)
		sched_setaffinity(0, sizeof(cpus), &cpus);
}

int main(int argc, char **argv)
{
	have_all_cpus();
	command = argc > 3 ? argv + 3 : NULL;
#ifndef HAVE_LIBURING
	if (!command) {
		puts("built without liburing");
		return CANNOT;
	}
#endif
	return peer_main(command ? 3 : argc, argv, benches, 1);
}
