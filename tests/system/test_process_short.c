/* SPDX-License-Identifier: MIT */
/* While memory or descriptors are short, so that nobody can wait for a process, it has not ended for that. */
#include "src/os/fault.h"
#include "tests/support/io.h"
#include "tests/support/process.h"

static shared left, over;

/* So many rings cannot be made, from the moment on that this is set. */
static int make_no_ring(enum weft__os_site site)
{
	if (site != WEFT__OS_URING || !get(left))
		return 0;
	add(left, (uint64_t)-1);
	return -ENOMEM;
}

static void *sleep_a_little(void *arg)
{
	weft_sleep(WEFT_MS(100));
	return arg;
}

/* Not by the worker, so who stands for the process is run by another one, which has no ring yet. */
static void *spawn_and_join(void *arg)
{
	set(left, (uint64_t)(uintptr_t)arg);
	struct weft_status status = end_of(spawn(WEFT_PROCESS, sleep_a_little, (void *)7));
	set(over, 1);
	check_eq(get(left), 0);
	check_eq(status.how == WEFT_CRASHED ? status.signal : 0, 0);
	check_eq(status.how, WEFT_EXITED);
	check(status.result == (void *)7);
	return arg;
}

static void *block_meanwhile(void *arg)
{
	struct pair p = make_pair(PIPE);
	char data;
	check_eq(weft_read_timeout(p.out, &data, 1, 1), -ETIMEDOUT); /* the poller has begun */
	close_pair(p);
	set(over, 0);
	weft_t bound = spawn(WEFT_BOUND, spawn_and_join, arg);
	check_eq(weft_blocking_enter(), 0);
	while (!get(over))
		usleep(1000);
	check_eq(weft_blocking_leave(), 0);
	join(bound);
	return arg;
}

static void with_rings_that_fail(uintptr_t times)
{
	struct weft_config config = with_processes();
	check_eq(weft_config_set_workers(&config, 1), 0);
	weft__os_fault_hook = make_no_ring;
	run_with(&config, block_meanwhile, (void *)times);
	weft__os_fault_hook = NULL;
}

START_TEST(it_has_not_ended)
{
	struct weft_io_features features;
	ck_assert_int_eq(setenv("WEFT_IO", "uring", 1), 0);
	ck_assert_int_eq(weft_io_features(&features), 0);
	if (features.uring_error)
		return;
	with_rings_that_fail(1);
	if (runtimes(2) == 2)
		with_rings_that_fail(5);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { it_has_not_ended, NULL };
	return run_tests("system/process_short", tests);
}
