/* SPDX-License-Identifier: MIT */
/* Reports of threads that wait for ever: when all do, and when some wait for mutexes of one another. */
#include "src/unwind/unwind.h"
#include "tests/support/dinner.h"

/* Under TSan and emulators there are kernel threads besides, so nothing can be said of all. */
static bool others_there(void)
{
	const char *emulator = getenv("EMULATOR");
	return WEFT__TSAN || (emulator && *emulator);
}

static enum weft_deadlock policy;

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

/* One who sleeps long: then no worker does anything. */
static void *dines_while_one_sleeps(void *arg)
{
	weft_t seat[5];
	dine(seat);
	weft_sleep(WEFT_S(100));
	return arg;
}

struct shown {
	int fd, was;
};

static void *reads_report(void *arg)
{
	const struct shown *shown = arg;
	wait_until(is_written(shown->fd, "a cycle of mutexes"));
	check_eq(write(shown->was, written, strlen(written)), (ssize_t)strlen(written));
	_exit(0);
}

static int dinner_child(void *sleeps)
{
	policy = WEFT_DEADLOCK_REPORT;
	if (!sleeps)
		return run_by_policy(dines_while_others_live);
	int fd = temporary();
	struct shown shown = { fd, dup(STDERR_FILENO) };
	dup2(fd, STDERR_FILENO);
	outsider(reads_report, &shown);
	return run_by_policy(dines_while_one_sleeps);
}

static unsigned times_said(const struct child *child, const char *words)
{
	unsigned n = 0;
	for (const char *at = child->text; (at = strstr(at, words)); at++)
		n++;
	return n;
}

START_TEST(a_cycle_among_sleepers_is_reported)
{
	struct child child = run_child(dinner_child, &child);
	ck_exited(&child, 0);
	ck_said(&child, "a cycle of mutexes");
}
END_TEST

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

int main(void)
{
	const TTest *const tests[] = {
		all_is_reported,	  nothing_is_reported_of_the_living,  outsiders_are_part_of_it,
		a_cycle_is_reported_once, a_cycle_among_sleepers_is_reported, NULL
	};
	return run_tests("system/deadlock", tests);
}
