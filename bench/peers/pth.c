/* SPDX-License-Identifier: MIT */
/* GNU Pth: one worker. Sizes are smaller: its scheduler looks at the clock and at every waiting thread at each switch.
 */
#include <pth.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define YIELD_LAPS 20
#define IN_FLIGHT 1000
#define FIB_N 16
#define SKYNET_LEAVES 1000
#define SLEEPERS 1000
#define STACK 65536
#define UNIT_INIT                                                                                                      \
	{                                                                                                              \
		0                                                                                                      \
	}

struct unit {
	pth_t thread;
};

struct seat {
	pth_mutex_t mutex;
	pth_cond_t cond;
	int permit;
};

static pth_attr_t attr;

static inline void unit_spawn(struct unit *unit, void *(*fn)(void *), void *arg)
{
	unit->thread = pth_spawn(attr, fn, arg);
}

static inline uintptr_t unit_join(struct unit *unit)
{
	void *result = NULL;

	return unit->thread && pth_join(unit->thread, &result) ? (uintptr_t)result : UINTPTR_MAX;
}

static inline void unit_yield(void)
{
	pth_yield(NULL);
}

static inline void unit_sleep(uint64_t ns)
{
	pth_usleep((unsigned)(ns / 1000) % 1000000u);
	if (ns >= 1000000000u)
		pth_sleep((unsigned)(ns / 1000000000u));
}

static inline void seat_make(struct seat *seat)
{
	pth_mutex_init(&seat->mutex);
	pth_cond_init(&seat->cond);
}

static inline void seat_park(struct seat *seat)
{
	pth_mutex_acquire(&seat->mutex, FALSE, NULL);
	while (!seat->permit)
		pth_cond_await(&seat->cond, &seat->mutex, NULL);
	seat->permit = 0;
	pth_mutex_release(&seat->mutex);
}

static inline void seat_unpark(struct seat *seat)
{
	pth_mutex_acquire(&seat->mutex, FALSE, NULL);
	seat->permit = 1;
	pth_cond_notify(&seat->cond, FALSE);
	pth_mutex_release(&seat->mutex);
}

#define units_make(n) ((struct unit *)calloc(n, sizeof(struct unit)))
#define units_free(p) free(p)

#include "operations.h"

const char *const peer_version = "GNU Pth " PTH_VERSION_STR;

void peer_enter(unsigned workers, void (*body)(struct batch *), struct batch *b)
{
	(void)workers;
	pth_init();
	attr = pth_attr_new();
	pth_attr_set(attr, PTH_ATTR_STACK_SIZE, STACK);
	body(b);
}

int main(int argc, char **argv)
{
	static const struct peer_bench benches[] = { OPERATIONS };

	return peer_main(argc, argv, benches, 1);
}
