/* SPDX-License-Identifier: MIT */
/*
 * The poller on io_uring: what runs; a ring of two entries that overflows all the time; small batches, and a crowd that is always
 * ready; requests taken back; two that answer each other; threads that end, and the requests that end with them; what a close
 * gives back at once. What is said when it cannot be had: test_refused.
 */
#include "tests/support/io.h"

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
	struct weft_io_features features;
	struct weft_config config = WEFT_CONFIG_INIT;
	ck_assert_int_eq(weft_io_features(NULL), -EINVAL);
	if (!by_uring())
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

enum { PIPES = 40, CROWD = 100 };

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
	if (!by_uring())
		return;
	weft__tune.uring_entries = 2;
	weft__tune.uring_completions = 8;
	run(converse, NULL);
}
END_TEST

/* --- batches --- */

static void *yield_on(void *arg)
{
	while (!get(*(shared *)arg))
		weft_yield();
	return NULL;
}

/* Where something is always ready, and more so than a look around comes to. */
static void *converse_in_a_crowd(void *arg)
{
	static shared over;
	weft_t crowd[CROWD];
	set(over, 0);
	for (int i = 0; i < CROWD; i++)
		crowd[i] = spawn(NULL, yield_on, &over);
	converse(arg);
	set(over, 1);
	for (int i = 0; i < CROWD; i++)
		join(crowd[i]);
	return arg;
}

START_TEST(small_batches)
{
	if (!by_uring())
		return;
	weft__tune.uring_batch = 3;
	run(converse, NULL);
	run(converse_in_a_crowd, NULL);
}
END_TEST

/* --- taken back --- */

static void *read_one(void *arg)
{
	const struct pair *p = arg;
	char data;
	return weft_read(p->out, &data, 1) == 1 ? arg : NULL;
}

/* Requests that nobody has handed over yet: every other one is gone, with its frame, when more are queued behind the rest. */
static void *take_back(void *arg)
{
	struct pair p[PIPES];
	weft_t threads[PIPES];
	for (int i = 0; i < PIPES; i++)
		p[i] = make_pair(PIPE);
	for (int round = 0; round < rounds(200); round++) {
		for (int i = 0; i < PIPES; i++)
			threads[i] = spawn(NULL, read_one, &p[i]);
		weft_yield();
		for (int i = round % 2; i < PIPES; i += 2) {
			check_eq(weft_cancel(threads[i]), 0);
			check(join(threads[i]) == NULL);
			threads[i] = spawn(NULL, read_one, &p[i]);
		}
		for (int i = 0; i < PIPES; i++)
			check_eq(weft_write(p[i].in, "x", 1), 1);
		for (int i = 0; i < PIPES; i++)
			check(join(threads[i]) == &p[i]);
	}
	for (int i = 0; i < PIPES; i++)
		close_pair(p[i]);
	return arg;
}

START_TEST(taken_back_in_between)
{
	struct weft_config one = workers_exactly(1);
	if (by_uring())
		run_with(&one, take_back, NULL);
}
END_TEST

/* --- tries --- */

static shared enters, heard;

static int count_enters(enum weft__os_site site)
{
	enters += site == WEFT__OS_URING_ENTER;
	return 0;
}

static void *answer(void *arg)
{
	struct pair *p = arg;
	char data[8];
	for (ssize_t n; (n = weft_read(p[0].out, data, sizeof data)) > 0;)
		check_eq(weft_write(p[1].in, data, (size_t)n), n);
	return NULL;
}

static void *stand_by(void *arg)
{
	struct pair *p = arg;
	char data;
	check_eq(weft_read(p->out, &data, 1), 1);
	set(heard, 1);
	return NULL;
}

/* Two that answer each other do not sleep in between, and keep nobody else waiting. */
static void *talk(void *arg)
{
	enum { TRIPS = 2000 };
	for (int kind = PIPE; kind < PAIR_KINDS; kind++) {
		struct pair p[2] = { make_pair(kind), make_pair(kind) };
		struct pair aside = make_pair(kind);
		weft_t other = spawn(NULL, answer, p), bystander = spawn(NULL, stand_by, &aside);
		uint64_t before = enters;
		set(heard, 0);
		for (int i = 0; i < TRIPS; i++) {
			char data = (char)i, back = 0;
			check_eq(weft_write(p[0].in, &data, 1), 1);
			check_eq(weft_read(p[1].out, &back, 1), 1);
			check_eq(back, data);
			if (i == TRIPS / 2)
				check_eq(weft_write(aside.in, &data, 1), 1);
		}
		check(get(heard));
		check(enters - before < TRIPS / 2);
		check_eq(weft_close(p[0].in), 0);
		join(other), join(bystander);
		check_eq(weft_close(p[0].out), 0);
		close_pair(aside);
		close_pair(p[1]);
	}
	return arg;
}

START_TEST(answers_without_sleep)
{
	struct weft_config one = one_worker_alone();
	if (!by_uring())
		return;
	weft__os_fault_hook = count_enters;
	run_with(&one, talk, NULL);
	weft__os_fault_hook = NULL;
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
	if (by_uring())
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
	struct weft_config one = one_worker_alone();
	if (by_uring())
		run_with(&one, close_at_once, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { what_runs,
				       ring_of_two,
				       small_batches,
				       taken_back_in_between,
				       answers_without_sleep,
				       requests_outlive_threads,
				       closed_at_once,
				       NULL };
	return run_tests("system/uring", tests);
}
