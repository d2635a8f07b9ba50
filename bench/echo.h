/* SPDX-License-Identifier: MIT */
/*
 * Echo servers and a load for them. A server is a process of its own on the first CPU; the load is the calling process, on the
 * second where there is one. What counts is the CPU time of the server for each request, as a ratio to that of a raw epoll
 * server (bench/raw/epoll_server.h) that has its turns in between.
 */
#ifndef BENCH_ECHO_H
#define BENCH_ECHO_H

#include "harness.h"

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

typedef void echo_serve(int listener, struct echo_shared *shared);
extern echo_serve *const echo_serve_by[MODELS];
echo_serve echo_serve_raw;

/* The same beside threads that compute, one for each worker; green ones yield every millisecond. NULL: there is none. */
extern echo_serve *const echo_serve_by_hogged[MODELS];

/* False: errno says why. */
bool echo_server_start(struct echo_server *s, echo_serve *serve);
void echo_server_stop(struct echo_server *s);

/* CPU time in ns of all its processes; their resident bytes. */
uint64_t echo_server_cpu(const struct echo_server *s);
uint64_t echo_server_resident(const struct echo_server *s);

/* Connections to one server, in a closed loop: each sends 64 bytes, waits until they have come back, sends again. */
struct echo_load {
	uint16_t port;
	int epoll;
	unsigned connections;
	struct echo_connection *connection;
	uint64_t requests;
	bool failed; /* a connection was lost, or brought other bytes than were sent */
};

bool echo_load_open(struct echo_load *l, uint16_t port, unsigned connections);
void echo_load_close(struct echo_load *l);

/* For so long, and until all have their answer. */
void echo_load_turn(struct echo_load *l, uint64_t ns);

/* Connect, one request, close, one after the other. */
void echo_load_churn(struct echo_load *l, uint64_t ns);

/* One request on the first connection: how long it took. */
uint64_t echo_load_trip(struct echo_load *l);

/* Room for so many descriptors in this process and its children: false, and a note, if there is none. */
bool echo_descriptors(struct run *r, uint64_t count);

#endif
