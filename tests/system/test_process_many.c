/* SPDX-License-Identifier: MIT */
/* Threads that are processes: one after the other, and many at once, from threads of all kinds; nothing of them is left. */
#include "tests/support/process.h"

static void *count_descriptors(void *arg)
{
	(void)arg;
	return (void *)(uintptr_t)descriptors();
}

static void must_exit(weft_t thread, int code, uintptr_t result)
{
	struct weft_status status = end_of(thread);
	check_eq(status.how == WEFT_CRASHED ? status.signal : 0, 0); /* which one it was */
	check_eq(status.how, WEFT_EXITED);
	check_eq(status.code, code);
	check(status.result == (void *)result);
}

static void *in_sequence(void *arg)
{
	unsigned before = 0;
	int n = rounds(1000);
	for (int i = 0; i < n; i++) {
		must_exit(spawn(WEFT_PROCESS, number, (void *)(uintptr_t)i), 0, 2 * (uintptr_t)i);
		if (i == 0)
			before = descriptors();
	}
	check_eq(descriptors(), before);
	void *first = join(spawn(WEFT_PROCESS, count_descriptors, NULL));
	check(join(spawn(WEFT_PROCESS, count_descriptors, NULL)) == first);
	check(join(spawn(WEFT_PROCESS, count_descriptors, NULL)) == first);
	check_eq(waitpid(-1, NULL, WNOHANG), -1); /* none is a child of the program */
	check_eq(errno, ECHILD);
	return arg;
}

static void *in_bound(void *arg)
{
	return join(spawn(WEFT_PROCESS, number, arg));
}

static void *one(void *arg)
{
	return join(spawn(WEFT_BOUND, in_bound, arg));
}

START_TEST(a_thousand_in_sequence)
{
	unsigned before = 0;
	if (runtimes(2) == 2) {
		run_with_processes(one, NULL); /* what weft keeps for good is there by now */
		before = descriptors();
	}
	run_with_processes(in_sequence, NULL);
	ck_assert(!before || descriptors() <= before); /* an emulator may have some of its own */
}
END_TEST

static void *at_once(void *arg)
{
	enum { N = 100 };
	weft_t thread[N];
	for (uintptr_t i = 0; i < N; i++)
		thread[i] = spawn(WEFT_PROCESS, i % 3 == 2 ? by_exit : number, (void *)i);
	for (uintptr_t i = 0; i < N; i++)
		if (i % 3 == 2)
			must_exit(thread[i], (int)i, 0);
		else
			must_exit(thread[i], 0, 2 * i);
	return arg;
}

static void *from_everywhere(void *arg)
{
	join(spawn(WEFT_BOUND, at_once, NULL));
	pthread_t thread = outsider(at_once, NULL);
	weft_t green = spawn(NULL, at_once, NULL);
	at_once(NULL);
	join(green);
	wait_until(pthread_tryjoin_np(thread, NULL) == 0);
	return arg;
}

START_TEST(from_all_kinds_of_threads)
{
	run_with_processes(from_everywhere, NULL);
	if (runtimes(2) < 2)
		return;
	struct weft_config config = with_processes();
	ck_assert_int_eq(weft_start(&config), 0);
	ck_assert_int_eq(weft_start(&config), -EALREADY);
	at_once(NULL); /* the runtime has its helper still */
	ck_assert_int_eq(weft_stop(), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_thousand_in_sequence, from_all_kinds_of_threads, NULL };
	return run_tests("system/process_many", tests);
}
