/* SPDX-License-Identifier: MIT */
/*
 * Green threads that block their worker in the kernel, with one worker: the monitor has a spare one stand in, so others
 * run and timers fire; and when the blocked one is back, no more run at a time than were asked for.
 */
#include "src/sched/worker.h"
#include "tests/support/support.h"

enum { N = 3 };

static int ends[N][2];
static shared running, done, stop;

static unsigned tokens_held(void)
{
	unsigned held = 0;
	for (uint32_t i = 0; i < weft__load_acq(&weft__pool.workers); i++)
		held += weft__load_acq(&weft__load_acq(&weft__pool.worker[i])->token) == WEFT__TOKEN_HELD;
	return held;
}

/* Only as many seem blocked as block. The kernel may hold up others, anywhere: a worker would stand in for them as well, and they
 * run on beside it when they are back. */
static shared blocking;
static int (*other_faults)(enum weft__os_site site); /* of the mode */

static int others_do_not_seem_blocked(enum weft__os_site site)
{
	int awake = (int)weft__load_acq(&weft__pool.workers) - (int)weft__load_acq(&weft__pool.sleepers);
	if (site == WEFT__OS_THREAD_STATE && awake - (int)tokens_held() >= (int)get(blocking))
		return -EMFILE;
	return other_faults ? other_faults(site) : 0;
}

static void *block(void *arg)
{
	char c;
	intptr_t n = (intptr_t)arg;
	add(blocking, 1);
	check_eq(read(ends[n][0], &c, 1), 1);
	add(blocking, (uint64_t)-1);
	return arg;
}

static void *busy(void *arg)
{
	for (int i = 0; i < 100; i++)
		weft_yield();
	weft_sleep(WEFT_MS(1));
	return arg;
}

/* How many are between two switches at a time; the work there is long enough for a second one to be seen. */
static void *count_those_running(void *arg)
{
	for (int i = 0; i < 50; i++) {
		check_eq(add(running, 1), 1);
		for (int n = 0; n < 20000; n++)
			weft__cpu_relax();
		add(running, (uint64_t)-1);
		weft_yield();
	}
	return arg;
}

/* All workers but the caller's asleep: one that has come back, and is on its way to sleep, stands in for nobody yet. */
static bool settled(void)
{
	return tokens_held() == 1 && weft__load_acq(&weft__pool.sleepers) + 1 == weft__load_acq(&weft__pool.workers);
}

/* Blocked as many as `n`, and in the meantime the rest of us get on with it. */
static void others_progress(intptr_t n)
{
	weft_t blocked[N], thread[8];
	for (intptr_t i = 0; i < n; i++)
		blocked[i] = spawn(NULL, block, (void *)i);
	for (int i = 0; i < 8; i++)
		thread[i] = spawn(NULL, busy, NULL);
	for (int i = 0; i < 8; i++)
		join(thread[i]);
	check(weft__load_acq(&weft__pool.workers) > 1);
	for (intptr_t i = 0; i < n; i++)
		check_eq(write(ends[i][1], "x", 1), 1);
	for (intptr_t i = 0; i < n; i++)
		check(join(blocked[i]) == (void *)i);
}

static void *test_blocked(void *arg)
{
	weft_t thread[8];
	for (int round = 0; round < 3; round++)
		for (intptr_t n = 1; n <= N; n++) {
			others_progress(n);
			wait_until(settled());
		}
	for (int i = 0; i < 8; i++)
		thread[i] = spawn(NULL, count_those_running, NULL);
	for (int i = 0; i < 8; i++)
		join(thread[i]);
	check_eq(weft_workers(), 1);
	check(weft__load_acq(&weft__pool.workers) <= 1 + N + 1); /* spare ones are used again */
	return arg;
}

START_TEST(others_make_progress)
{
	struct weft_config config = workers_exactly(1);
	other_faults = weft__os_fault_hook;
	weft__os_fault_hook = others_do_not_seem_blocked;
	for (int i = 0; i < N; i++)
		ck_assert_int_eq(pipe(ends[i]), 0);
	run_with(&config, test_blocked, NULL);
}
END_TEST

static void *usleep_often(void *arg)
{
	while (!get(stop))
		usleep(5000);
	return arg;
}

static void *count(void *arg)
{
	add(done, 1);
	return arg;
}

/* Its own timer and what comes from outside do not wait for a worker that blocks again and again. */
static void *keep_blocking(void *arg)
{
	weft_t blocker = spawn(NULL, usleep_often, NULL);
	for (int i = 0; i < 10; i++)
		weft_sleep(WEFT_MS(2));
	set(done, 1000);
	join(blocker);
	return arg;
}

static void *from_outside(void *arg)
{
	wait_until(get(done) >= 1000);
	for (uint64_t i = 1; i <= 20; i++) {
		join(spawn(NULL, count, NULL));
		check_eq(get(done), 1000 + i);
	}
	set(stop, 1);
	return arg;
}

START_TEST(outsiders_and_timers_make_progress)
{
	struct weft_config config = workers_exactly(1);
	pthread_t thread = outsider(from_outside, NULL);
	run_with(&config, keep_blocking, NULL);
	pthread_join(thread, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { others_make_progress, outsiders_and_timers_make_progress, NULL };
	return run_tests("system/blocked", tests);
}
