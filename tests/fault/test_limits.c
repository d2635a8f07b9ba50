/* SPDX-License-Identifier: MIT */
/* The real limits, hit for real: mappings of the process (vm.max_map_count), address space (ulimit -v), kernel threads. */
#include "src/os/memory.h"
#include "tests/support/child.h"
#include <stdio.h>
#include <stdlib.h>

static void *park(void *arg)
{
	check_eq(weft_park(), 0);
	return arg;
}

enum { MOST = 100000 };

/* Spawn until it fails, let all of them go, and do some of it once more. Exits with the error. */
static void *spawn_until_it_fails(void *arg)
{
	static weft_t thread[MOST];
	int n = 0, err = 0;
	const struct weft_attr *attr = arg;
	while (n < MOST && !err)
		if (!(err = weft_spawn(&thread[n], attr, park, NULL)))
			n++;
	check(n > 10);
	for (int i = 0; i < n; i++)
		check_eq(weft_unpark(thread[i]), 0);
	for (int i = 0; i < n; i++)
		join(thread[i]);
	for (int i = 0; i < n / 2; i++)
		thread[i] = spawn(attr, park, NULL);
	for (int i = 0; i < n / 2; i++) {
		check_eq(weft_unpark(thread[i]), 0);
		join(thread[i]);
	}
	return (void *)(intptr_t)err;
}

static int until_it_fails(void *arg)
{
	struct weft_config config = workers_exactly(1);
	return -(int)(intptr_t)run_with(&config, spawn_until_it_fails, arg);
}

static int by_mprotect(void *arg)
{
	use_mprotect();
	return until_it_fails(arg);
}

static long max_map_count(void)
{
	char text[32] = "";
	FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
	if (file) {
		if (!fgets(text, sizeof text, file))
			text[0] = 0;
		fclose(file);
	}
	return atol(text);
}

START_TEST(mappings)
{
	if (WEFT__ASAN || WEFT__TSAN || max_map_count() > MOST) {
		printf("skipped: vm.max_map_count is %ld, or a sanitizer needs mappings itself\n", max_map_count());
		return;
	}
	struct child child = run_child(by_mprotect, NULL);
	ck_exited(&child, EAGAIN);
	ck_said(&child, "vm.max_map_count");
	ck_assert_ptr_null(strstr(strstr(child.text, "vm.max_map_count") + 1, "vm.max_map_count")); /* said once */
}
END_TEST

static int in_little_space(void *arg)
{
	const struct rlimit space = { 512 << 20, 512 << 20 };
	setrlimit(RLIMIT_AS, &space);
	return until_it_fails(arg);
}

START_TEST(address_space)
{
	if (WEFT__ASAN || WEFT__TSAN) {
		printf("skipped: sanitizers reserve terabytes\n");
		return;
	}
	struct child child = run_child(in_little_space, NULL);
	ck_exited(&child, ENOMEM);
	ck_said(&child, "ulimit -v");
}
END_TEST

/* An outsider's spawn and a start under the same limit. */
static int start_in_no_space(void *arg)
{
	const struct rlimit space = { 1 << 20, 1 << 20 };
	struct weft_config config = workers_exactly(4);
	setrlimit(RLIMIT_AS, &space);
	int err = weft_start(&config);
	check(err == -ENOMEM || err == -EAGAIN);
	check_eq(weft_workers(), 0);
	err = weft_run(&config, park, arg, NULL);
	check(err == -ENOMEM || err == -EAGAIN);
	return 5;
}

START_TEST(no_address_space)
{
	if (WEFT__ASAN || WEFT__TSAN)
		return;
	struct child child = run_child(start_in_no_space, NULL);
	ck_exited(&child, 5);
}
END_TEST

int main(void)
{
	const TTest *const all[] = { mappings, address_space, no_address_space, NULL };
	const TTest *const emulated[] = { mappings,
					  NULL }; /* an emulator's address space is not what RLIMIT_AS limits */
	const char *emulator = getenv("EMULATOR");
	const TTest *const *tests = emulator && *emulator ? emulated : all;
	return run_tests("fault/limits", tests);
}
