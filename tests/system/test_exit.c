/* SPDX-License-Identifier: MIT */
/* exit() while a runtime runs, from every kind of thread: atexit handlers run, the status is right, nothing hangs. */
#include "tests/support/child.h"

#if WEFT__ASAN
/* On a green stack its leak checker does not find what the main stack points to: libcheck's memory. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

static void say_goodbye(void)
{
	check_eq(write(STDERR_FILENO, "goodbye", 7), 7);
}

static void *leave(void *arg)
{
	exit((int)(intptr_t)arg);
}

static void *yield_for_ever(void *arg)
{
	while (arg)
		weft_yield();
	return arg;
}

static void *sleep_often(void *arg)
{
	while (arg)
		weft_sleep(WEFT_US(100));
	return arg;
}

static void *green_leaves(void *arg)
{
	for (int i = 0; i < 10; i++)
		check_eq(weft_spawn(NULL, NULL, i % 2 ? yield_for_ever : sleep_often, arg), 0);
	return leave(arg);
}

static void *other_leaves(void *arg)
{
	check_eq(weft_spawn(NULL, NULL, yield_for_ever, arg), 0);
	check_eq(weft_spawn(NULL, WEFT_BOUND, leave, arg), 0);
	return sleep_often(arg);
}

static void *outsider_leaves(void *arg)
{
	outsider(leave, arg);
	return sleep_often(arg);
}

static int in_child(void *arg)
{
	void *(*const way[])(void *) = { leave, green_leaves, other_leaves, outsider_leaves };
	intptr_t n = (intptr_t)arg;
	atexit(say_goodbye);
	return weft_run(NULL, way[n - 10], arg, NULL) ? 98 : 99; /* neither: it does not return */
}

START_TEST(exit_runs_handlers)
{
	for (int round = 0; round < rounds(10); round++)
		for (intptr_t way = 10; way < 14; way++) {
			struct child child = run_child(in_child, (void *)way);
			ck_exited(&child, (int)way);
			ck_assert_str_eq(child.text, "goodbye");
		}
}
END_TEST

/* main returns while weft_start's workers are at it. */
static int started(void *arg)
{
	atexit(say_goodbye);
	check_eq(weft_start(NULL), 0);
	for (int i = 0; i < 10; i++)
		check_eq(weft_spawn(NULL, i % 3 ? WEFT_GREEN : WEFT_BOUND, i % 2 ? yield_for_ever : sleep_often, arg),
			 0);
	exit(17);
}

START_TEST(main_returns)
{
	for (int round = 0; round < rounds(10); round++) {
		struct child child = run_child(started, &child);
		ck_exited(&child, 17);
		ck_assert_str_eq(child.text, "goodbye");
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { exit_runs_handlers, main_returns, NULL };
	return run_tests("system/exit", tests);
}
