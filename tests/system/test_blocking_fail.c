/* SPDX-License-Identifier: MIT */
/* The blocking pool without kernel threads, and in the child of a fork. */
#include <sys/wait.h>

#include "tests/support/gate.h"

static void *same(void *arg)
{
	return arg;
}

static shared threads_allowed = 1000;

static int refuse_threads(enum weft__os_site site)
{
	if (site != WEFT__OS_THREAD)
		return 0;
	if (get(threads_allowed) == 0)
		return -EAGAIN;
	add(threads_allowed, (uint64_t)-1);
	return 0;
}

static void *without_threads(void *arg)
{
	weft_t thread[REQUESTS];
	set(threads_allowed, 0);
	for (int i = 0; i < 100; i++) {
		check_eq(weft_blocking(count_call, NULL, NULL), -EAGAIN);
		check_eq(weft_blocking_timeout(count_call, NULL, NULL, 0), -EAGAIN);
	}
	for (int i = 0; i < REQUESTS; i++)
		thread[i] = spawn(NULL, call_and_return, NULL);
	for (int i = 0; i < REQUESTS; i++)
		check_eq((intptr_t)join(thread[i]), -EAGAIN);
	check_eq(get(called), 0);
	check_eq(weft__blocking_threads(), 0);
	set(threads_allowed, 1); /* with one there, the others queue */
	for (int i = 0; i < REQUESTS; i++)
		thread[i] = spawn(NULL, call_and_return, NULL);
	for (int i = 0; i < REQUESTS; i++)
		check_eq((intptr_t)join(thread[i]), 0);
	check_eq(get(called), REQUESTS);
	check_eq(weft__blocking_threads(), 1);
	set(threads_allowed, 1000);
	check_eq(weft_blocking(count_call, NULL, NULL), 0);
	/* what is not to wait does not wait for the one that is there, either */
	set(gate, 0);
	set(running, 0);
	weft_t holder = hold_the_pool();
	set(threads_allowed, 0);
	check_eq(weft_blocking_timeout(count_call, NULL, NULL, 0), -ETIMEDOUT);
	set(gate, 1);
	join(holder);
	check_eq(get(called), REQUESTS + 1);
	return arg;
}

START_TEST(no_kernel_thread)
{
	struct weft_config config = one_worker_alone();
	weft__os_fault_hook = refuse_threads;
	run_with(&config, without_threads, NULL);
}
END_TEST

static void *fork_one(void *arg)
{
	int status = 0;
	pid_t pid = fork();
	check(pid >= 0);
	if (pid == 0) {
		void *result = NULL;
		alarm(60);
		int err = weft_blocking(same, &result, &result);
		weft_blocking_enter();
		weft_blocking_leave();
		_exit(err || result != &result ? 1 : 42);
	}
	check_eq(waitpid(pid, &status, 0), pid);
	check(WIFEXITED(status));
	check_eq(WEXITSTATUS(status), 42);
	return arg;
}

static void *fork_all(void *arg)
{
	check_eq(weft_blocking(same, NULL, NULL), 0); /* a pool is there */
	fork_one(NULL);
	check_eq(weft_blocking(fork_one, NULL, NULL), 0);
	join(spawn(WEFT_BOUND, fork_one, NULL));
	check_eq(weft_blocking(same, NULL, NULL), 0);
	return arg;
}

START_TEST(forked)
{
	run(fork_all, NULL);
	fork_one(NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { no_kernel_thread, forked, NULL };
	return run_tests("system/blocking_fail", tests);
}
