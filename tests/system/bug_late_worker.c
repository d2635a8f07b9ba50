/* SPDX-License-Identifier: MIT */
/*
 * The monitor was up before the first worker, saw nobody awake, and slept; the worker came late, found work at once, and
 * so never was one that woke and rouses the monitor. Then a thread that blocked in the kernel held up all others.
 */
#include "tests/support/support.h"

static int ends[2];

/* The monitor's is the first kernel thread to be made, the worker's the second. */
static int delay_the_second(enum weft__os_site site)
{
	static int kthreads;
	if (site == WEFT__OS_THREAD && ++kthreads == 2)
		usleep(50000);
	return 0;
}

static void *block(void *arg)
{
	char c;
	check_eq(read(ends[0], &c, 1), 1);
	return arg;
}

/* The child blocks, and what it waits for stands behind it. */
static void *let_go(void *arg)
{
	weft_t blocked = spawn(NULL, block, arg);
	check_eq(write(ends[1], "x", 1), 1);
	return join(blocked);
}

START_TEST(late_worker)
{
	struct weft_config config = workers_exactly(1);
	ck_assert_int_eq(pipe(ends), 0);
	weft__os_fault_hook = delay_the_second;
	weft__tune.spin_ns = 1000000000; /* not to sleep before there is work */
	ck_assert_int_eq(weft_start(&config), 0);
	ck_assert_ptr_eq(join(spawn(NULL, let_go, ends)), ends);
	ck_assert_int_eq(weft_stop(), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { late_worker, NULL };
	return run_tests("system/late_worker", tests);
}
