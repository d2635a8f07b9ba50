/* SPDX-License-Identifier: MIT */
/*
 * Echo and HTTP servers as processes, a load for them, and how two of them are compared; nothing of weft, so that the drivers of
 * peers have it, too. A server is on the first CPU; the load is the calling process, on the second where there is one. What
 * counts is the CPU time of the server for each request, as a ratio to that of a raw epoll server (bench/raw/epoll_server.h) that
 * has its turns in between.
 */
#ifndef BENCH_ECHO_H
#define BENCH_ECHO_H

#include "batch.h"

/* --- servers: echo_process.c --- */

enum { ECHO_PROCESSES = 1024 };

/* What the processes of a server tell, in shared memory. */
struct echo_shared {
	_Atomic uint64_t reaped_ns; /* CPU time of those that have ended */
	_Atomic uint32_t processes; /* begun so far; of the first, who they are */
	_Atomic int pid[ECHO_PROCESSES];
};

struct echo_server {
	int pid;
	uint16_t port;
	struct echo_shared *shared;
};

/* Serve on this listener, which does not block, until killed. */
typedef void echo_serve(int listener, struct echo_shared *shared);
echo_serve echo_serve_raw, echo_serve_raw_http;

/* False: errno says why. */
bool echo_server_start(struct echo_server *s, echo_serve *serve);
void echo_server_stop(struct echo_server *s);

/* CPU time in ns of all its processes; their resident bytes. */
uint64_t echo_server_cpu(const struct echo_server *s);
uint64_t echo_server_resident(const struct echo_server *s);

/* --- the load: echo_load.c --- */

/*
 * Connections to one server, in a closed loop: each sends a request, waits until all of the answer has come, sends again. 64
 * bytes, which come back, never the same twice; or HTTP (bench/raw/http.h).
 */
struct echo_load {
	uint16_t port;
	int epoll;
	bool http;
	bool failed; /* a connection was lost, or brought other bytes than it had to */
	unsigned connections;
	struct echo_connection *connection;
	uint64_t requests, wall; /* ns of the turns */
	uint32_t *took;		 /* how many round trips took so long */
};

bool echo_load_open(struct echo_load *l, uint16_t port, unsigned connections, bool http);
void echo_load_close(struct echo_load *l);

/* For so long, and until all have their answer. */
void echo_load_turn(struct echo_load *l, uint64_t ns);

/* Connect, one request, close, one after the other. */
void echo_load_churn(struct echo_load *l, uint64_t ns);

/* One request on the first connection: how long it took. */
uint64_t echo_load_trip(struct echo_load *l);

/* Forget what has been counted. */
void echo_load_reset(struct echo_load *l);

/* So many of a hundred round trips took no more microseconds than this. */
unsigned echo_load_percentile(const struct echo_load *l, unsigned percent);

/* Room for so many descriptors in this process and its children: false, and a note, if there is none. */
bool echo_descriptors(struct batch *b, uint64_t count);

/* --- both: echo_compare.c --- */

struct echo_side {
	struct echo_server server;
	struct echo_load load;
};

/* The load's CPU is the second; there is room for so many descriptors. False: there is a note. */
bool echo_begin(struct batch *b, uint64_t descriptors);

bool echo_open(struct batch *b, struct echo_side *s, echo_serve *serve, unsigned connections, bool http);
void echo_close(struct echo_side *s);

/*
 * The CPU time of the server for a request, with so many connections, 0: connect, one request, close. Row 0: as a ratio to
 * that of `raw`, both having their turns one after the other; row 1: in microseconds. The note has requests per second and the
 * time of a round trip. Twice as many turns if `is_main`.
 */
void echo_compare(struct batch *b, echo_serve *raw, echo_serve *own, unsigned connections, bool http, bool is_main);

#endif
