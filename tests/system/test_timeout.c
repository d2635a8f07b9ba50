/* SPDX-License-Identifier: MIT */
/* weft_join_timeout and weft_park_timeout: the limit holds, and who comes at the very moment of the limit is not lost. */
#include "src/base/random.h"
#include "tests/support/support.h"

static const struct weft_attr *const kinds[] = { WEFT_GREEN, WEFT_BOUND };

static void *sleep_for(void *arg)
{
	weft_sleep((uint64_t)(uintptr_t)arg);
	return arg;
}

static void *join_at_the_limit(void *arg)
{
	uint64_t random = *(uint64_t *)arg, in_time = 0, late = 0;
	for (int i = 0; i < rounds(600); i++) {
		uintptr_t length = (uintptr_t)(weft__random_next(&random) % WEFT_US(300));
		uint64_t limit = length / 2 + weft__random_next(&random) % WEFT_US(300), before = weft_now();
		weft_t thread = spawn(kinds[i % 8 == 0], sleep_for, (void *)length);
		void *result = NULL;
		int err = weft_join_timeout(thread, &result, limit);
		if (err == -ETIMEDOUT) {
			late++;
			check(weft_now() - before >= limit);
			check(result == NULL);
			check(join(thread) == (void *)length);
		} else {
			in_time++;
			check_eq(err, 0);
			check(result == (void *)length);
		}
		check_eq(weft_join_timeout(thread, NULL, 0), -ESRCH);
	}
	printf("in time %d, late %d\n", (int)in_time, (int)late);
	return NULL;
}

static void *join_from_both(void *arg)
{
	weft_t bound = spawn(WEFT_BOUND, join_at_the_limit, arg);
	join_at_the_limit(arg);
	join(bound);
	return NULL;
}

START_TEST(join_races_with_its_limit)
{
	uint64_t seed = new_seed();
	run(join_from_both, &seed);
}
END_TEST

/* Each permit given is taken once, or merges with one that is there; a wait that fails leaves none behind. */
struct pair {
	weft_t taker;
	shared given, stop;
};

static void *take(void *arg)
{
	struct pair *pair = arg;
	uint64_t taken = 0, random = 12345;
	while (!get(pair->stop)) {
		int err = weft_park_timeout(weft__random_next(&random) % WEFT_US(150));
		check(err == 0 || err == -ETIMEDOUT);
		if (err == 0) {
			taken++;
			check(taken <= get(pair->given)); /* as many as were given, or fewer */
		}
	}
	return (void *)(uintptr_t)taken;
}

static void *give(void *arg)
{
	struct pair *pair = arg;
	uint64_t random = 54321;
	for (int i = 0; i < rounds(1000); i++) {
		add(pair->given, 1);
		check_eq(weft_unpark(pair->taker), 0);
		weft_sleep(weft__random_next(&random) % WEFT_US(150));
	}
	return NULL;
}

static void *permits_at_the_limit(void *arg)
{
	for (int kind = 0; kind < 4; kind++) {
		struct pair pair = { .given = 0 };
		pair.taker = spawn(kinds[kind & 1], take, &pair);
		join(spawn(kinds[kind >> 1], give, &pair));
		set(pair.stop, 1);
		check((uintptr_t)join(pair.taker) > 0);
	}
	return arg;
}

START_TEST(unpark_races_with_the_limit)
{
	run(permits_at_the_limit, NULL);
}
END_TEST

static void *limits(void *arg)
{
	(void)arg;
	for (uint64_t limit = 0; limit < WEFT_MS(5); limit += WEFT_US(733)) {
		uint64_t before = weft_now();
		check_eq(weft_park_timeout(limit), -ETIMEDOUT);
		check(weft_now() - before >= limit);
	}
	check_eq(weft_unpark(weft_self()), 0);
	check_eq(weft_park_timeout(0), 0);
	check_eq(weft_unpark(weft_self()), 0);
	check_eq(weft_park_timeout(WEFT_FOREVER), 0);
	check_eq(weft_unpark(weft_self()), 0);
	check_eq(weft_park_timeout(WEFT_FOREVER - 1), 0);
	check_eq(weft_park_timeout(1), -ETIMEDOUT);
	return NULL;
}

static void *limits_of_both(void *arg)
{
	join(spawn(WEFT_BOUND, limits, NULL));
	return limits(arg);
}

START_TEST(limits_hold)
{
	ck_assert_int_eq(weft_park_timeout(1), -EPERM);
	run(limits_of_both, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { join_races_with_its_limit, unpark_races_with_the_limit, limits_hold, NULL };
	return run_tests("system/timeout", tests);
}
