/* SPDX-License-Identifier: MIT */
/* weft_dump, and the same by a signal. */
#include <fcntl.h>

#include "tests/support/dinner.h"

static void *runs(void *stop)
{
	while (!get(*(shared *)stop))
		weft_yield();
	return NULL;
}

static void *dumps(void *arg)
{
	int fd = *(int *)arg;
	weft_t seat[5], t;
	shared stop = 0;
	second = -ECANCELED;
	weft_name_set("dumper");
	check_eq(weft_spawn(&t, WEFT_GREEN, runs, &stop), 0);
	dine(seat);
	check_eq(weft_dump(-1), -EBADF);
	wait_until(ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0 && weft_dump(fd) == 0 &&
		   is_written(fd, "weft: 7 threads: 5 wait"));
	check(is_written(fd, "'dumper' runs on worker"));
	check(strstr(written, "'seat-0' waits for a mutex at 0x"));
	check(strstr(written, "of 0x"));
	check(strstr(written, "a cycle of mutexes"));
	atomic_store(&stop, 1);
	check_eq(weft_join(t, NULL), 0);
	for (int i = 0; i < 5; i++)
		check_eq(weft_cancel(seat[i]), 0);
	for (int i = 0; i < 5; i++)
		weft_join(seat[i], NULL);
	return arg;
}

START_TEST(a_dump_tells_all)
{
	int fd = temporary();
	struct weft_config config = WEFT_CONFIG_INIT;
	weft_config_set_deadlock(&config, WEFT_DEADLOCK_IGNORE);
	ck_assert_int_eq(weft_dump(fd), -EPERM);
	ck_assert_int_eq(weft_run(&config, dumps, &fd, NULL), 0);
	close(fd);
}
END_TEST

/* While threads come, wait, are woken and go on all workers. */
static void *comes_and_goes(void *arg)
{
	weft_t t;
	for (int i = 0; i < 2000; i++) {
		check_eq(weft_spawn(&t, WEFT_GREEN, (void *(*)(void *))(void (*)(void))weft_yield, NULL), 0);
		weft_sem_release(&never, 1);
		check_eq(weft_sem_acquire(&never), 0);
		check_eq(weft_join(t, NULL), 0);
	}
	return arg;
}

static void *dumps_often(void *arg)
{
	weft_t t[20];
	for (int i = 0; i < 20; i++)
		check_eq(weft_spawn(&t[i], WEFT_GREEN, comes_and_goes, NULL), 0);
	for (int i = 0; i < 100; i++) {
		check_eq(weft_dump(*(int *)arg), 0);
		weft_yield();
	}
	for (int i = 0; i < 20; i++)
		check_eq(weft_join(t[i], NULL), 0);
	return arg;
}

START_TEST(a_dump_disturbs_nobody)
{
	int fd = open("/dev/null", O_WRONLY);
	ck_assert_int_eq(weft_run(NULL, dumps_often, &fd, NULL), 0);
	close(fd);
}
END_TEST

/* To any thread; but under TSan a signal waits until its thread calls libc, and a worker that sleeps need not. */
static void ask_by_signal(void)
{
	check_eq(WEFT__TSAN ? raise(SIGQUIT) : kill(getpid(), SIGQUIT), 0);
}

static void *signalled(void *arg)
{
	weft_t t;
	int fd = temporary(), was = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	check_eq(weft_spawn(&t, WEFT_GREEN, waits_for_ever, NULL), 0);
	ask_by_signal();
	wait_until(is_written(fd, " threads: "));
	dup2(was, STDERR_FILENO);
	check(strstr(written, "waits for a semaphore"));
	check(strstr(written, "weft: 2 threads: "));
	weft_sem_release(&never, 1);
	check_eq(weft_join(t, NULL), 0);
	return arg;
}

static int signal_child(void *arg)
{
	struct weft_config config = WEFT_CONFIG_INIT;
	(void)arg;
	signal(SIGQUIT, SIG_DFL); /* a shell has what it runs in the background ignore it */
	check_eq(weft_config_set_dump_signal(&config, SIGKILL), -EINVAL);
	check_eq(weft_config_set_dump_signal(&config, 1000), -EINVAL);
	check_eq(weft_config_set_dump_signal(&config, -1), -EINVAL);
	check_eq(weft_config_set_deadlock(&config, (enum weft_deadlock)7), -EINVAL);
	check_eq(weft_config_set_dump_signal(&config, SIGQUIT), 0);
	if (weft_run(&config, signalled, NULL, NULL))
		return 1;
	raise(SIGQUIT); /* the runtime is gone: it means what it meant before */
	return 2;
}

START_TEST(a_signal_asks_for_a_dump)
{
	struct child child = run_child(signal_child, NULL);
	ck_assert_msg(WIFSIGNALED(child.status) && WTERMSIG(child.status) == SIGQUIT, "status %#x: %s",
		      (unsigned)child.status, child.text);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_dump_tells_all, a_dump_disturbs_nobody, a_signal_asks_for_a_dump, NULL };
	return run_tests("system/dump", tests);
}
