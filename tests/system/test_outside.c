/* SPDX-License-Identifier: MIT */
/* Kernel threads that weft did not make: what they may do while a runtime runs, and what they are told when none does. */
#include "tests/support/support.h"

static void *same(void *arg)
{
	return arg;
}

static void *add_and_park(void *arg)
{
	add(*(shared *)arg, 1);
	check_eq(weft_park(), 0);
	add(*(shared *)arg, 1);
	return arg;
}

static void no_runtime(void)
{
	weft_t thread = 7;
	ck_assert_int_eq(weft_spawn(&thread, NULL, same, NULL), -EPERM);
	ck_assert_int_eq(weft_spawn(NULL, WEFT_BOUND, same, NULL), -EPERM);
	ck_assert_uint_eq(thread, 7);
	ck_assert_int_eq(weft_park(), -EPERM);
	ck_assert_int_eq(weft_park_timeout(1), -EPERM);
	ck_assert_int_eq(weft_name_set("x"), -EPERM);
	ck_assert_int_eq(weft_stop(), -EPERM);
	ck_assert_uint_eq(weft_workers(), 0);
	ck_assert_uint_eq(weft_self(), WEFT_NONE);
	ck_assert_int_eq(weft_yield(), 0);
	uint64_t before = weft_now();
	ck_assert_int_eq(weft_sleep(WEFT_MS(2)), 0);
	ck_assert_uint_ge(weft_now() - before, WEFT_MS(2));
	ck_assert_int_eq(weft_sleep_until(before), 0);
}

START_TEST(without_a_runtime)
{
	no_runtime();
	ck_assert_int_eq(weft_start(NULL), 0);
	weft_t thread = spawn(NULL, same, NULL);
	join(thread);
	ck_assert_int_eq(weft_park(), -EPERM); /* no thread of weft's, whether one runs or not */
	ck_assert_int_eq(weft_name_set("x"), -EPERM);
	ck_assert_int_eq(weft_stop(), 0);
	no_runtime();
	ck_assert_int_eq(weft_join(thread, NULL), -ESRCH);
	ck_assert_int_eq(weft_unpark(thread), -ESRCH);
}
END_TEST

static void *use_all(void *arg)
{
	shared n = 0;
	for (int i = 0; i < rounds(300); i++) {
		set(n, 0);
		weft_t thread = spawn(i % 8 ? WEFT_GREEN : WEFT_BOUND, add_and_park, &n);
		if (i & 1)
			wait_until(get(n) == 1);
		check_eq(weft_unpark(thread), 0);
		check(join(thread) == &n);
		check_eq(get(n), 2);
		check_eq(weft_spawn(NULL, NULL, same, NULL), 0);
	}
	return arg;
}

START_TEST(several_at_once)
{
	pthread_t thread[4];
	ck_assert_int_eq(weft_start(NULL), 0);
	for (int i = 0; i < 4; i++)
		thread[i] = outsider(use_all, NULL);
	use_all(NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	wait_until(weft_stop() == 0); /* of the detached ones somebody may still be alive */
}
END_TEST

static shared spawned;

static void *spawn_while_it_runs(void *arg)
{
	shared *stop = arg;
	while (!get(*stop)) {
		weft_t thread;
		int err = weft_spawn(&thread, NULL, same, &spawned);
		check(err == 0 || err == -EPERM);
		if (err == 0) {
			check(join(thread) == &spawned);
			add(spawned, 1);
		}
	}
	return NULL;
}

static void *some_yields(void *arg)
{
	for (int i = 0; i < 10; i++)
		weft_yield();
	return arg;
}

/* weft_run waits for their threads too, and returns when there is a moment without any. */
START_TEST(beside_weft_run)
{
	shared stop = 0;
	pthread_t thread = outsider(spawn_while_it_runs, &stop);
	for (int i = 0; i < rounds(200); i++)
		run(some_yields, NULL);
	ck_assert_int_eq(weft_start(NULL), 0);
	uint64_t before = get(spawned);
	wait_until(get(spawned) > before);
	set(stop, 1);
	pthread_join(thread, NULL);
	ck_assert_int_eq(weft_stop(), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { without_a_runtime, several_at_once, beside_weft_run, NULL };
	return run_tests("system/outside", tests);
}
