/* SPDX-License-Identifier: MIT */
/*
 * echo-1 ... echo-9000: that many connections to an echo server, each with a request of 64 bytes under way. churn: connect, one
 * request, close. Figures: CPU time of the server for a request, as a ratio to a raw epoll server, both having their turns one
 * after the other; and in microseconds.
 * idle-bytes: resident memory of a connection that has served a request. hog-p99: the time of a round trip beside threads that compute.
 */
#include <stdlib.h>
#include <string.h>

#include "echo.h"
#include "system.h"

struct side {
	struct echo_server server;
	struct echo_load load;
};

static bool open_side(struct run *r, struct side *s, echo_serve *serve, unsigned connections)
{
	bool ok = echo_server_start(&s->server, serve) && echo_load_open(&s->load, s->server.port, connections);

	if (!ok)
		batch_fail(&r->batch, "server and connections: %s", strerror(errno));
	return ok;
}

static void close_side(struct side *s)
{
	echo_load_close(&s->load);
	echo_server_stop(&s->server);
}

/* CPU time in ns of a request. */
static double measure(struct side *s, uint64_t ns)
{
	uint64_t cpu = echo_server_cpu(&s->server), requests = s->load.requests;

	if (s->load.connections)
		echo_load_turn(&s->load, ns);
	else
		echo_load_churn(&s->load, ns);
	return (double)(echo_server_cpu(&s->server) - cpu) / (double)(s->load.requests - requests);
}

/* The first pair of turns warms up. Who comes second may pay for what the kernel has put off: so the two change places. */
static void compare(struct run *r, struct side *raw, struct side *own)
{
	uint64_t ns = 10000000 + 5000 * r->size;
	unsigned pairs = r->model == MODEL_GREEN ? 4 + 200000000 / (unsigned)ns : 2 + 60000000 / (unsigned)ns;

	for (unsigned i = 0; i <= pairs && !raw->load.failed && !own->load.failed; i++) {
		bool first = i % 2;
		double own_first = first ? measure(own, ns) : 0, base = measure(raw, ns);
		double cpu = first ? own_first : measure(own, ns);

		if (i == 0)
			continue;
		batch_record(&r->batch, 0, cpu / base);
		batch_record(&r->batch, 1, cpu / 1000);
	}
	batch_check(&r->batch, !raw->load.failed && !own->load.failed, "not all bytes came back");
}

static bool begin(struct run *r, uint64_t descriptors)
{
	system_pin_to(system_cpus() > 1);
	if (system_cpus() < 2)
		batch_note(&r->batch, "load and server on one CPU");
	return echo_descriptors(r, descriptors + 64) && batch_more(&r->batch);
}

static void echo(struct run *r)
{
	struct side raw, own;
	unsigned connections = (unsigned)r->size;

	if (!begin(r, 2 * r->size) || !open_side(r, &raw, echo_serve_raw, connections) ||
	    !open_side(r, &own, echo_serve_by[r->model], connections))
		return;
	compare(r, &raw, &own);
	close_side(&own);
	close_side(&raw);
}

static void idle_bytes(struct run *r)
{
	struct side idle;
	unsigned connections = (unsigned)r->size;

	if (!begin(r, r->size) || !open_side(r, &idle, echo_serve_by[r->model], 1))
		return;
	(void)echo_load_trip(&idle.load);

	uint64_t before = echo_server_resident(&idle.server);
	struct echo_load load;
	bool all = echo_load_open(&load, idle.server.port, connections);

	batch_check(&r->batch, all, "not all could connect");
	if (!all)
		return;
	echo_load_turn(&load, 0);
	batch_check(&r->batch, !load.failed, "not all bytes came back");
	batch_record(&r->batch, 0, (double)(echo_server_resident(&idle.server) - before) / connections);
	echo_load_close(&load);
	close_side(&idle);
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

enum { TRIPS = 100 };

static void hog_p99(struct run *r)
{
	struct side own;
	uint64_t took[TRIPS];

	if (!begin(r, 1) || !open_side(r, &own, echo_serve_by_hogged[r->model], 1))
		return;
	(void)echo_load_trip(&own.load);
	for (int i = 0; i < TRIPS; i++)
		took[i] = echo_load_trip(&own.load);
	qsort(took, TRIPS, sizeof(*took), ascending);
	batch_record(&r->batch, 0, (double)took[TRIPS * 99 / 100] / 1000);
	batch_check(&r->batch, !own.load.failed, "not all bytes came back");
	close_side(&own);
}

#define ECHO(id, name, n, pthread, fork, models)                                                                       \
	const struct bench bench_##id = {                                                                              \
		.rows = { name, name },                                                                                \
		.units = { "ratio", "us" },                                                                            \
		.what = "CPU time of an echo server for a request, " models,                                           \
		.body = { echo, pthread, fork },                                                                       \
		.size = { n, n, n },                                                                                   \
		.flags = BENCH_ONE_WORKER | BENCH_OUTSIDE | BENCH_COLD,                                                \
	}

ECHO(echo_1, "echo-1", 1, echo, echo, "1 connection; by raw epoll's");
ECHO(echo_50, "echo-50", 50, echo, echo, "50 connections; by raw epoll's");
ECHO(echo_500, "echo-500", 500, echo, echo, "500 connections; by raw epoll's");
ECHO(echo_2000, "echo-2000", 2000, echo, NULL, "2,000 connections; by raw epoll's");
ECHO(echo_9000, "echo-9000", 9000, NULL, NULL, "9,000 connections; by raw epoll's");
ECHO(churn, "churn", 0, echo, echo, "one connection after the other; by raw epoll's");

const struct bench bench_idle_bytes = {
	.rows = { "idle-bytes" },
	.units = { "bytes" },
	.what = "9,000 connections that have served a request: resident bytes of the server for each",
	.body = { idle_bytes, idle_bytes, idle_bytes },
	.size = { 9000, 1000, 200 },
	.flags = BENCH_ONE_WORKER | BENCH_OUTSIDE | BENCH_COLD,
};

const struct bench bench_hog_p99 = {
	.rows = { "hog-p99" },
	.units = { "us" },
	.what = "99th percentile of a round trip to an echo server, beside a thread that computes on each worker",
	.body = { hog_p99, hog_p99 },
	.flags = BENCH_ONE_WORKER | BENCH_OUTSIDE | BENCH_COLD,
};
