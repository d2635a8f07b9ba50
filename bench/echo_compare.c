/* SPDX-License-Identifier: MIT */
/* Two servers that take turns under the same load: echo.h. */
#include <errno.h>
#include <string.h>

#include "echo.h"
#include "system.h"

/*
 * A turn ends when all is answered, for the kernel tells the CPU time of a process that runs to a tick (4 ms), and exactly of one that
 * sleeps. So each begins with all connections asking at once, of a server that waits for all of them, which is not how it goes on.
 * It lasts for some eight requests of each connection, for the main server, that this weighs little.
 */
enum { WARM_NS = 2000000, TURN_NS = 10000000, MAIN_NS_EACH = 50000, OTHER_NS_EACH = 25000 };

bool echo_begin(struct batch *b, uint64_t descriptors)
{
	system_pin_to(system_cpus() > 1);
	if (system_cpus() < 2)
		batch_note(b, "load and server on one CPU");
	return echo_descriptors(b, descriptors + 64) && batch_more(b);
}

bool echo_open(struct batch *b, struct echo_side *s, echo_serve *serve, unsigned connections, bool http)
{
	bool ok = echo_server_start(&s->server, serve) && echo_load_open(&s->load, s->server.port, connections, http);

	if (!ok)
		batch_fail(b, "server and connections: %s", strerror(errno));
	return ok;
}

void echo_close(struct echo_side *s)
{
	echo_load_close(&s->load);
	echo_server_stop(&s->server);
}

static void turn(struct echo_side *s, uint64_t ns)
{
	if (s->load.connections)
		echo_load_turn(&s->load, ns);
	else
		echo_load_churn(&s->load, ns);
}

/* CPU time in ns of a request. A request of each connection or more comes before: what the other server has driven out of the caches
 * is back, as where a server is alone. */
static double measure(struct echo_side *s, uint64_t ns)
{
	uint64_t cpu, requests;

	turn(s, WARM_NS);
	cpu = echo_server_cpu(&s->server);
	requests = s->load.requests;
	turn(s, ns);
	return (double)(echo_server_cpu(&s->server) - cpu) / (double)(s->load.requests - requests);
}

static double per_second(const struct echo_load *l)
{
	return l->wall ? (double)l->requests * 1e9 / (double)l->wall : 0;
}

/* Who comes second may pay for what the kernel has put off: so the two change places. */
static void take_turns(struct batch *b, struct echo_side *raw, struct echo_side *own, uint64_t ns, unsigned pairs)
{
	turn(raw, ns / 10);
	turn(own, ns / 10);
	echo_load_reset(&raw->load);
	echo_load_reset(&own->load);
	for (unsigned i = 0; i < pairs && !raw->load.failed && !own->load.failed; i++) {
		bool first = i % 2;
		double own_first = first ? measure(own, ns) : 0, base = measure(raw, ns);
		double cpu = first ? own_first : measure(own, ns);

		batch_record(b, 0, cpu / base);
		batch_record(b, 1, cpu / 1000);
	}
	batch_check(b, !raw->load.failed && !own->load.failed, "not all bytes came back");
	if (!b->failed)
		batch_note(b, "%.0f/s, p50 %u us, p99 %u; raw epoll %.0f/s, p50 %u us, p99 %u", per_second(&own->load),
			   echo_load_percentile(&own->load, 50), echo_load_percentile(&own->load, 99),
			   per_second(&raw->load), echo_load_percentile(&raw->load, 50),
			   echo_load_percentile(&raw->load, 99));
}

void echo_compare(struct batch *b, echo_serve *raw_serve, echo_serve *own_serve, unsigned connections, bool http,
		  bool is_main)
{
	struct echo_side raw, own;
	uint64_t ns = TURN_NS + (is_main ? MAIN_NS_EACH : OTHER_NS_EACH) * (uint64_t)connections;
	unsigned pairs = is_main ? 4 + 200000000 / (unsigned)ns : 2 + 60000000 / (unsigned)ns;

	if (!echo_begin(b, 2 * (uint64_t)connections) || !echo_open(b, &raw, raw_serve, connections, http) ||
	    !echo_open(b, &own, own_serve, connections, http))
		return;
	take_turns(b, &raw, &own, ns, pairs);
	echo_close(&own);
	echo_close(&raw);
}
