/* SPDX-License-Identifier: MIT */
/*
 * Ten years of virtual time in a runtime: threads sleep, park and wait for tickers, each for any length from 1 ns to the end of the
 * clock's 64 bits, while the clock jumps. None wakes early, none is a tick late, and no ticker drifts. At the end those that
 * still sleep are canceled.
 */
#include "src/base/random.h"
#include "tests/support/virtual_clock.h"

enum { SLEEPERS = 300, TICKERS = 20, SETTLE = 4 };

static struct sleeper {
	uint64_t random;
	uint64_t deadline; /* what it sleeps until; WEFT__NEVER: it does not */
	uint64_t sleeps;
} sleepers[SLEEPERS];

static struct ticking {
	uint64_t period;
	uint64_t start;
	uint64_t ticks, missed;
} tickings[TICKERS];

static uint64_t seed;

static int sleep_for(struct sleeper *s)
{
	uint64_t length = any_length(&s->random), way = at_random(&s->random, 4);
	s->deadline = weft__os_after(length);
	if (way == 0)
		return weft_sleep_until(s->deadline);
	if (way == 1)
		return weft_sleep(length);
	int err = weft_park_timeout(length);
	return err == -ETIMEDOUT ? 0 : err;
}

static void *sleep_on(void *arg)
{
	struct sleeper *s = arg;
	int err;
	while ((err = sleep_for(s)) == 0) {
		check(weft_now() >= s->deadline);
		s->sleeps++;
	}
	s->deadline = WEFT__NEVER;
	check_eq(err, -ECANCELED);
	return NULL;
}

static void *tick_on(void *arg)
{
	struct ticking *t = arg;
	struct weft_ticker ticker;
	uint64_t missed;
	int err;
	t->start = weft_now();
	check_eq(weft_ticker_start(&ticker, t->period), 0);
	while ((err = weft_ticker_wait(&ticker, &missed)) == 0) {
		t->ticks++;
		t->missed += missed;
		check_eq(t->ticks + t->missed, (weft_now() - t->start) / t->period);
	}
	check_eq(err, -ECANCELED);
	return NULL;
}

static uint64_t earliest(void)
{
	uint64_t least = WEFT__NEVER;
	for (int i = 0; i < SLEEPERS; i++)
		if (sleepers[i].deadline < least)
			least = sleepers[i].deadline;
	return least;
}

/* Whoever is due has run after a few yields. */
static void jump(uint64_t now)
{
	set(virtual_now, now);
	for (int i = 0; i < SETTLE; i++)
		weft_yield();
	uint64_t least = earliest();
	check(least > now || now - least < TICK - 1);
	for (int i = 0; i < TICKERS; i++) {
		const struct ticking *t = &tickings[i];
		uint64_t due = now - t->start >= TICK ? (now - t->start - TICK) / t->period : 0;
		check(t->ticks + t->missed >= due);
	}
}

static void live_through(uint64_t length)
{
	weft_t thread[SLEEPERS + TICKERS];
	uint64_t end = length > LAST_TIME - weft_now() ? LAST_TIME : weft_now() + length;
	for (int i = 0; i < SLEEPERS; i++) {
		sleepers[i] = (struct sleeper){ .random = weft__random_next(&seed) | 1 };
		thread[i] = spawn(NULL, sleep_on, &sleepers[i]);
	}
	for (int i = 0; i < TICKERS; i++) {
		uint64_t period = i < 10 ? WEFT_S(3600) * (uint64_t)(1 + i * i) : any_length(&seed);
		tickings[i] = (struct ticking){ .period = period ? period : 1 };
		thread[SLEEPERS + i] = spawn(NULL, tick_on, &tickings[i]);
	}
	while (weft_now() < end)
		jump(next_time(&seed, earliest()));
	for (int i = 0; i < SLEEPERS + TICKERS; i++)
		check_eq(weft_cancel(thread[i]), 0);
	for (int i = 0; i < SLEEPERS + TICKERS; i++)
		join(thread[i]);
}

static void *ten_years_in_it(void *arg)
{
	uint64_t sleeps = 0;
	for (int i = 0; i < rounds(20); i++) {
		live_through(10 * YEAR);
		for (int k = 0; k < SLEEPERS; k++)
			sleeps += sleepers[k].sleeps;
	}
	printf("%llu sleeps; a ticker of 1 hour: %llu ticks, %llu missed\n", (unsigned long long)sleeps,
	       (unsigned long long)tickings[0].ticks, (unsigned long long)tickings[0].missed);
	check(sleeps > SLEEPERS);
	return arg;
}

static void in_virtual_time(void *(*fn)(void *))
{
	struct weft_config config = one_worker_alone();
	weft__tune.fair_period = 1; /* look for timers at each dispatch */
	weft__tune.spin_ns = 0;	    /* the clock stands while a worker looks for work */
	run_with(&config, fn, NULL);
}

START_TEST(ten_years)
{
	seed = new_seed();
	in_virtual_time(ten_years_in_it);
}
END_TEST

static void *to_the_end_in_it(void *arg)
{
	live_through(WEFT__NEVER);
	return arg;
}

START_TEST(the_end_of_time)
{
	seed = new_seed();
	for (unsigned bits = 18; bits < 60; bits++) {
		set(virtual_now, LAST_TIME - ((uint64_t)1 << bits));
		in_virtual_time(to_the_end_in_it);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { ten_years, the_end_of_time, NULL };
	set_to_real_time();
	return run_tests("system/years", tests);
}
