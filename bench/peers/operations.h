/* SPDX-License-Identifier: MIT */
/*
 * The operations of weft-bench over another library, in what C and C++ have in common. A driver defines, then includes
 * this file:
 *
 *	struct unit, struct seat; UNIT_INIT    what initialises the first, and an array of it
 *	unit_spawn(struct unit *, void *(*fn)(void *), void *arg), uintptr_t unit_join(struct unit *)
 *	unit_yield(), unit_sleep(ns)
 *	seat_make(struct seat *), seat_park(struct seat *), seat_unpark(struct seat *)
 *	units_make(n), units_free(p)        arrays of struct unit
 *	YIELD_LAPS, IN_FLIGHT, FIB_N, SKYNET_LEAVES, SLEEPERS    sizes
 */
#include <stdio.h>
#include <stdlib.h>

#include "peer.h"

static void *empty(void *arg)
{
	return arg;
}

/* yield-N: see bench_yield.c */

static struct track {
	struct batch *batch;
	uint64_t units, rounds, arrived, left, done;
	int go;
} track;

static void *yielder(void *arg)
{
	if (__atomic_add_fetch(&track.arrived, 1, __ATOMIC_SEQ_CST) == track.units) {
		batch_start(track.batch);
		__atomic_store_n(&track.go, 1, __ATOMIC_SEQ_CST);
	}
	while (!__atomic_load_n(&track.go, __ATOMIC_ACQUIRE))
		unit_yield();
	for (uint64_t i = 0; i < track.rounds; i++)
		unit_yield();
	__atomic_add_fetch(&track.done, track.rounds, __ATOMIC_RELAXED);
	if (__atomic_sub_fetch(&track.left, 1, __ATOMIC_SEQ_CST) == 0)
		batch_stop(track.batch);
	return arg;
}

static void yield_among(struct batch *b, uint64_t n)
{
	struct unit *units = units_make(n);

	while (batch_more(b)) {
		track.batch = b;
		track.units = track.left = n;
		track.rounds = b->ops / n;
		track.arrived = track.done = 0;
		__atomic_store_n(&track.go, 0, __ATOMIC_SEQ_CST);
		for (uint64_t i = 0; i < n; i++)
			unit_spawn(&units[i], yielder, NULL);
		for (uint64_t i = 0; i < n; i++)
			(void)unit_join(&units[i]);
		batch_check(b, track.done == b->ops, "not every yield was made");
	}
	units_free(units);
}

static void yield_2(struct batch *b)
{
	yield_among(b, 2);
}

static void yield_1000(struct batch *b)
{
	yield_among(b, 1000);
}

/* create, create-many: see bench_create.c */

static void create(struct batch *b)
{
	struct unit *unit = units_make(1);

	while (batch_more(b)) {
		uint64_t sum = 0;

		batch_start(b);
		for (uint64_t i = 0; i < b->ops; i++) {
			unit_spawn(unit, empty, (void *)1);
			sum += unit_join(unit);
		}
		batch_stop(b);
		batch_check(b, sum == b->ops, "not every unit ran");
	}
	units_free(unit);
}

static void create_many(struct batch *b)
{
	struct unit *units = units_make(IN_FLIGHT);

	batch_note(b, "size=%d", IN_FLIGHT);
	while (batch_more(b)) {
		uint64_t sum = 0;

		batch_start(b);
		for (uint64_t i = 0; i < b->ops; i++)
			unit_spawn(&units[i], empty, (void *)1);
		for (uint64_t i = 0; i < b->ops; i++)
			sum += unit_join(&units[i]);
		batch_stop(b);
		batch_check(b, sum == b->ops, "not every unit ran");
	}
	units_free(units);
}

/* pingpong: see bench_pingpong.c */

static struct seat seats[2];
static uint64_t trips;
static int table_stop;

static void *partner(void *arg)
{
	for (;;) {
		seat_park(&seats[1]);
		if (__atomic_load_n(&table_stop, __ATOMIC_RELAXED))
			return arg;
		trips++;
		seat_unpark(&seats[0]);
	}
}

static void pingpong(struct batch *b)
{
	struct unit *unit = units_make(1);

	seat_make(&seats[0]);
	seat_make(&seats[1]);
	unit_spawn(unit, partner, unit);
	while (batch_more(b)) {
		uint64_t before = trips;

		batch_start(b);
		for (uint64_t i = 0; i < b->ops; i++) {
			seat_unpark(&seats[1]);
			seat_park(&seats[0]);
		}
		batch_stop(b);
		batch_check(b, trips - before == b->ops, "the partner was not woken each time");
	}
	__atomic_store_n(&table_stop, 1, __ATOMIC_SEQ_CST);
	seat_unpark(&seats[1]);
	batch_check(b, unit_join(unit) == (uintptr_t)unit, "the partner was lost");
	units_free(unit);
}

/* fib: see bench_fib.c */

static void *fib(void *arg)
{
	uintptr_t n = (uintptr_t)arg, below;
	struct unit unit = UNIT_INIT;

	if (n < 2)
		return arg;
	unit_spawn(&unit, fib, (void *)(n - 1));
	below = (uintptr_t)fib((void *)(n - 2));
	return (void *)(below + unit_join(&unit));
}

static void fib_bench(struct batch *b)
{
	uint64_t f[2] = { 0, 1 };

	for (int i = 0; i < FIB_N; i++) {
		uint64_t sum = f[0] + f[1];

		f[0] = f[1];
		f[1] = sum;
	}
	b->step = b->max_ops = f[1] - 1;
	batch_note(b, "size=%d", FIB_N);
	while (batch_more(b)) {
		uintptr_t got;

		batch_start(b);
		got = (uintptr_t)fib((void *)(uintptr_t)FIB_N);
		batch_stop(b);
		batch_check(b, got == f[0], "wrong sum");
	}
}

/* skynet: see bench_skynet.c */

static void *skynet(void *arg)
{
	uint64_t first = (uintptr_t)arg >> 32, leaves = (uintptr_t)arg & UINT32_MAX, sum = 0;
	struct unit units[10] = UNIT_INIT;

	if (leaves == 1)
		return (void *)(uintptr_t)first;
	for (unsigned i = 0; i < 10; i++)
		unit_spawn(&units[i], skynet, (void *)(uintptr_t)((first + i * (leaves / 10)) << 32 | leaves / 10));
	for (unsigned i = 0; i < 10; i++)
		sum += unit_join(&units[i]);
	return (void *)(uintptr_t)sum;
}

static void skynet_bench(struct batch *b)
{
	struct unit *root = units_make(1);
	uint64_t leaves = SKYNET_LEAVES;

	batch_note(b, "size=%llu", (unsigned long long)(leaves * 10 - 1) / 9);
	while (batch_more(b)) {
		batch_start(b);
		unit_spawn(root, skynet, (void *)(uintptr_t)leaves);
		batch_check(b, unit_join(root) == leaves * (leaves - 1) / 2, "wrong sum");
		b->stopped = batch_now();
		batch_record(b, 0, (double)batch_elapsed(b) / 1e6);
	}
	units_free(root);
}

/* sleepers: see bench_sleepers.c, whose delays these are */

static uint64_t delay_of(uint64_t index)
{
	uint64_t z = 0x9e3779b97f4a7c15u * (index + 1);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (1 + (z ^ z >> 31) % 1000) * 1000000u;
}

static void *sleeper(void *arg)
{
	unit_sleep(delay_of((uintptr_t)arg));
	return arg;
}

static void sleepers(struct batch *b)
{
	struct unit *units = units_make(SLEEPERS);
	bool ok = true;
	struct timespec cpu;

	batch_note(b, "size=%d", SLEEPERS);
	(void)batch_more(b);
	batch_start(b);
	for (uint64_t i = 0; i < SLEEPERS; i++)
		unit_spawn(&units[i], sleeper, (void *)(uintptr_t)i);
	for (uint64_t i = 0; i < SLEEPERS; i++)
		ok = unit_join(&units[i]) == (uintptr_t)i && ok;
	b->stopped = batch_now();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	batch_record(b, 0, (double)batch_elapsed(b) / 1e6);
	batch_record(b, 1, (double)cpu.tv_sec * 1e3 + (double)cpu.tv_nsec / 1e6);
	batch_check(b, ok && batch_elapsed(b) >= 900000000u, "a unit was lost, or woke too early");
	units_free(units);
}

/* clang-format off */
#define OPERATIONS                                                                                                     \
	{ { "yield-2", NULL }, { "ns", NULL }, yield_2, 2 * YIELD_LAPS, false, false },                                \
	{ { "yield-1000", NULL }, { "ns", NULL }, yield_1000, 1000 * YIELD_LAPS, false, false },                       \
	{ { "create", NULL }, { "ns", NULL }, create, 1, false, false },                                               \
	{ { "create-many", NULL }, { "ns", NULL }, create_many, IN_FLIGHT, true, false },                              \
	{ { "pingpong", NULL }, { "ns", NULL }, pingpong, 1, false, false },                                           \
	{ { "fib", NULL }, { "ns", NULL }, fib_bench, 1, true, false },                                                \
	{ { "skynet", NULL }, { "ms", NULL }, skynet_bench, 1, true, false },                                           \
	{ { "sleepers-wall", "sleepers-cpu" }, { "ms", "ms" }, sleepers, 1, true, true },                              \
	{ { NULL, NULL }, { NULL, NULL }, NULL, 0, false, false }
/* clang-format on */
