/* SPDX-License-Identifier: MIT */
/*
 * weft-instructions: each hot path some times, on one worker, for callgrind to count the instructions (tests/support/instructions.sh).
 * A path is run FEW times, then MANY times; after each a dump is named "PATH-few" or "PATH-many". The difference by MANY - FEW is the
 * path's: what there is around it is gone.
 */
#include <stdio.h>
#include <stdlib.h>

#include <weft.h>

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_DUMP_STATS_AT(name) (void)(name)
#endif

#define FEW 1000u
#define MANY 3000u

static struct weft_mutex mutex;
static struct weft_sem sem;
static struct weft_rwlock rwlock;
static struct weft_chan *buffered, *unbuffered[2];
static weft_local_t key;
static weft_t first;

static void *nothing(void *arg)
{
	return arg;
}

/* Partners: they do their half n times. */

static void *yielder(void *arg)
{
	for (unsigned i = 0; i < *(unsigned *)arg; i++)
		(void)weft_yield();
	return arg;
}

static void *parker(void *arg)
{
	for (unsigned i = 0; i < *(unsigned *)arg; i++) {
		(void)weft_park();
		(void)weft_unpark(first);
	}
	return arg;
}

static void *echoer(void *arg)
{
	uint64_t element = 0;

	for (unsigned i = 0; i < *(unsigned *)arg; i++) {
		(void)weft_chan_recv(unbuffered[0], &element);
		(void)weft_chan_send(unbuffered[1], &element);
	}
	return arg;
}

/* The paths: n times. */

static void yield_two(unsigned n)
{
	weft_t partner;

	if (weft_spawn(&partner, WEFT_GREEN, yielder, &n) != 0)
		abort();
	for (unsigned i = 0; i < n; i++)
		(void)weft_yield();
	(void)weft_join(partner, NULL);
}

static void spawn_join(unsigned n)
{
	weft_t thread;

	for (unsigned i = 0; i < n; i++) {
		if (weft_spawn(&thread, WEFT_GREEN, nothing, NULL) != 0)
			abort();
		(void)weft_join(thread, NULL);
	}
}

static void park_round_trip(unsigned n)
{
	weft_t partner;

	first = weft_self();
	if (weft_spawn(&partner, WEFT_GREEN, parker, &n) != 0)
		abort();
	for (unsigned i = 0; i < n; i++) {
		(void)weft_unpark(partner);
		(void)weft_park();
	}
	(void)weft_join(partner, NULL);
}

static void mutex_pair(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		(void)weft_mutex_lock(&mutex);
		(void)weft_mutex_unlock(&mutex);
	}
}

static void sem_pair(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		(void)weft_sem_release(&sem, 1);
		(void)weft_sem_acquire(&sem);
	}
}

static void rwlock_read_pair(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		(void)weft_rwlock_rdlock(&rwlock);
		(void)weft_rwlock_unlock(&rwlock);
	}
}

static void chan_buffered(unsigned n)
{
	uint64_t element = 0;

	for (unsigned i = 0; i < n; i++) {
		(void)weft_chan_send(buffered, &element);
		(void)weft_chan_recv(buffered, &element);
	}
}

static void chan_round_trip(unsigned n)
{
	uint64_t element = 0;
	weft_t partner;

	if (weft_spawn(&partner, WEFT_GREEN, echoer, &n) != 0)
		abort();
	for (unsigned i = 0; i < n; i++) {
		(void)weft_chan_send(unbuffered[0], &element);
		(void)weft_chan_recv(unbuffered[1], &element);
	}
	(void)weft_join(partner, NULL);
}

static void select_ready(unsigned n)
{
	uint64_t element = 0;
	struct weft_case cases[2] = { { .chan = buffered, .element = &element, .kind = WEFT_SEND },
				      { .chan = unbuffered[0], .element = &element, .kind = WEFT_RECV } };

	for (unsigned i = 0; i < n; i++) {
		(void)weft_select(cases, 2);
		(void)weft_chan_tryrecv(buffered, &element);
	}
}

static void local_get(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		(void)weft_local_get(key);
}

static const struct {
	const char *name;
	void (*run)(unsigned n);
} paths[] = {
	{ "yield-2", yield_two },
	{ "spawn-join", spawn_join },
	{ "park-round-trip", park_round_trip },
	{ "mutex", mutex_pair },
	{ "sem", sem_pair },
	{ "rwlock-read", rwlock_read_pair },
	{ "chan-buffered", chan_buffered },
	{ "chan-round-trip", chan_round_trip },
	{ "select-trysend", select_ready },
	{ "local-get", local_get },
};

/* The name has to be there when the dump is written: static. */
static void measure(const char *name, void (*run)(unsigned n), unsigned n, const char *suffix)
{
	static char title[64];

	snprintf(title, sizeof(title), "%s%s", name, suffix);
	CALLGRIND_ZERO_STATS;
	run(n);
	CALLGRIND_DUMP_STATS_AT(title);
}

static void *all(void *arg)
{
	if (weft_chan_create(&buffered, sizeof(uint64_t), 8) != 0 ||
	    weft_chan_create(&unbuffered[0], sizeof(uint64_t), 0) != 0 ||
	    weft_chan_create(&unbuffered[1], sizeof(uint64_t), 0) != 0 || weft_local_create(&key, NULL) != 0)
		abort();
	(void)weft_local_set(key, arg);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		paths[i].run(FEW); /* warm */
		measure(paths[i].name, paths[i].run, FEW, "-few");
		measure(paths[i].name, paths[i].run, MANY, "-many");
	}
	return arg;
}

int main(void)
{
	struct weft_config config = WEFT_CONFIG_INIT;

	if (weft_config_set_workers(&config, 1) != 0)
		return 1;
	return weft_run(&config, all, &config, NULL) == 0 ? 0 : 1;
}
