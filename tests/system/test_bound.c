/* SPDX-License-Identifier: MIT */
/* What is special about bound threads: they block at no one's cost, outlive the first thread, and are kernel threads. */
#include <sys/syscall.h>

#include "tests/support/support.h"

static int ends[2];

static void *read_pipe(void *arg)
{
	char c;
	check_eq(read(ends[0], &c, 1), 1);
	return arg;
}

static void *progress(void *arg)
{
	weft_t bound[4];
	for (int i = 0; i < 4; i++)
		bound[i] = spawn(WEFT_BOUND, read_pipe, arg);
	for (int i = 0; i < 1000; i++)
		weft_yield();
	check_eq(write(ends[1], "abcd", 4), 4);
	for (int i = 0; i < 4; i++)
		check(join(bound[i]) == arg);
	return arg;
}

START_TEST(they_may_block)
{
	struct weft_config config = workers_exactly(1);
	ck_assert_int_eq(pipe(ends), 0);
	run_with(&config, progress, NULL);
}
END_TEST

static void *count_late(void *arg)
{
	check_eq(weft_sleep(WEFT_MS(20)), 0);
	add(*(shared *)arg, 1);
	return NULL;
}

static void *leave_bound(void *arg)
{
	for (int i = 0; i < 3; i++)
		check_eq(weft_spawn(NULL, WEFT_BOUND, count_late, arg), 0);
	return NULL;
}

/* The last to end is a bound thread, when every worker has long been asleep. */
START_TEST(run_waits_for_them)
{
	for (int i = 0; i < rounds(20); i++) {
		shared n = 0;
		run(leave_bound, &n);
		check_eq(get(n), 3);
	}
}
END_TEST

static void *count(void *arg)
{
	add(*(shared *)arg, 1);
	return NULL;
}

static void *end_with_bound(void *arg)
{
	check_eq(weft_spawn(NULL, WEFT_BOUND, count, arg), 0);
	return NULL;
}

/* The first thread and a bound one end at the same moment, and it is noticed. */
START_TEST(the_last_two_end_together)
{
	for (int i = 0; i < rounds(500); i++) {
		shared n = 0;
		run(end_with_bound, &n);
		check_eq(get(n), 1);
	}
}
END_TEST

static void *spawn_more(void *arg)
{
	check(syscall(SYS_gettid) != getpid());
	for (int i = 0; i < 10; i++) {
		join(spawn(WEFT_GREEN, count, arg));
		join(spawn(WEFT_BOUND, count, arg));
		check_eq(weft_yield(), 0);
	}
	return NULL;
}

static void *from_bound(void *arg)
{
	struct weft_attr attr = WEFT_ATTR_INIT;
	weft_attr_set_kind(&attr, WEFT_KIND_BOUND);
	weft_attr_set_stack_size(&attr, 64 << 10);
	join(spawn(&attr, spawn_more, arg));
	return NULL;
}

START_TEST(they_spawn_and_join)
{
	shared n = 0;
	run(from_bound, &n);
	ck_assert_uint_eq(get(n), 20);
}
END_TEST

static void *nothing(void *arg)
{
	return arg;
}

/* The smallest stack that weft_attr_set_stack_size takes is no error, whatever the C library wants beside it. */
static void *smallest_stack(void *arg)
{
	struct weft_attr attr = WEFT_ATTR_INIT;
	weft_attr_set_kind(&attr, WEFT_KIND_BOUND);
	check_eq(weft_attr_set_stack_size(&attr, 16 << 10), 0);
	check(join(spawn(&attr, nothing, arg)) == arg);
	return arg;
}

START_TEST(smallest)
{
	if (!WEFT__ASAN && !WEFT__TSAN)
		run(smallest_stack, NULL);
}
END_TEST

static bool has_unwinder(void)
{
	char line[512];
	bool found = false;
	FILE *maps = fopen("/proc/self/maps", "r");
	check(maps);
	while (fgets(line, sizeof line, maps))
		found |= strstr(line, "libgcc_s") != NULL;
	fclose(maps);
	return found;
}

static void unwound(void *arg)
{
	add(*(shared *)arg, 1);
}

static void *exits_deeper(void *arg)
{
	void *volatile result = arg;
	pthread_cleanup_push(unwound, arg);
	weft_exit(result);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *end_both_ways(void *arg)
{
	check(join(spawn(WEFT_BOUND, nothing, arg)) == arg);
	check(join(spawn(WEFT_BOUND, exits_deeper, arg)) == arg);
	return arg;
}

/* pthread_exit would, with the unwinder, which the C library loads for it: there may be no mapping left by then. */
START_TEST(they_end_without_unwinding)
{
	bool had_unwinder = has_unwinder();
	shared n = 0;
	run(end_both_ways, &n);
	ck_assert_uint_eq(get(n), 0);
	ck_assert(has_unwinder() == had_unwinder);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { they_may_block,
				       run_waits_for_them,
				       the_last_two_end_together,
				       they_spawn_and_join,
				       smallest,
				       they_end_without_unwinding,
				       NULL };
	return run_tests("system/bound", tests);
}
