/* SPDX-License-Identifier: MIT */
/* Workers that keep from each other's CPUs while they sleep: every thread runs with the CPUs that the process has. */
#include <sched.h>
#include <sys/syscall.h>

#include "src/os/cpu.h"
#include "src/sched/worker.h"
#include "tests/support/support.h"

static cpu_set_t all;
static weft_t side[2];
static shared trips;

static void check_cpus(void)
{
	cpu_set_t now;
	check(weft__os_may_run_on(&now));
	check(CPU_EQUAL(&now, &all));
}

/* They wake each other, on two workers; the worker of one that works for longer than the other spins sleeps each time. */
static void *wake_in_turns(void *arg)
{
	uint64_t self = (uint64_t)(uintptr_t)arg, until;
	for (int i = 0; i < rounds(300); i++) {
		check_eq(weft_park(), 0);
		check_cpus();
		for (until = weft_now() + (i % 3 ? 0 : WEFT_US(100)); weft_now() < until;)
			;
		weft_unpark(side[!self]);
		add(trips, 1);
	}
	return arg;
}

static void *on_two_workers(void *arg)
{
	for (unsigned i = 0; i < 2; i++) {
		struct weft_attr attr = pinned_to(i);
		side[i] = spawn(&attr, wake_in_turns, (void *)(uintptr_t)i);
	}
	weft_unpark(side[0]);
	for (unsigned i = 0; i < 2; i++)
		join(side[i]);
	check_eq(get(trips), 2 * (uint64_t)rounds(300));
	return arg;
}

START_TEST(threads_have_all_cpus)
{
	struct weft_config config = workers_exactly(2);
	check(weft__os_may_run_on(&all));
	weft__tune.spread_ns = WEFT_S(60);
	weft__tune.spread_look_ns = 0;
	run_with(&config, on_two_workers, NULL);
}
END_TEST

static shared sleeper; /* the kernel thread */
static cpu_set_t one;

static void *find_one_cpu(void *arg)
{
	cpu_set_t now;
	set(sleeper, (uint64_t)syscall(SYS_gettid));
	check_eq(weft_park(), 0);
	check(weft__os_may_run_on(&now));
	check(CPU_EQUAL(&now, &one));
	check(weft__os_run_on(&all));
	return arg;
}

static bool can_keep_away(void)
{
	return CPU_COUNT(&all) > 1 && weft__os_cpu_word();
}

/* Its worker stays on one CPU, awake, until the other one sleeps away from that; which is then the only one that it is told of. */
static void *give_one_cpu(void *arg)
{
	struct weft_attr attr = pinned_to(1);
	int cpu = sched_getcpu();
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	check(weft__os_run_on(&one));
	weft_t thread = spawn(&attr, find_one_cpu, NULL);
	while (!get(sleeper))
		;
	while (can_keep_away()) {
		cpu_set_t kept;
		check_eq(sched_getaffinity((pid_t)get(sleeper), sizeof kept, &kept), 0);
		if (!CPU_ISSET(cpu, &kept))
			break;
	}
	check_eq(sched_setaffinity((pid_t)get(sleeper), sizeof one, &one), 0);
	weft_unpark(thread);
	join(thread);
	check(weft__os_run_on(&all));
	return arg;
}

static void *one_sleeps(void *arg)
{
	struct weft_attr attr = pinned_to(0);
	join(spawn(&attr, give_one_cpu, NULL));
	return arg;
}

START_TEST(what_others_change_meanwhile_stays)
{
	struct weft_config config = workers_exactly(2);
	check(weft__os_may_run_on(&all));
	weft__tune.spread_ns = WEFT_S(60);
	weft__tune.spread_look_ns = 0;
	weft__store_rlx(&weft__pool.spread_until, UINT64_MAX);
	run_with(&config, one_sleeps, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { threads_have_all_cpus, what_others_change_meanwhile_stays, NULL };
	return run_tests("system/spread", tests);
}
