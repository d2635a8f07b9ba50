/* SPDX-License-Identifier: MIT */
/*
 * Timers: many sleepers and parks with time limits, never early and, with nobody hogging the workers, not much too late;
 * sleeps too short to be armed before they are due; and waits that somebody ends (unpark, the end of the joined thread)
 * at the very moment at which their timer fires, on another worker: one of the two wins, and neither loses the other's.
 *
 * Default: 120,000 sleepers and 0.7 s of races for each number of workers. Long target: WEFT_STRESS=100 (12 million
 * sleepers, of which 120,000 at a time).
 */
#include "src/os/memory.h"
#include "stress.h"

enum { CROWD = 120000, PAIRS = 16 };

static shared latest, late_sum, ended;
static uint64_t end;

static void check_time(uint64_t started, uint64_t asked)
{
	uint64_t took = weft_now() - started;
	must(took >= asked);
	uint64_t late = took - asked, most = get(latest);
	while (late > most && !atomic_compare_exchange_weak(&latest, &most, late))
		;
	add(late_sum, late);
	add(ended, 1);
	progress();
}

static void *sleeper(void *arg)
{
	uint64_t seed = seed_of((uintptr_t)arg), ns = pick_of(&seed, 500000000), started = weft_now();
	if (pick_of(&seed, 3))
		weft_sleep(ns);
	else
		must_eq(weft_park_timeout(ns), -ETIMEDOUT);
	check_time(started, ns);
	return NULL;
}

static void *crowd(void *arg)
{
	uintptr_t most = weft__os_guards_are_cheap() ? CROWD : 20000; /* else vm.max_map_count stops at some 32,000 */
	uintptr_t n = scaled(CROWD) < most ? scaled(CROWD) : most;
	weft_t *thread = calloc(n, sizeof *thread);
	must(thread != NULL);
	set(latest, 0);
	set(late_sum, 0);
	set(ended, 0);
	for (uintptr_t i = 0; i < n; i++)
		thread[i] = spawn(NULL, sleeper, (void *)i);
	for (uintptr_t i = 0; i < n; i++)
		must_eq(weft_join_timeout(thread[i], NULL, WEFT_S(600)), 0);
	free(thread);
	must_eq(get(ended), n);
	printf("stress_timers: %llu sleepers, late by %.2f ms, at most %.1f ms\n", (unsigned long long)n,
	       (double)get(late_sum) / (double)n / 1e6, (double)get(latest) / 1e6);
	must(get(latest) < WEFT_S(STRESS_SLOW ? 60 : 5)); /* other programs may have the CPUs for a while */
	return arg;
}

/* --- sleeps that are due before they have begun --- */

static void *napper(void *arg)
{
	uint64_t seed = seed_of((uintptr_t)arg);
	for (uint64_t i = scaled(20000); i > 0; i--) {
		uint64_t ns = 1 + pick_of(&seed, 64) * (pick_of(&seed, 64) == 0 ? 1000 : 1), started = weft_now();
		if (pick_of(&seed, 2))
			weft_sleep_until(started + ns);
		else
			weft_sleep(ns);
		must(weft_now() >= started + ns);
		progress();
	}
	return NULL;
}

static void *naps(void *arg)
{
	weft_t thread[4];
	for (uintptr_t i = 0; i < 4; i++)
		thread[i] = spawn(NULL, napper, (void *)i);
	for (int i = 0; i < 4; i++)
		join(thread[i]);
	return arg;
}

/* --- races: one permit a round comes at about the time limit; it must arrive, before or after it --- */

static struct pair {
	shared round, waiter;
	uint64_t limit, in_time, too_late;
} pairs[PAIRS];

static void *waker(void *arg)
{
	struct pair *p = arg;
	uint64_t seed = seed_of((uint64_t)(p - pairs) + 500);
	for (uint64_t round = 1; get(p->round) != UINT64_MAX; round++) {
		while (get(p->round) < round)
			weft_yield();
		if (get(p->round) == UINT64_MAX)
			break;
		if (pick_of(&seed, 2))
			weft_sleep(p->limit - 30000 + pick_of(&seed, 60000));
		else
			for (uint64_t until = weft_now() + p->limit - 30000 + pick_of(&seed, 100000);
			     weft_now() < until;)
				weft_yield();
		must_eq(weft_unpark(get(p->waiter)), 0);
	}
	return NULL;
}

static void *ender(void *arg)
{
	weft_sleep(((struct pair *)arg)->limit);
	return arg;
}

static void *waiter(void *arg)
{
	struct pair *p = arg;
	uint64_t seed = seed_of((uint64_t)(p - pairs));
	set(p->waiter, weft_self());
	for (uint64_t round = 1; weft_now() < end; round++) {
		p->limit = 50000 + pick_of(&seed, 300000);
		set(p->round, round);
		uint64_t started = weft_now();
		int err = weft_park_timeout(p->limit);
		if (err) {
			must_eq(err, -ETIMEDOUT);
			must(weft_now() >= started + p->limit);
			must_eq(weft_park(), 0);
		}
		weft_t child = spawn(NULL, ender, p);
		void *result = NULL;
		int again;
		while ((again = weft_join_timeout(child, &result, p->limit)) != 0)
			must_eq(again, -ETIMEDOUT);
		must(result == p);
		p->in_time += err == 0;
		p->too_late += err != 0;
		progress();
	}
	set(p->round, UINT64_MAX);
	return NULL;
}

static void *races(void *arg)
{
	weft_t thread[2 * PAIRS];
	uint64_t in_time = 0, too_late = 0;
	end = phase_end(350);
	for (int i = 0; i < PAIRS; i++) {
		pairs[i].in_time = pairs[i].too_late = 0;
		set(pairs[i].round, 0);
		thread[2 * i] = spawn(NULL, waker, &pairs[i]);
		thread[2 * i + 1] = spawn(NULL, waiter, &pairs[i]);
	}
	for (int i = 0; i < 2 * PAIRS; i++)
		join(thread[i]);
	for (int i = 0; i < PAIRS; i++) {
		in_time += pairs[i].in_time;
		too_late += pairs[i].too_late;
	}
	printf("stress_timers: races: the permit first %llu times, the timer %llu times\n", (unsigned long long)in_time,
	       (unsigned long long)too_late);
	return arg;
}

static void phase(void)
{
	const struct weft__tune usual = weft__tune;
	for (uint64_t i = 0; i < (scaled(100) + 99) / 100; i++)
		stress_run(crowd, NULL);
	stress_run(naps, NULL);
	stress_run(races, NULL);
	weft__tune.ring_initial = weft__tune.ring_max = 2;
	weft__tune.fair_period = 2;
	stress_run(naps, NULL);
	stress_run(races, NULL);
	weft__tune = usual;
}

int main(void)
{
	return stress_main("stress_timers", phase);
}
