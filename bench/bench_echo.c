/* SPDX-License-Identifier: MIT */
/*
 * echo-1 ... echo-9000: that many connections to an echo server, each with a request of 64 bytes under way. churn: connect, one
 * request, close. Figures: CPU time of the server for a request, as a ratio to a raw epoll server, both having their turns one
 * after the other; and in microseconds. http-100, http-1000: the same with an HTTP request, and the same answer for each.
 * idle-bytes: resident memory of a connection that has served a request. hog-p99: the time of a round trip beside threads that compute.
 */
#include <stdlib.h>
#include <string.h>

#include "echo_server.h"

static void echo(struct run *r)
{
	echo_compare(&r->batch, echo_serve_raw, echo_serve_by[r->model], (unsigned)r->size, false,
		     r->model == MODEL_GREEN);
}

static void http(struct run *r)
{
	echo_compare(&r->batch, echo_serve_raw_http, echo_serve_http_by[r->model], (unsigned)r->size, true,
		     r->model == MODEL_GREEN);
}

static void idle_bytes(struct run *r)
{
	struct echo_side idle;
	unsigned connections = (unsigned)r->size;

	if (!echo_begin(&r->batch, r->size) || !echo_open(&r->batch, &idle, echo_serve_by[r->model], 1, false))
		return;
	(void)echo_load_trip(&idle.load);

	uint64_t before = echo_server_resident(&idle.server);
	struct echo_load load;
	bool all = echo_load_open(&load, idle.server.port, connections, false);

	batch_check(&r->batch, all, "not all could connect");
	if (!all)
		return;
	echo_load_turn(&load, 0);
	batch_check(&r->batch, !load.failed, "not all bytes came back");
	batch_record(&r->batch, 0, (double)(echo_server_resident(&idle.server) - before) / connections);
	echo_load_close(&load);
	echo_close(&idle);
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

enum { TRIPS = 100 };

static void hog_p99(struct run *r)
{
	struct echo_side own;
	uint64_t took[TRIPS];

	if (!echo_begin(&r->batch, 1) || !echo_open(&r->batch, &own, echo_serve_by_hogged[r->model], 1, false))
		return;
	(void)echo_load_trip(&own.load);
	for (int i = 0; i < TRIPS; i++)
		took[i] = echo_load_trip(&own.load);
	qsort(took, TRIPS, sizeof(*took), ascending);
	batch_record(&r->batch, 0, (double)took[TRIPS * 99 / 100] / 1000);
	batch_check(&r->batch, !own.load.failed, "not all bytes came back");
	echo_close(&own);
}

#define ECHO "an echo server for a request, "
#define HTTP "an HTTP server for a request, "
#define BY_CONNECTIONS(id, name, n, green, pthread, fork, models)                                                      \
	const struct bench bench_##id = {                                                                              \
		.rows = { name, name },                                                                                \
		.units = { "ratio", "us" },                                                                            \
		.what = "CPU time of " models,                                                                         \
		.body = { green, pthread, fork },                                                                      \
		.size = { n, n, n },                                                                                   \
		.flags = BENCH_ONE_WORKER | BENCH_OUTSIDE | BENCH_COLD,                                                \
	}

BY_CONNECTIONS(echo_1, "echo-1", 1, echo, echo, echo, ECHO "1 connection; by raw epoll's");
BY_CONNECTIONS(echo_50, "echo-50", 50, echo, echo, echo, ECHO "50 connections; by raw epoll's");
BY_CONNECTIONS(echo_500, "echo-500", 500, echo, echo, echo, ECHO "500 connections; by raw epoll's");
BY_CONNECTIONS(echo_2000, "echo-2000", 2000, echo, echo, NULL, ECHO "2,000 connections; by raw epoll's");
BY_CONNECTIONS(echo_9000, "echo-9000", 9000, echo, NULL, NULL, ECHO "9,000 connections; by raw epoll's");
BY_CONNECTIONS(churn, "churn", 0, echo, echo, echo, ECHO "one connection after the other; by raw epoll's");
BY_CONNECTIONS(http_100, "http-100", 100, http, http, http, HTTP "100 connections; by raw epoll's");
BY_CONNECTIONS(http_1000, "http-1000", 1000, http, http, NULL, HTTP "1,000 connections; by raw epoll's");

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
	.waits = 1,
};
