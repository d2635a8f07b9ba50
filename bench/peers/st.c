/* SPDX-License-Identifier: MIT */
/* State Threads: one worker. A yield is st_usleep(0): the library has no cheaper one. */
#include <st.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define YIELD_LAPS 20
#define IN_FLIGHT 10000
#define FIB_N 20
#define SKYNET_LEAVES 10000
#define SLEEPERS 100000
#define STACK 65536
#define UNIT_INIT                                                                                                      \
	{                                                                                                              \
		0                                                                                                      \
	}

struct unit {
	st_thread_t thread;
};

struct seat {
	st_cond_t cond;
	int permit;
};

static inline void unit_spawn(struct unit *unit, void *(*fn)(void *), void *arg)
{
	unit->thread = st_thread_create(fn, arg, 1, STACK);
}

static inline uintptr_t unit_join(struct unit *unit)
{
	void *result = NULL;

	return unit->thread && st_thread_join(unit->thread, &result) == 0 ? (uintptr_t)result : UINTPTR_MAX;
}

static inline void unit_yield(void)
{
	st_usleep(0);
}

static inline void unit_sleep(uint64_t ns)
{
	st_usleep(ns / 1000);
}

static inline void seat_make(struct seat *seat)
{
	seat->cond = st_cond_new();
}

static inline void seat_park(struct seat *seat)
{
	while (!seat->permit)
		st_cond_wait(seat->cond);
	seat->permit = 0;
}

static inline void seat_unpark(struct seat *seat)
{
	seat->permit = 1;
	st_cond_signal(seat->cond);
}

#define units_make(n) ((struct unit *)calloc(n, sizeof(struct unit)))
#define units_free(p) free(p)

#include "operations.h"

const char *const peer_version = "State Threads " ST_VERSION;

void peer_enter(unsigned workers, void (*body)(struct batch *), struct batch *b)
{
	(void)workers;
	st_set_eventsys(ST_EVENTSYS_ALT);
	if (st_init() != 0)
		batch_fail(b, "st_init failed");
	else
		body(b);
}

int main(int argc, char **argv)
{
	static const struct peer_bench benches[] = { OPERATIONS };

	return peer_main(argc, argv, benches, 1);
}
