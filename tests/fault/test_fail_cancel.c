/* SPDX-License-Identifier: MIT */
/*
 * The system call that cancels a request never works, as on kernels before Linux 6.0: then the list of cancels
 * that the ring's worker hands over is what ends waits, for a time limit, a cancel or a close. Nothing is lost,
 * and nobody is left waiting.
 */
#include "tests/support/io_work.h"

static shared refused;

static int refuse_cancels(enum weft__os_site site)
{
	if (site != WEFT__OS_URING_CANCEL)
		return 0;
	add(refused, 1);
	return -EINVAL;
}

static void work_refused(int hogs)
{
	struct work w = { .seed = new_seed(), .bytes = (uint64_t)rounds(2000), .closes = rounds(100), .hogs = hogs };
	if (!by_uring())
		return;
	weft__os_fault_hook = refuse_cancels;
	run(work_all, &w);
	ck_assert_uint_gt(get(refused), (unsigned)rounds(100));
	ck_assert_uint_eq(get(w.errors), 0);
}

START_TEST(while_workers_sleep)
{
	work_refused(0);
}
END_TEST

START_TEST(under_load)
{
	work_refused(4);
}
END_TEST

/* Where most cancels have to wait for room. */
START_TEST(rings_of_two)
{
	weft__tune.uring_entries = 2;
	weft__tune.uring_completions = 8;
	work_refused(1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { while_workers_sleep, under_load, rings_of_two, NULL };
	return run_tests("fault/fail_cancel", tests);
}
