/* SPDX-License-Identifier: MIT */
/*
 * IO beside threads that never switch, or never wait: a round trip takes no longer than the monitor needs to notice. And a
 * thread whose calls always succeed at once does not keep the others from running.
 */
#include "tests/support/io.h"

static shared stop_it, hogging;
static struct pair there, back;

static void *hog(void *arg)
{
	add(hogging, 1);
	while (!get(stop_it))
		weft__cpu_relax();
	return arg;
}

static void *answer(void *arg)
{
	char data;
	while (weft_read(there.out, &data, 1) == 1)
		check_eq(weft_write(back.in, &data, 1), 1);
	return arg;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

enum { TRIPS = 200 };

/* Round trips between an outside kernel thread, which waits in the kernel, and a green thread. The median. */
static uint64_t measure(void)
{
	uint64_t took[TRIPS];
	char data = 'x';
	for (int i = 0; i < TRIPS; i++) {
		uint64_t begin = weft_now();
		check_eq(write(there.in, &data, 1), 1);
		check_eq(read(back.out, &data, 1), 1);
		took[i] = weft_now() - begin;
	}
	qsort(took, TRIPS, sizeof *took, by_size);
	printf("round trips: median %llu us, 99th percentile %llu us\n", (unsigned long long)took[TRIPS / 2] / 1000,
	       (unsigned long long)took[TRIPS * 99 / 100] / 1000);
	return took[TRIPS / 2];
}

/* Beside so many hogs. The machine may have fewer CPUs than workers, and other things to do. */
static void check_beside(unsigned n, void *(*fn)(void *))
{
	weft_t thread = spawn(NULL, answer, NULL), hogs[256];
	measure();
	for (unsigned i = 0; i < n; i++)
		hogs[i] = spawn(NULL, fn, NULL);
	wait_until(get(hogging) == n);
	check(measure() < WEFT_MS(200));
	set(stop_it, 1);
	for (unsigned i = 0; i < n; i++)
		join(hogs[i]);
	check_eq(close(there.in), 0);
	join(thread);
}

/* A hog on all workers but one, whichever had the poller. */
START_TEST(beside_hogs)
{
	struct weft_config config = workers_at_least(2);
	there = make_pair(PIPE);
	back = make_pair(PIPE);
	check_eq(weft_start(&config), 0);
	check_beside(weft_workers() - 1, hog);
	stop();
}
END_TEST

/* Hogs that yield every millisecond, on every worker: nobody falls asleep, so nobody sleeps in the poller. */
static void *hog_and_yield(void *arg)
{
	add(hogging, 1);
	while (!get(stop_it)) {
		uint64_t end = weft_now() + WEFT_MS(1);
		while (weft_now() < end)
			;
		weft_yield();
	}
	return arg;
}

START_TEST(beside_hogs_that_yield)
{
	there = make_pair(TCP);
	back = make_pair(TCP);
	start();
	check_beside(weft_workers(), hog_and_yield);
	stop();
}
END_TEST

/* One worker. A thread that reads zeros for ever, and one that waits for a pipe. */
static void *read_zeros(void *arg)
{
	char data[16];
	int fd = open("/dev/zero", O_RDONLY);
	add(hogging, 1);
	while (!get(stop_it))
		check_eq(weft_read(fd, data, sizeof data), sizeof data);
	check_eq(weft_close(fd), 0);
	return arg;
}

START_TEST(calls_that_never_wait)
{
	struct weft_config config = workers_exactly(1);
	there = make_pair(PIPE);
	back = make_pair(PIPE);
	check_eq(weft_start(&config), 0);
	weft_t thread = spawn(NULL, answer, NULL), reader = spawn(NULL, read_zeros, NULL);
	wait_until(get(hogging) == 1);
	check(measure() < WEFT_MS(200));
	set(stop_it, 1);
	join(reader);
	check_eq(close(there.in), 0);
	join(thread);
	stop();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { beside_hogs, beside_hogs_that_yield, calls_that_never_wait, NULL };
	return run_tests("system/io_hog", tests);
}
