/* SPDX-License-Identifier: MIT */
/*
 * Threads that never switch, on all workers but one: others make progress, wherever they were queued, and timers armed
 * on the hogged workers fire. A hog here spins until it is told to stop.
 */
#include "tests/support/support.h"

static shared stop, hogging;

static void *hog(void *arg)
{
	add(hogging, 1);
	while (!get(stop))
		weft__cpu_relax();
	return arg;
}

/* Spawn so many hogs, at once: each time the spawner has to be taken away from below the hog. */
static void start_hogs(weft_t *thread, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		thread[i] = spawn(NULL, hog, NULL);
	wait_until(get(hogging) == n);
}

static void stop_hogs(weft_t *thread, unsigned n)
{
	set(stop, 1);
	for (unsigned i = 0; i < n; i++)
		join(thread[i]);
	set(stop, 0);
	set(hogging, 0);
}

static void *busy(void *arg)
{
	for (int i = 0; i < 20; i++)
		weft_yield();
	weft_sleep(WEFT_US(100));
	return arg;
}

static void *others_run(void *arg)
{
	weft_t hogs[256], thread[100];
	unsigned n = weft_workers() - 1;
	start_hogs(hogs, n);
	for (int round = 0; round < 3; round++) {
		for (intptr_t i = 0; i < 100; i++)
			thread[i] = spawn(NULL, busy, (void *)i);
		for (intptr_t i = 0; i < 100; i++)
			check(join(thread[i]) == (void *)i);
	}
	check_eq(get(hogging), n);
	stop_hogs(hogs, n);
	return arg;
}

START_TEST(others_make_progress)
{
	struct weft_config config = workers_at_least(2);
	run_with(&config, others_run, NULL);
}
END_TEST

static shared woken;

static void *sleep_and_count(void *arg)
{
	weft_sleep((uint64_t)(uintptr_t)arg);
	add(woken, 1);
	return NULL;
}

/* Sleepers on every worker, then a hog on all but one. */
static void *timers_fire(void *arg)
{
	enum { N = 200 };
	weft_t hogs[256], thread[N];
	unsigned n = weft_workers() - 1;
	for (int round = 0; round < 3; round++) {
		for (uintptr_t i = 0; i < N; i++)
			thread[i] = spawn(NULL, sleep_and_count, (void *)(uintptr_t)(WEFT_MS(20) + i * WEFT_US(50)));
		start_hogs(hogs, n);
		wait_until(get(woken) == N);
		check_eq(get(hogging), n);
		stop_hogs(hogs, n);
		for (int i = 0; i < N; i++)
			join(thread[i]);
		set(woken, 0);
	}
	return arg;
}

START_TEST(timers_of_a_hogged_worker_fire)
{
	struct weft_config config = workers_at_least(2);
	run_with(&config, timers_fire, NULL);
}
END_TEST

/* What a hog has made runnable just before is taken from below it: the `next` slot, the ready lane, a continuation. */
static void *park_once(void *arg)
{
	check_eq(weft_park(), 0);
	add(woken, 1);
	return arg;
}

static void *wake_and_hog(void *arg)
{
	weft_t *thread = arg;
	for (int i = 0; thread[i]; i++)
		check_eq(weft_unpark(thread[i]), 0);
	return hog(arg);
}

static void *taken_from_below(void *arg)
{
	for (int n = 1; n <= 3; n++) {
		weft_t thread[4] = { WEFT_NONE };
		set(woken, 0);
		for (int i = 0; i < n; i++)
			thread[i] = spawn(NULL, park_once, NULL);
		weft_t one = spawn(NULL, wake_and_hog, thread);
		wait_until(get(woken) == (uint64_t)n);
		set(stop, 1);
		join(one);
		set(stop, 0);
		for (int i = 0; i < n; i++)
			join(thread[i]);
	}
	return arg;
}

START_TEST(nothing_stays_below_a_hog)
{
	struct weft_config config = workers_at_least(2);
	run_with(&config, taken_from_below, NULL);
}
END_TEST

/* With one worker a hog holds everybody up, and hands over when it yields. */
static void *yield_now_and_then(void *arg)
{
	for (uint64_t i = 0; !get(stop); i++)
		if (i % 1000 == 0)
			weft_yield();
	return arg;
}

static void *one_worker(void *arg)
{
	weft_t thread = spawn(NULL, yield_now_and_then, NULL);
	for (int i = 0; i < 100; i++)
		check(join(spawn(NULL, busy, arg)) == arg);
	set(stop, 1);
	join(thread);
	return arg;
}

START_TEST(a_hog_that_yields)
{
	struct weft_config config = workers_exactly(1);
	run_with(&config, one_worker, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { others_make_progress, timers_of_a_hogged_worker_fire, nothing_stays_below_a_hog,
				       a_hog_that_yields, NULL };
	return run_tests("system/hog", tests);
}
