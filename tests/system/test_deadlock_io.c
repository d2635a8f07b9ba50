/* SPDX-License-Identifier: MIT */
/*
 * No deadlock is reported while somebody whom the runtime does not see will end a wait: the blocking pool, the kernel between
 * enter and leave, a child, a signal. And threads of the pool that have nothing to do hide none.
 */
#include "src/io/blocking.h"
#include "tests/support/child.h"

enum { AWHILE = 300000 }; /* microseconds: long enough for several looks */

static void *sleep_in_the_kernel(void *arg)
{
	usleep((useconds_t)(uintptr_t)arg);
	return arg;
}

static void *in_the_pool(void *arg)
{
	check_eq(weft_blocking(sleep_in_the_kernel, (void *)AWHILE, NULL), 0);
	return arg;
}

static void *call_briefly(void *arg)
{
	check_eq(weft_blocking(sleep_in_the_kernel, (void *)5000, NULL), 0);
	return arg;
}

/* Of several threads of the pool all but one are idle, and asleep. */
static void *in_the_pool_among_idle(void *arg)
{
	weft_t t[5];
	for (int i = 0; i < 5; i++)
		t[i] = spawn(NULL, call_briefly, NULL);
	for (int i = 0; i < 5; i++)
		join(t[i]);
	weft_sleep(WEFT_MS(5));
	for (int i = 0; i < 3; i++)
		in_the_pool(NULL);
	return arg;
}

static void *between_enter_and_leave(void *arg)
{
	check_eq(weft_blocking_enter(), 0);
	usleep(AWHILE);
	check_eq(weft_blocking_leave(), 0);
	return arg;
}

static pid_t fork_one(int signal)
{
	pid_t parent = getpid(), pid = fork();
	check(pid >= 0);
	if (pid)
		return pid;
	usleep(AWHILE);
	if (signal)
		kill(parent, signal);
	_exit(0);
}

static void *for_a_child(void *arg)
{
	pid_t pid = fork_one(0);
	check_eq(weft_waitpid(pid, NULL, 0), pid);
	check_eq(weft_waitpid(fork_one(0), NULL, WUNTRACED) > 0, 1);
	return arg;
}

static void *for_a_signal(void *arg)
{
	pid_t pid = fork_one(SIGUSR1);
	check_eq(weft_sigwait(WEFT_SIGNAL(SIGUSR1), NULL), SIGUSR1);
	check_eq(weft_waitpid(pid, NULL, 0), pid);
	return arg;
}

static void *(*const ends_by_itself[])(void *) = { in_the_pool, in_the_pool_among_idle, between_enter_and_leave,
						   for_a_child, for_a_signal };

enum { WAITS = sizeof ends_by_itself / sizeof *ends_by_itself };

static void *joined(void *arg)
{
	for (uintptr_t i = 0; i < 2; i++)
		join(spawn(i ? WEFT_BOUND : WEFT_GREEN, ends_by_itself[(uintptr_t)arg], NULL));
	return arg;
}

static int live_child(void *arg)
{
	struct weft_config config = WEFT_CONFIG_INIT;
	struct weft_io_features features;
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	check_eq(weft_config_set_deadlock(&config, WEFT_DEADLOCK_ABORT), 0);
	check_eq(weft_io_features(&features), 0);
	if (features.uring_error) /* that would be said */
		check_eq(weft_config_set_io(&config, WEFT_IO_EPOLL), 0);
	return weft_run(&config, joined, arg, NULL);
}

START_TEST(nothing_is_reported)
{
	for (uintptr_t i = 0; i < WAITS; i++) {
		struct child child = run_child(live_child, (void *)i);
		ck_exited(&child, 0);
		ck_assert_msg(child.length == 0, "wait %d: it said: %s", (int)i, child.text);
	}
}
END_TEST

static struct weft_sem never = WEFT_SEM_INIT(0);

static void *wait_for_ever(void *arg)
{
	for (int i = 0; i < 3; i++)
		call_briefly(arg);
	check_eq(weft_sem_acquire(&never), 0);
	return arg;
}

static int dead_child(void *arg)
{
	struct weft_config config = WEFT_CONFIG_INIT;
	weft__blocking_tune.idle_ns = WEFT_S(3600); /* longer than a child may take */
	check_eq(weft_config_set_deadlock(&config, WEFT_DEADLOCK_ABORT), 0);
	return weft_run(&config, wait_for_ever, arg, NULL);
}

/* Under TSan and emulators there are kernel threads besides, so nothing can be said of all. */
START_TEST(idle_threads_hide_nothing)
{
	const char *emulator = getenv("EMULATOR");
	if (WEFT__TSAN || (emulator && *emulator))
		return;
	struct child child = run_child(dead_child, NULL);
	ck_died(&child, SIGABRT);
	ck_said(&child, "deadlock: every thread waits");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { nothing_is_reported, idle_threads_hide_nothing, NULL };
	return run_tests("system/deadlock_io", tests);
}
