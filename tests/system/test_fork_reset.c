/* SPDX-License-Identifier: MIT */
/*
 * weft_fork_reset: where a runtime runs, the child of a fork can forget it and start its own, over and over, whatever the others
 * were doing at that moment; without it, what would wait there for threads that are gone says so and dies.
 */
#include <fcntl.h>

#include "src/sync/mutex.h"
#include "tests/support/fork.h"

static struct weft_mutex mutex = WEFT_MUTEX_INIT;

static void *lock_once(void *arg)
{
	struct weft_mutex *m = arg;
	check_eq(weft_mutex_lock(m), 0);
	weft_yield();
	check_eq(weft_mutex_unlock(m), 0);
	return arg;
}

/* All kinds of waits, in a runtime of the child's. */
static void *work(void *arg)
{
	struct weft_mutex fresh = WEFT_MUTEX_INIT;
	weft_t thread[50];
	int ends[2];
	char c = 0;
	for (int i = 0; i < 50; i++)
		thread[i] = spawn(i % 10 == 9 ? WEFT_BOUND : NULL, lock_once, &fresh);
	for (int i = 0; i < 50; i++) {
		check(thread[i] != alive && thread[i] != ended);
		check(join(thread[i]) == &fresh);
	}
	check_eq(weft_sleep(WEFT_MS(1)), 0);
	check_eq(weft_pipe2(ends, O_CLOEXEC), 0);
	check_eq(weft_read_timeout(ends[0], &c, 1, WEFT_MS(1)), -ETIMEDOUT);
	check_eq(weft_write(ends[1], "x", 1), 1);
	check_eq(weft_read(ends[0], &c, 1), 1);
	check_eq(weft_close(ends[0]) | weft_close(ends[1]), 0);
	check_eq(weft_blocking(same, arg, NULL), 0);
	check_eq(weft_join(alive, NULL), -ESRCH);
	check_eq(weft_unpark(alive), -ESRCH);
	check_eq(weft_cancel(ended), -ESRCH);
	return arg;
}

static int in_the_child(int depth);

static void *fork_again(void *arg)
{
	int *depth = arg, status = 0;
	pid_t pid = fork();
	check(pid >= 0);
	if (pid == 0)
		_exit(in_the_child(*depth));
	check_eq(weft_waitpid(pid, &status, 0), pid);
	check_eq(status, 0);
	return arg;
}

/* 0, or it has died. */
static int in_the_child(int depth)
{
	alarm(60);
	check_eq(weft_start(NULL), -EPERM);
	check_eq(weft_fork_reset(), 0);
	check_eq(weft_fork_reset(), 0);
	check_eq(weft_workers(), 0);
	for (int i = 0; i < 2; i++) {
		check(run(work, &depth) == &depth);
		check_eq(weft_start(NULL), 0);
		check_eq(weft_fork_reset(), -EBUSY);
		check(join(spawn(NULL, work, &depth)) == &depth);
		check_eq(weft_stop(), 0);
	}
	depth--;
	if (depth > 0)
		check(run(fork_again, &depth) == &depth);
	return 0;
}

static void *fork_here(void *arg)
{
	int depth = 2;
	for (int i = 0; i < rounds(10); i++)
		fork_again(&depth);
	return arg;
}

/* Locks of all parts are held now and then when somebody forks. */
static void *busy(void *arg)
{
	int ends[2];
	char c = 0;
	check_eq(weft_pipe2(ends, O_CLOEXEC), 0);
	while (!get(forks_over)) {
		join(spawn(NULL, lock_once, &mutex));
		join(spawn(WEFT_BOUND, same, NULL));
		check_eq(weft_blocking(same, NULL, NULL), 0);
		(void)weft_read_timeout(ends[0], &c, 1, WEFT_US(20));
		weft_sleep(WEFT_US(10));
	}
	check_eq(weft_close(ends[0]) | weft_close(ends[1]), 0);
	return arg;
}

static void *everywhere(void *arg)
{
	fork_everywhere(fork_here, busy);
	return arg;
}

START_TEST(a_fresh_runtime)
{
	const char *emulator = getenv("EMULATOR");
	/* TSan and qemu refuse threads in such a child, ASan's allocator may be left locked there */
	if (WEFT__TSAN || WEFT__ASAN || (emulator && strstr(emulator, "qemu-")))
		return;
	ck_assert_int_eq(weft_fork_reset(), 0);
	run(everywhere, NULL);
}
END_TEST

/* --- what cannot be answered --- */

static int forked(void (*fn)(void))
{
	int status = 0;
	pid_t pid = fork();
	check(pid >= 0);
	if (pid == 0) {
		alarm(60);
		fn();
		_exit(0);
	}
	check_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void take_mutex(void)
{
	(void)weft_mutex_lock(&mutex);
}

static void drop_mutex(void)
{
	(void)weft_mutex_unlock(&mutex);
}

static void end_thread(void)
{
	weft_exit(NULL);
}

static void wait_a_little(void)
{
	(void)weft_mutex_lock_timeout(&mutex, WEFT_MS(1));
}

/* Nothing here has to wait: it works. */
static void harmless(void)
{
	struct weft_mutex fresh = WEFT_MUTEX_INIT;
	struct weft_chan *chan;
	int n = 1;
	check_eq(weft_mutex_trylock(&mutex), -EBUSY);
	check_eq(weft_mutex_lock(&fresh), 0);
	check_eq(weft_mutex_unlock(&fresh), 0);
	check_eq(weft_chan_create(&chan, sizeof n, 1), 0);
	check_eq(weft_chan_send(chan, &n), 0);
	check_eq(weft_chan_recv(chan, &n), 0);
	check_eq(weft_sleep(WEFT_MS(1)), 0);
	check_eq(weft_yield(), 0);
	check_eq(weft_spawn(NULL, NULL, same, NULL), -EPERM);
}

static bool aborts(void (*fn)(void))
{
	int status = forked(fn);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void *hold_and_fork(void *arg)
{
	check_eq(weft_mutex_lock(&mutex), 0);
	weft__a32 *word = &weft__mutex_of(&mutex)->word;
	uint32_t locked = weft__load_acq(word);
	weft_t waiter = spawn(NULL, lock_once, &mutex);
	wait_until(weft__load_acq(word) != locked); /* it waits */
	check_eq(forked(harmless), 0);
	check(aborts(take_mutex) == true);
	check(aborts(wait_a_little));
	check(aborts(drop_mutex)); /* which would wake somebody */
	check(aborts(end_thread));
	check_eq(weft_mutex_unlock(&mutex), 0);
	join(waiter);
	return arg;
}

static int misuse(void *arg)
{
	run(hold_and_fork, arg);
	return 0;
}

START_TEST(says_what_to_do)
{
	struct child child = run_child(misuse, NULL);
	ck_exited(&child, 0);
	ck_said(&child, "only the parent has: call execve, _exit or weft_fork_reset first");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_fresh_runtime, says_what_to_do, NULL };
	return run_tests("system/fork_reset", tests);
}
