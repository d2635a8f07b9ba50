/* SPDX-License-Identifier: MIT */
/* Threads pinned to a worker: they run on its kernel thread and no other, whoever wakes them, and nobody can steal them. */
#include <sys/syscall.h>

#include "src/sched/worker.h"
#include "tests/support/support.h"

enum { N = 40 };

static shared stop;

static weft__noinline unsigned here(void)
{
	return weft__worker()->index;
}

struct pinned {
	unsigned worker;
	long tid;
};

static void *stay(void *arg)
{
	struct pinned *p = arg;
	p->tid = syscall(SYS_gettid);
	for (int i = 0; i < rounds(200); i++) {
		check_eq(here(), p->worker);
		check_eq(syscall(SYS_gettid), p->tid);
		if (i % 50 == 0)
			weft_sleep(WEFT_US(100));
		else if (i % 10 == 0)
			weft_park_timeout(WEFT_US(30));
		else
			weft_yield();
	}
	return arg;
}

static void *test_stay(void *arg)
{
	static struct pinned p[N];
	weft_t thread[N];
	for (unsigned i = 0; i < N; i++) {
		struct weft_attr attr = pinned_to(p[i].worker = i % weft_workers());
		thread[i] = spawn(&attr, stay, &p[i]);
	}
	for (int i = 0; i < 1000; i++) {
		weft_unpark(thread[i % N]);
		weft_yield();
	}
	for (unsigned i = 0; i < N; i++)
		check(join(thread[i]) == &p[i]);
	for (unsigned i = 0; i < N; i++)
		check_eq(p[i].tid, p[i % weft_workers()].tid);
	return arg;
}

START_TEST(they_stay)
{
	for (unsigned workers = 1; workers <= 4; workers++) {
		struct weft_config config = workers_exactly(workers);
		run_with(&config, test_stay, NULL);
	}
}
END_TEST

static void *park(void *arg)
{
	check_eq(weft_park(), 0);
	return arg;
}

static void *wake_from_outside(void *arg)
{
	weft_t *thread = arg;
	for (int i = 0; i < N; i++)
		check_eq(weft_unpark(thread[i]), 0);
	return NULL;
}

START_TEST(outsiders_spawn_and_wake_them)
{
	weft_t thread[N];
	struct weft_config config = workers_exactly(3);
	for (int round = 0; round < rounds(50); round++) {
		check_eq(weft_start(&config), 0);
		for (unsigned i = 0; i < N; i++) {
			struct weft_attr attr = pinned_to(i % 3);
			thread[i] = spawn(&attr, park, NULL);
		}
		pthread_t outside = outsider(wake_from_outside, thread);
		for (int i = 0; i < N; i++)
			join(thread[i]);
		pthread_join(outside, NULL);
		check_eq(weft_stop(), 0);
	}
}
END_TEST

static void *hog(void *arg)
{
	set(*(shared *)arg, 1);
	while (!get(stop))
		weft__cpu_relax();
	return NULL;
}

static void *count(void *arg)
{
	add(*(shared *)arg, 1);
	return NULL;
}

/* Behind a hog they wait, however idle the others are; the others do not. */
static void *wait_behind_a_hog(void *arg)
{
	shared hogging = 0, counted = 0;
	struct weft_attr attr = pinned_to(1);
	weft_t thread[N], hogs = spawn(&attr, hog, &hogging);
	wait_until(get(hogging));
	for (int i = 0; i < N; i++)
		thread[i] = spawn(&attr, count, &counted);
	for (int i = 0; i < 100; i++)
		join(spawn(NULL, count, &hogging));
	check_eq(get(counted), 0);
	set(stop, 1);
	join(hogs);
	for (int i = 0; i < N; i++)
		join(thread[i]);
	check_eq(get(counted), N);
	return arg;
}

START_TEST(nobody_steals_them)
{
	struct weft_config config = workers_at_least(2);
	run_with(&config, wait_behind_a_hog, NULL);
}
END_TEST

static void *yield_on(void *arg)
{
	for (int i = 0; i < rounds(1000); i++)
		weft_yield();
	add(*(shared *)arg, 1);
	return arg;
}

/* One lane that is full all the time, and whoever yields finds a pinned thread to go on with. */
static void *yield_all(void *arg)
{
	shared ended = 0;
	struct weft_attr attr = pinned_to(0);
	weft_t thread[N];
	for (int i = 0; i < N; i++)
		thread[i] = spawn(i % 4 ? NULL : &attr, yield_on, &ended);
	for (int i = 0; i < N; i++)
		check(join(thread[i]) == &ended);
	check_eq(get(ended), N);
	return arg;
}

START_TEST(beside_a_full_lane)
{
	struct weft_config config = one_worker_alone();
	weft__tune.ring_initial = weft__tune.ring_max = 2;
	weft__tune.fair_period = 1;
	run_with(&config, yield_all, NULL);
}
END_TEST

static void *refusals(void *arg)
{
	struct weft_attr attr = pinned_to(2), bound = pinned_to(0);
	weft_t thread = 5;
	check_eq(weft_spawn(&thread, &attr, park, NULL), -EINVAL);
	check_eq(weft_attr_set_kind(&bound, WEFT_KIND_BOUND), 0);
	check_eq(weft_spawn(&thread, &bound, park, NULL), -EINVAL);
	check_eq(thread, 5);
	check_eq(weft_attr_set_worker(&attr, 256), -EINVAL);
	check_eq(weft_attr_set_worker(NULL, 0), -EINVAL);
	check_eq(weft_attr_set_worker(&attr, WEFT_ANY_WORKER), 0);
	thread = spawn(&attr, park, NULL);
	check_eq(weft_unpark(thread), 0);
	join(thread);
	return arg;
}

START_TEST(errors)
{
	struct weft_config config = workers_exactly(2);
	run_with(&config, refusals, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		they_stay, outsiders_spawn_and_wake_them, nobody_steals_them, beside_a_full_lane, errors, NULL
	};
	return run_tests("system/pinned", tests);
}
