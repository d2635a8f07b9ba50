/* SPDX-License-Identifier: MIT */
/* The chosen schedules themselves: they are all there is, each once; a seed replays one; and what goes wrong in one of them is found. */
#include "tests/schedule/schedule.h"

enum { THREADS = 3, STEPS = 2 };

static struct weft_event gate;
static char order[THREADS * STEPS + 1], *at;

static void *take_steps(void *arg)
{
	weft_event_wait(&gate);
	for (int i = 0; i < STEPS; i++) {
		*at++ = (char)('a' + (intptr_t)arg);
		perhaps_yield();
	}
	return NULL;
}

/* Begins when all are there, and ends when all have ended: nothing else is decided on. */
static void run_three(void *(*fn)(void *))
{
	weft_t thread[THREADS];
	gate = (struct weft_event)WEFT_EVENT_INIT;
	for (intptr_t i = 0; i < THREADS; i++)
		thread[i] = spawn(NULL, fn, (void *)i);
	weft_event_set(&gate);
	schedule.on = true;
	for (int i = 0; i < THREADS; i++)
		join(thread[i]);
	schedule.on = false;
}

enum { ORDERS_MAX = 1000 };

static char orders[ORDERS_MAX][sizeof order];
static size_t orders_seen;

static void note_order(void *arg)
{
	(void)arg;
	memset(order, 0, sizeof order);
	at = order;
	run_three(take_steps);
	for (size_t i = 0; i < orders_seen; i++)
		if (strcmp(orders[i], order) == 0)
			return;
	check(orders_seen < ORDERS_MAX);
	strcpy(orders[orders_seen++], order);
}

static void *count_orders(void *arg)
{
	uint64_t n = all_schedules(note_order, NULL, UINT64_MAX);
	printf("%llu schedules, %zu orders\n", (unsigned long long)n, orders_seen);
	check_eq(orders_seen, 90); /* 6! / 2!^3 */
	return arg;
}

START_TEST(all_orders_are_seen)
{
	run_by_choice(count_orders, NULL);
}
END_TEST

static void *replay(void *arg)
{
	uint64_t trace[3], seed = new_seed();
	for (int i = 0; i < 3; i++) {
		schedule.trace = 0;
		random_schedules(note_order, NULL, i < 2 ? seed : seed + 2, 50);
		trace[i] = schedule.trace;
	}
	check(trace[0] == trace[1]);
	check(trace[0] != trace[2]);
	return arg;
}

START_TEST(a_seed_replays)
{
	run_by_choice(replay, NULL);
}
END_TEST

/* Between the look and the step there is a wait: a few schedules of many let two in. */
static int inside, most;

static void *enter_badly(void *arg)
{
	weft_event_wait(&gate);
	if (inside)
		return arg;
	weft_yield();
	inside++;
	most = inside > most ? inside : most;
	weft_yield();
	inside--;
	return arg;
}

static uint64_t broken;

static void enter_once(void *arg)
{
	(void)arg;
	inside = most = 0;
	run_three(enter_badly);
	broken += most > 1;
}

static void *hunt(void *arg)
{
	uint64_t n = all_schedules(enter_once, NULL, 100000);
	printf("%llu of %llu schedules are broken\n", (unsigned long long)broken, (unsigned long long)n);
	check(broken > 0 && broken < n);
	return arg;
}

START_TEST(a_race_is_found)
{
	run_by_choice(hunt, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { all_orders_are_seen, a_seed_replays, a_race_is_found, NULL };
	return run_tests("schedule/schedule", tests);
}
