/* SPDX-License-Identifier: MIT */
/*
 * The poller on io_uring: what runs; a ring of two entries that overflows all the time; threads that end, and the requests that end
 * with them; what a close gives back at once. What is said when it cannot be had: test_refused.
 */
#include "tests/support/io.h"

static struct weft_io_features features;

static int on_uring(void)
{
	check_eq(setenv("WEFT_IO", "uring", 1), 0);
	check_eq(weft_io_features(&features), 0);
	if (features.uring_error)
		printf("skipped: no io_uring here, error %d\n", -features.uring_error);
	return features.uring_error == 0;
}

static void *write_later(void *arg)
{
	weft_sleep(WEFT_MS(2));
	check_eq(weft_write((int)(intptr_t)arg, "x", 1), 1);
	return NULL;
}

static void *wait_once(void *arg)
{
	struct pair p = make_pair(PIPE);
	char data;
	check_eq(weft_read_timeout(p.out, &data, 1, WEFT_US(1)), -ETIMEDOUT); /* it has to wait */
	weft_t writer = spawn(NULL, write_later, (void *)(intptr_t)p.in);
	check_eq(weft_read(p.out, &data, 1), 1);
	join(writer);
	close_pair(p);
	return arg;
}

START_TEST(what_runs)
{
	struct weft_config config = WEFT_CONFIG_INIT;
	ck_assert_int_eq(weft_io_features(NULL), -EINVAL);
	if (!on_uring())
		return;
	run(wait_once, NULL);
	ck_assert_int_eq(weft_io_features(&features), 0);
	ck_assert_int_eq(features.poller, WEFT_IO_URING);
	ck_assert_uint_gt(features.uring_last_op, 6);
	check_eq(weft_config_set_io(&config, WEFT_IO_EPOLL), 0);
	run_with(&config, wait_once, NULL);
	ck_assert_int_eq(weft_io_features(&features), 0);
	ck_assert_int_eq(features.poller, WEFT_IO_EPOLL);
}
END_TEST

/* --- a ring of two --- */

enum { PIPES = 40 };

static void *echo(void *arg)
{
	struct pair *p = arg;
	char data;
	for (int i = 0; i < rounds(200); i++) {
		check_eq(weft_read(p[0].out, &data, 1), 1);
		check_eq(weft_write(p[1].in, &data, 1), 1);
	}
	return NULL;
}

static void *converse(void *arg)
{
	struct pair p[PIPES][2];
	weft_t threads[PIPES];
	for (int i = 0; i < PIPES; i++) {
		p[i][0] = make_pair(PIPE), p[i][1] = make_pair(PIPE);
		threads[i] = spawn(i % 8 ? NULL : WEFT_BOUND, echo, p[i]);
	}
	for (int round = 0; round < rounds(200); round++) {
		char data = (char)round;
		for (int i = 0; i < PIPES; i++)
			check_eq(weft_write(p[i][0].in, &data, 1), 1);
		for (int i = 0; i < PIPES; i++) {
			check_eq(weft_read(p[i][1].out, &data, 1), 1);
			check_eq(data, (char)round);
		}
	}
	for (int i = 0; i < PIPES; i++) {
		join(threads[i]);
		close_pair(p[i][0]), close_pair(p[i][1]);
	}
	return arg;
}

START_TEST(ring_of_two)
{
	if (!on_uring())
		return;
	weft__tune.uring_entries = 2;
	run(converse, NULL);
}
END_TEST

/* --- requests end with the thread that made them --- */

static void *read_in_vain(void *arg)
{
	char data;
	check_eq(weft_read_timeout((int)(intptr_t)arg, &data, 1, WEFT_MS(1)), -ETIMEDOUT);
	return NULL;
}

static void *outlive(void *arg)
{
	char data;
	for (int i = 0; i < 20; i++) {
		struct pair p = make_pair(PIPE);
		join(spawn(WEFT_BOUND, read_in_vain, (void *)(intptr_t)p.out));
		weft_t writer = spawn(NULL, write_later, (void *)(intptr_t)p.in);
		check_eq(weft_read(p.out, &data, 1), 1);
		join(writer);
		close_pair(p);
	}
	return arg;
}

START_TEST(requests_outlive_threads)
{
	if (on_uring())
		run(outlive, NULL);
}
END_TEST

/* --- a close closes --- */

static void *close_at_once(void *arg)
{
	for (int i = 0; i < rounds(200); i++) {
		struct pair p = make_pair(PIPE);
		char data;
		check_eq(weft_read_timeout(p.out, &data, 1, WEFT_US(1)), -ETIMEDOUT);
		check_eq(weft_close(p.out), 0);
		check_eq(weft_write(p.in, "x", 1), -EPIPE); /* the last reader is gone, now and not in a moment */
		check_eq(weft_close(p.in), 0);
	}
	return arg;
}

START_TEST(closed_at_once)
{
	struct weft_config one = workers_exactly(1);
	if (on_uring())
		run_with(&one, close_at_once, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { what_runs, ring_of_two, requests_outlive_threads, closed_at_once, NULL };
	return run_tests("system/uring", tests);
}
