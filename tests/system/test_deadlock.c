/* SPDX-License-Identifier: MIT */
/* Reports of threads that wait for ever: when all do, when some wait for mutexes of one another, and weft_dump. */
#include <fcntl.h>

#include "src/unwind/unwind.h"
#include "tests/support/child.h"

/* Under TSan and emulators there are kernel threads besides, so nothing can be said of all. */
static bool others_there(void)
{
	const char *emulator = getenv("EMULATOR");
	return WEFT__TSAN || (emulator && *emulator);
}

static struct weft_sem never = WEFT_SEM_INIT(0);
static struct weft_mutex fork_of[5];
static struct weft_barrier seated = WEFT_BARRIER_INIT(5);
static enum weft_deadlock policy;
static int second; /* what taking the second fork is to give */
static shared sitting;

static weft__noinline void *waits_for_ever(void *arg)
{
	check_eq(weft_sem_acquire(&never), 0);
	return arg;
}

static void *philosopher(void *arg)
{
	size_t seat = (size_t)(uintptr_t)arg;
	char name[16];
	snprintf(name, sizeof name, "seat-%zu", seat);
	weft_name_set(name);
	check_eq(weft_mutex_lock(&fork_of[seat]), 0);
	weft_barrier_wait(&seated);
	atomic_fetch_add(&sitting, 1);
	check_eq(weft_mutex_lock(&fork_of[(seat + 1) % 5]), second);
	return arg;
}

static void dine(weft_t *seat)
{
	for (uintptr_t i = 0; i < 5; i++)
		check_eq(weft_spawn(&seat[i], WEFT_GREEN, philosopher, (void *)i), 0);
}

static int run_by_policy(void *(*fn)(void *))
{
	struct weft_config config = WEFT_CONFIG_INIT;
	check_eq(weft_config_set_deadlock(&config, policy), 0);
	return weft_run(&config, fn, NULL, NULL);
}

/* --- all wait --- */

static void *all_wait(void *arg)
{
	weft_t green, bound;
	weft_name_set("the-first");
	check_eq(weft_spawn(&green, WEFT_GREEN, waits_for_ever, NULL), 0);
	check_eq(weft_spawn(&bound, WEFT_BOUND, waits_for_ever, NULL), 0);
	check_eq(weft_join(green, NULL), 0);
	return arg;
}

static int all_wait_child(void *arg)
{
	(void)arg;
	policy = WEFT_DEADLOCK_ABORT;
	return run_by_policy(all_wait);
}

START_TEST(all_is_reported)
{
	if (others_there())
		return;
	struct child child = run_child(all_wait_child, NULL);
	ck_died(&child, SIGABRT);
	ck_said(&child, "deadlock: every thread waits");
	ck_said(&child, "'the-first' waits for the end of a thread");
	ck_said(&child, "bound thread");
	ck_said(&child, "waits for a semaphore at 0x");
	ck_said(&child, "spawned at all_wait+");
	if (WEFT__UNWIND)
		ck_said(&child, "waits_for_ever+");
}
END_TEST

/* Somebody outside who could still do something: no report, and he does. */
static void *releases_later(void *arg)
{
	usleep(300000);
	check_eq(weft_sem_release(&never, 2), 0);
	return arg;
}

static void *all_but_one(void *arg)
{
	pthread_t kthread;
	check_eq(pthread_create(&kthread, NULL, releases_later, NULL), 0);
	check_eq(weft_sem_acquire(&never), 0);
	check_eq(weft_sem_acquire(&never), 0);
	pthread_join(kthread, NULL);
	return arg;
}

/* Those who sleep, or wait with a time limit, will be woken. */
static void *times(void *arg)
{
	weft_t t;
	check_eq(weft_spawn(&t, WEFT_GREEN, waits_for_ever, NULL), 0);
	weft_sleep(WEFT_MS(100));
	check_eq(weft_sem_acquire_timeout(&never, WEFT_MS(100)), -ETIMEDOUT);
	check_eq(weft_sem_release(&never, 1), 0);
	check_eq(weft_join(t, NULL), 0);
	return arg;
}

static int live_child(void *arg)
{
	policy = WEFT_DEADLOCK_ABORT;
	return run_by_policy(arg ? times : all_but_one);
}

START_TEST(nothing_is_reported_of_the_living)
{
	for (uintptr_t i = 0; i < 2; i++) {
		struct child child = run_child(live_child, (void *)i);
		ck_exited(&child, 0);
		ck_assert_msg(child.length == 0, "it said: %s", child.text);
	}
}
END_TEST

/* A kernel thread outside the pool that waits for what never comes is part of it. */
static int outside_child(void *arg)
{
	struct weft_config config = WEFT_CONFIG_INIT;
	weft_t t;
	(void)arg;
	check_eq(weft_start(&config), 0);
	check_eq(weft_spawn(&t, WEFT_GREEN, waits_for_ever, NULL), 0);
	return weft_join(t, NULL);
}

START_TEST(outsiders_are_part_of_it)
{
	if (others_there())
		return;
	struct child child = run_child(outside_child, NULL);
	ck_died(&child, SIGABRT);
	ck_said(&child, "deadlock: every thread waits");
}
END_TEST

/* --- cycles of mutexes --- */

static char written[65536];

static bool is_written(int fd, const char *words)
{
	ssize_t n = pread(fd, written, sizeof written - 1, 0);
	written[n > 0 ? n : 0] = 0;
	return strstr(written, words) != NULL;
}

static int temporary(void)
{
	char path[] = "/tmp/weft-dump-XXXXXX";
	int fd = mkstemp(path);
	check(fd >= 0);
	unlink(path);
	return fd;
}

/* Until it has been reported, however slow the machine is, and as long as until the next look would be due. */
static void *dines_while_others_live(void *arg)
{
	weft_t seat[5];
	int fd = temporary(), was = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	dine(seat);
	uint64_t begun = weft_now();
	wait_until(is_written(fd, "a cycle of mutexes"));
	weft_sleep(weft_now() - begun + WEFT_MS(2500));
	check(is_written(fd, "a cycle of mutexes"));
	check_eq(write(was, written, strlen(written)), (ssize_t)strlen(written));
	_exit(0);
	return arg;
}

static int dinner_child(void *arg)
{
	(void)arg;
	policy = WEFT_DEADLOCK_REPORT;
	return run_by_policy(dines_while_others_live);
}

static unsigned times_said(const struct child *child, const char *words)
{
	unsigned n = 0;
	for (const char *at = child->text; (at = strstr(at, words)); at++)
		n++;
	return n;
}

START_TEST(a_cycle_is_reported_once)
{
	struct child child = run_child(dinner_child, NULL);
	ck_exited(&child, 0);
	ck_assert_uint_eq(times_said(&child, "a cycle of mutexes"), 1);
	for (int i = 0; i < 5; i++) {
		char words[100];
		snprintf(words, sizeof words, "'seat-%d' waits for the mutex", i);
		ck_assert_uint_eq(times_said(&child, words), 1);
	}
}
END_TEST

/* --- weft_dump, and by a signal --- */

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
	wait_until(get(sitting) == 5);
	weft_sleep(WEFT_MS(5));
	check_eq(weft_dump(-1), -EBADF);
	check_eq(weft_dump(fd), 0);
	check(is_written(fd, "'dumper' runs on worker"));
	check(strstr(written, "'seat-0' waits for a mutex at 0x"));
	check(strstr(written, "of 0x"));
	check(strstr(written, "weft: 7 threads: 5 wait"));
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

static void *signalled(void *arg)
{
	weft_t t;
	int fd = temporary(), was = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	check_eq(weft_spawn(&t, WEFT_GREEN, waits_for_ever, NULL), 0);
	kill(getpid(), SIGQUIT);
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
	const TTest *const tests[] = { all_is_reported,		 nothing_is_reported_of_the_living,
				       outsiders_are_part_of_it, a_cycle_is_reported_once,
				       a_dump_tells_all,	 a_dump_disturbs_nobody,
				       a_signal_asks_for_a_dump, NULL };
	return run_tests("system/deadlock", tests);
}
