/* SPDX-License-Identifier: MIT */
/* weft_sleep, weft_sleep_until, weft_now: never early, in order where far apart, many at once, and the ends of the range. */
#include "src/base/random.h"
#include "tests/support/support.h"

static void *lengths(void *arg)
{
	const uint64_t length[] = { 0, 1, WEFT_US(1), WEFT_US(65), WEFT_US(66), WEFT_MS(1), WEFT_MS(17), WEFT_MS(40) };
	for (size_t i = 0; i < sizeof length / sizeof *length; i++) {
		uint64_t before = weft_now();
		check_eq(weft_sleep(length[i]), 0);
		uint64_t after = weft_now();
		check(after - before >= length[i]);
		check_eq(weft_sleep_until(after + length[i]), 0);
		check(weft_now() >= after + length[i]);
		check_eq(weft_sleep_until(before), 0);
		check_eq(weft_sleep_until(0), 0);
	}
	return arg;
}

static void *lengths_of_all(void *arg)
{
	weft_t thread[20];
	for (int i = 0; i < 20; i++)
		thread[i] = spawn(i % 4 ? WEFT_GREEN : WEFT_BOUND, lengths, NULL);
	lengths(arg);
	for (int i = 0; i < 20; i++)
		join(thread[i]);
	return arg;
}

START_TEST(never_early)
{
	lengths(NULL);
	run(lengths_of_all, NULL);
}
END_TEST

struct sleeper {
	uint64_t length;
	uint64_t woke;
};

static void *sleep_once(void *arg)
{
	struct sleeper *s = arg;
	uint64_t before = weft_now();
	weft_sleep(s->length);
	s->woke = weft_now();
	check(s->woke - before >= s->length);
	return NULL;
}

enum { MANY = 5000 };

static void *sleep_many(void *arg)
{
	uint64_t random = *(uint64_t *)arg;
	static struct sleeper sleeper[MANY];
	static weft_t thread[MANY];
	for (int i = 0; i < rounds(MANY); i++) {
		sleeper[i].length = weft__random_next(&random) % (i % 2 ? WEFT_MS(300) : WEFT_MS(3));
		thread[i] = spawn(NULL, sleep_once, &sleeper[i]);
	}
	for (int i = 0; i < rounds(MANY); i++)
		join(thread[i]);
	return NULL;
}

START_TEST(many)
{
	uint64_t seed = new_seed();
	run(sleep_many, &seed);
}
END_TEST

static void *far_apart(void *arg)
{
	struct sleeper sleeper[5];
	weft_t thread[5];
	for (int i = 4; i >= 0; i--) {
		sleeper[i].length = WEFT_MS(60) * (uint64_t)i;
		thread[i] = spawn(NULL, sleep_once, &sleeper[i]);
	}
	for (int i = 0; i < 5; i++)
		join(thread[i]);
	for (int i = 1; i < 5; i++)
		check(sleeper[i].woke > sleeper[i - 1].woke);
	return arg;
}

START_TEST(in_order)
{
	struct weft_config config = workers_exactly(1);
	run_with(&config, far_apart, NULL);
}
END_TEST

/* One that waits for ever on another's wheel disturbs nobody, and can be woken at any time. */
static void *wait_long(void *arg)
{
	check_eq(weft_park_timeout(*(const uint64_t *)arg), 0);
	return NULL;
}

static void *ends_of_the_range(void *arg)
{
	static const uint64_t limit[] = {
		WEFT_FOREVER,	  WEFT_FOREVER - 1, UINT64_MAX / 2, UINT64_C(1) << 48, (UINT64_C(1) << 31) * 1000000,
		WEFT_S(3600 * 24)
	};
	enum { N = sizeof limit / sizeof *limit };
	weft_t thread[N];
	for (int i = 0; i < N; i++)
		thread[i] = spawn(NULL, wait_long, (void *)(uintptr_t)&limit[i]);
	lengths(NULL);
	for (int i = 0; i < N; i++)
		check_eq(weft_join_timeout(thread[i], NULL, WEFT_US(100)), -ETIMEDOUT);
	for (int i = 0; i < N; i++) {
		check_eq(weft_unpark(thread[i]), 0);
		join(thread[i]);
	}
	return arg;
}

START_TEST(for_ever)
{
	run(ends_of_the_range, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { never_early, many, in_order, for_ever, NULL };
	return run_tests("system/sleep", tests);
}
