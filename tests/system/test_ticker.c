/* SPDX-License-Identifier: MIT */
/* Tickers: each tick on its grid, none early, those that passed counted; cancellation; periods at the ends of the range. */
#include "tests/support/support.h"

static const struct weft_attr *const kinds[] = { WEFT_GREEN, WEFT_BOUND };

/* How many ticks have passed by now is how many were waited for and missed. */
static void *keep_time(void *arg)
{
	uint64_t period = *(const uint64_t *)arg, missed = 12345, ticks = 0;
	struct weft_ticker ticker;
	uint64_t before = weft_now();
	check_eq(weft_ticker_start(&ticker, period), 0);
	uint64_t after = weft_now(), end = after + WEFT_MS(60);
	while (weft_now() < end) {
		check_eq(weft_ticker_wait(&ticker, &missed), 0);
		ticks += 1 + missed;
		check(weft_now() - before >= ticks * period);
		if (ticks % 8 == 0)
			weft_sleep(2 * period); /* so that some pass */
		else if (ticks % 8 == 3)
			weft_yield();
	}
	uint64_t called = weft_now();
	check_eq(weft_ticker_wait(&ticker, &missed), 0);
	ticks += 1 + missed;
	check(ticks >= (called - after) / period);
	check(ticks <= (weft_now() - before) / period);
	return NULL;
}

static void *keep_times(void *arg)
{
	static const uint64_t period[] = { 1, 999, WEFT_US(10), 65536, WEFT_US(500), WEFT_MS(3), WEFT_MS(20) };
	enum { N = sizeof period / sizeof *period };
	weft_t thread[2 * N];
	for (int i = 0; i < 2 * N; i++)
		thread[i] = spawn(kinds[i / N], keep_time, (void *)(uintptr_t)&period[i % N]);
	for (int i = 0; i < 2 * N; i++)
		join(thread[i]);
	return arg;
}

START_TEST(on_its_grid)
{
	static const uint64_t period = WEFT_MS(2);
	run(keep_times, NULL);
	keep_time((void *)(uintptr_t)&period); /* outside, with no runtime */
}
END_TEST

/* A tick that has passed does not wait, though others are runnable; and then as many as passed are missed. */
static void *count_misses(void *arg)
{
	struct weft_ticker ticker;
	uint64_t missed = 7;
	check_eq(weft_ticker_start(&ticker, WEFT_MS(5)), 0);
	uint64_t started = weft_now();
	weft_sleep_until(started + WEFT_MS(21));
	check_eq(weft_ticker_wait(&ticker, &missed), 0);
	check(missed >= 3);
	check(missed <= (weft_now() - started) / WEFT_MS(5));
	check_eq(weft_ticker_wait(&ticker, NULL), 0);
	check(weft_now() - started >= (missed + 2) * WEFT_MS(5) - WEFT_MS(1));
	return arg;
}

START_TEST(misses)
{
	run(count_misses, NULL);
}
END_TEST

static void *wait_canceled(void *arg)
{
	struct weft_ticker ticker;
	uint64_t missed = 77;
	check_eq(weft_ticker_start(&ticker, *(const uint64_t *)arg), 0);
	check_eq(weft_ticker_wait(&ticker, &missed), -ECANCELED);
	check_eq(weft_ticker_wait(&ticker, &missed), -ECANCELED);
	check_eq(missed, 77);
	check_eq(weft_ticker_start(&ticker, WEFT_MS(1)), 0);
	for (uint64_t until = weft_now() + WEFT_MS(2); weft_now() < until;)
		;
	check_eq(weft_ticker_wait(&ticker, &missed), 0); /* it need not wait */
	check(missed >= 1);
	return arg;
}

static void *cancel_them(void *arg)
{
	static const uint64_t period[] = {
		WEFT_FOREVER,	WEFT_FOREVER - 1,	 WEFT_FOREVER - 65536,	       UINT64_MAX / 2 + 1,
		UINT64_MAX / 2, (UINT64_C(1) << 48) + 1, (UINT64_C(1) << 31) * 1000000
	};
	enum { N = sizeof period / sizeof *period };
	weft_t thread[2 * N];
	for (int i = 0; i < 2 * N; i++)
		thread[i] = spawn(kinds[i / N], wait_canceled, (void *)(uintptr_t)&period[i % N]);
	weft_sleep(WEFT_MS(20));
	for (int i = 0; i < 2 * N; i++) {
		check_eq(weft_join_timeout(thread[i], NULL, 0), -ETIMEDOUT);
		check_eq(weft_cancel(thread[i]), 0);
		join(thread[i]);
	}
	return arg;
}

START_TEST(canceled)
{
	run(cancel_them, NULL);
}
END_TEST

START_TEST(errors)
{
	struct weft_ticker ticker = { { 0 } };
	ck_assert_int_eq(weft_ticker_wait(&ticker, NULL), -EINVAL);
	ck_assert_int_eq(weft_ticker_wait(NULL, NULL), -EINVAL);
	ck_assert_int_eq(weft_ticker_start(NULL, 1), -EINVAL);
	ck_assert_int_eq(weft_ticker_start(&ticker, 0), -EINVAL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { on_its_grid, misses, canceled, errors, NULL };
	return run_tests("system/ticker", tests);
}
