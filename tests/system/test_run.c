/* SPDX-License-Identifier: MIT */
/* weft_run, weft_start, weft_stop: results, errors, awkward moments, and doing it again and again. */
#include "tests/support/support.h"

static void *same(void *arg)
{
	return arg;
}

static void *count(void *arg)
{
	add(*(shared *)arg, 1);
	return NULL;
}

static void *count_late(void *arg)
{
	for (int i = 0; i < 10; i++)
		weft_yield();
	weft_sleep(WEFT_MS(1));
	return count(arg);
}

static void *leave_many(void *arg)
{
	for (int i = 0; i < 100; i++)
		check_eq(weft_spawn(NULL, NULL, i % 2 ? count : count_late, arg), 0);
	return arg;
}

START_TEST(run_returns_what_fn_returned)
{
	int here;
	ck_assert_uint_eq(weft_workers(), 0);
	ck_assert_ptr_eq(run(same, &here), &here);
	ck_assert_ptr_null(run(same, NULL));
	ck_assert_int_eq(weft_run(NULL, same, NULL, NULL), 0);
}
END_TEST

START_TEST(run_waits_for_all_threads)
{
	for (int i = 0; i < 20; i++) {
		shared n = 0;
		run(leave_many, &n);
		check_eq(get(n), 100);
	}
}
END_TEST

START_TEST(run_many_times)
{
	for (intptr_t i = 0; i < rounds(300); i++)
		check(run(same, (void *)i) == (void *)i);
}
END_TEST

static void *see_workers(void *arg)
{
	*(unsigned *)arg = weft_workers();
	return NULL;
}

START_TEST(configured_workers_are_told)
{
	for (unsigned n = 1; n <= 4; n++) {
		unsigned seen = 0;
		struct weft_config config = workers_exactly(n);
		run_with(&config, see_workers, &seen);
		ck_assert_uint_eq(seen, n);
	}
}
END_TEST

static void *nested(void *arg)
{
	check_eq(weft_run(NULL, same, NULL, NULL), -EDEADLK);
	check_eq(weft_start(NULL), -EDEADLK);
	check_eq(weft_stop(), -EDEADLK);
	return arg;
}

static void *from_elsewhere(void *arg)
{
	check_eq(weft_run(NULL, same, NULL, NULL), -EALREADY);
	check_eq(weft_start(NULL), -EALREADY);
	check_eq(weft_stop(), -EPERM); /* weft_run started it */
	set(*(shared *)arg, 1);
	return NULL;
}

static void *refuse_all(void *arg)
{
	shared done = 0;
	nested(arg);
	join(spawn(WEFT_BOUND, nested, NULL));
	pthread_t thread = outsider(from_elsewhere, &done);
	wait_until(get(done));
	pthread_join(thread, NULL);
	return arg;
}

START_TEST(a_second_runtime_is_refused)
{
	ck_assert_int_eq(weft_run(NULL, NULL, NULL, NULL), -EINVAL);
	ck_assert_int_eq(weft_stop(), -EPERM);
	run(refuse_all, NULL);
	ck_assert_int_eq(weft_start(NULL), 0);
	ck_assert_int_eq(weft_start(NULL), -EALREADY);
	ck_assert_int_eq(weft_run(NULL, same, NULL, NULL), -EALREADY);
	join(spawn(NULL, nested, NULL));
	ck_assert_int_eq(weft_stop(), 0);
	ck_assert_int_eq(weft_stop(), -EPERM);
}
END_TEST

static void *park(void *arg)
{
	check_eq(weft_park(), 0);
	return arg;
}

START_TEST(stop_is_refused_while_threads_live)
{
	const struct weft_attr *const kinds[] = { WEFT_GREEN, WEFT_BOUND };
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(weft_start(NULL), 0);
		ck_assert_uint_gt(weft_workers(), 0);
		weft_t thread = spawn(kinds[i], park, NULL);
		for (int n = 0; n < 100; n++)
			check_eq(weft_stop(), -EBUSY);
		ck_assert_int_eq(weft_unpark(thread), 0);
		join(thread);
		ck_assert_int_eq(weft_stop(), 0); /* at once: a joined thread is not alive */
		ck_assert_uint_eq(weft_workers(), 0);
	}
}
END_TEST

START_TEST(start_spawn_join_stop_many_times)
{
	for (intptr_t i = 0; i < rounds(300); i++) {
		check_eq(weft_start(NULL), 0);
		for (intptr_t n = 0; n < i % 5; n++) {
			check(join(spawn(NULL, same, (void *)n)) == (void *)n);
			check(join(spawn(WEFT_BOUND, same, (void *)n)) == (void *)n);
		}
		check_eq(weft_stop(), 0);
	}
}
END_TEST

static shared stop_starting, started, stopped;

static void *start_and_stop(void *arg)
{
	while (!get(stop_starting)) {
		int err = weft_start(NULL);
		check(err == 0 || err == -EALREADY);
		add(started, err == 0);
		err = weft_stop();
		check(err == 0 || err == -EPERM || err == -EBUSY);
		add(stopped, err == 0);
	}
	return arg;
}

/* Whoever gets a spawn in gets its thread run, whatever others do to the runtime. */
START_TEST(start_and_stop_race_with_spawns)
{
	pthread_t thread[2];
	shared n = 0;
	uint64_t spawned = 0;
	for (int i = 0; i < 2; i++)
		thread[i] = outsider(start_and_stop, NULL);
	while (spawned < (uint64_t)rounds(300)) {
		weft_t one;
		int err = weft_spawn(&one, NULL, count, &n);
		check(err == 0 || err == -EPERM);
		if (err)
			continue;
		check_eq(weft_join(one, NULL), 0);
		check_eq(get(n), ++spawned);
	}
	set(stop_starting, 1);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	if (weft_workers()) {
		check_eq(weft_stop(), 0);
		add(stopped, 1);
	}
	ck_assert_uint_eq(get(started), get(stopped));
}
END_TEST

START_TEST(version)
{
	char text[32];
	snprintf(text, sizeof text, "%d.%d.%d", WEFT_VERSION_MAJOR, WEFT_VERSION_MINOR, WEFT_VERSION_PATCH);
	ck_assert_str_eq(weft_version(), text);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { run_returns_what_fn_returned,
				       run_waits_for_all_threads,
				       run_many_times,
				       configured_workers_are_told,
				       a_second_runtime_is_refused,
				       stop_is_refused_while_threads_live,
				       start_spawn_join_stop_many_times,
				       start_and_stop_race_with_spawns,
				       version,
				       NULL };
	return run_tests("system/run", tests);
}
