/* SPDX-License-Identifier: MIT */
/* $WEFT_WORKERS: what it sets, what it does not override, and that garbage in it is said and ignored. */
#include "src/os/cpu.h"
#include "tests/support/child.h"

static void *see(void *arg)
{
	(void)arg;
	return (void *)(uintptr_t)weft_workers();
}

static int default_workers(void *arg)
{
	setenv("WEFT_WORKERS", arg, 1);
	return (int)(intptr_t)run(see, NULL);
}

static int configured_workers(void *arg)
{
	struct weft_config config = workers_exactly(3);
	setenv("WEFT_WORKERS", arg, 1);
	return (int)(intptr_t)run_with(&config, see, NULL);
}

START_TEST(numbers)
{
	char good[][4] = { "1", "2", "7", "32" };
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct child child = run_child(default_workers, good[i]);
		ck_exited(&child, atoi(good[i]));
		ck_assert_str_eq(child.text, "");
		child = run_child(configured_workers, good[i]);
		ck_exited(&child, 3);
	}
}
END_TEST

START_TEST(garbage)
{
	char bad[][24] = { "0", "257", "1x", "x", "-1", "1.5", "-18446744073709551615", "99999999999999999999" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct child child = run_child(default_workers, bad[i]);
		ck_exited(&child, (int)weft__os_cpus());
		ck_said(&child, "WEFT_WORKERS");
		ck_said(&child, "ignored");
		child = run_child(configured_workers, bad[i]);
		ck_exited(&child, 3);
	}
	char nothing[] = "";
	struct child child = run_child(default_workers, nothing);
	ck_exited(&child, (int)weft__os_cpus());
	ck_assert_str_eq(child.text, "");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { numbers, garbage, NULL };
	return run_tests("system/workers", tests);
}
