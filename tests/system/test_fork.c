/* SPDX-License-Identifier: MIT */
/*
 * fork: where a runtime runs, the child has none and can start none, but can exec and _exit; where none runs, the child
 * is as good as its parent, whatever ran before.
 */
#include "tests/support/fork.h"

/* In the child of a process with a runtime: 0, or the number of what was wrong. */
static int answers(void)
{
	char name[16];
	int n = 0;
#define wants(call, value)                                                                                             \
	if (n++, (call) != (value))                                                                                    \
		return n;
	wants(weft_workers(), 0);
	wants(weft_self(), WEFT_NONE);
	wants(weft_spawn(NULL, NULL, same, NULL), -EPERM);
	wants(weft_spawn(NULL, WEFT_BOUND, same, NULL), -EPERM);
	wants(weft_park(), -EPERM);
	wants(weft_park_timeout(1), -EPERM);
	wants(weft_name_set("x"), -EPERM);
	wants(weft_run(NULL, same, NULL, NULL), -EPERM);
	wants(weft_start(NULL), -EPERM);
	wants(weft_stop(), -EPERM);
	wants(weft_join(alive, NULL), -ESRCH);
	wants(weft_join_timeout(alive, NULL, 1), -ESRCH);
	wants(weft_join(ended, NULL), -ESRCH);
	wants(weft_detach(alive), -ESRCH);
	wants(weft_unpark(alive), -ESRCH);
	wants(weft_name_get(alive, name, sizeof name), -ESRCH);
	wants(weft_yield(), 0);
	wants(weft_sleep(1), 0);
	return 0;
}

static void forked(bool execs)
{
	int status = 0;
	pid_t pid = fork();
	check(pid >= 0);
	if (pid == 0) {
		alarm(60);
		int wrong = answers();
		if (wrong || !execs)
			_exit(wrong);
		execl("/bin/sh", "sh", "-c", "exit 42", (char *)NULL);
		_exit(99);
	}
	check_eq(waitpid(pid, &status, 0), pid);
	check(WIFEXITED(status));
	check_eq(WEXITSTATUS(status), execs ? 42 : 0);
}

static void *fork_here(void *arg)
{
	for (int i = 0; i < 4; i++) {
		forked(i % 2);
		weft_yield();
	}
	return arg;
}

static void *busy(void *arg)
{
	while (!get(forks_over)) {
		join(spawn(NULL, same, NULL));
		weft_sleep(WEFT_US(10));
	}
	return arg;
}

static void *everywhere(void *arg)
{
	fork_everywhere(fork_here, busy);
	return arg;
}

START_TEST(with_a_runtime)
{
	run(everywhere, NULL);
}
END_TEST

static int run_some(void *arg)
{
	shared n = 0;
	(void)arg;
	for (int i = 0; i < 3; i++) {
		check_eq(weft_start(NULL), 0);
		join(spawn(NULL, same, NULL));
		join(spawn(WEFT_BOUND, same, NULL));
		check_eq(weft_stop(), 0);
		check(run(same, &n) == &n);
	}
	return 3;
}

START_TEST(without_a_runtime)
{
	struct child child = run_child(run_some, NULL);
	ck_exited(&child, 3);
	ck_assert_int_eq(run_some(NULL), 3);
	if (WEFT__TSAN) /* which refuses threads in such a child */
		return;
	child = run_child(run_some, NULL); /* one has run before */
	ck_exited(&child, 3);
	ck_assert_int_eq(run_some(NULL), 3);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { with_a_runtime, without_a_runtime, NULL };
	return run_tests("system/fork", tests);
}
