/* SPDX-License-Identifier: MIT */
/*
 * Schedules that are chosen: with one worker that looks around at each dispatch, and a clock that stands until it is set, the only
 * freedom left is who of those that are runnable runs next (and which case a select looks at first). Here that is
 *
 *   all there is   every schedule once: the decisions are counted up like the digits of a number
 *   random         by a seed, which is printed and replays it: WEFT_TEST_SEED
 *
 * The steps of a thread are what lies between two calls that wait. What goes on inside such a call between kernel threads is the
 * matter of tests/model.
 */
#ifndef WEFT_TESTS_SCHEDULE_H
#define WEFT_TESTS_SCHEDULE_H

#include "tests/support/virtual_clock.h"

enum { DECISIONS_MAX = 4096 };

static struct {
	bool on;	 /* else first come, first served */
	uint64_t random; /* 0: all there is */
	uint32_t depth;	 /* of this schedule so far */
	uint32_t known;	 /* decisions that are laid down, from the schedule before */
	uint32_t chosen[DECISIONS_MAX], of[DECISIONS_MAX];
	uint64_t trace; /* a hash of all decisions */
} schedule;

static shared decisions, schedule_over;

static inline uint32_t decide(uint32_t n)
{
	if (schedule.random)
		return (uint32_t)at_random(&schedule.random, n);
	uint32_t at = schedule.depth++;
	check(at < DECISIONS_MAX);
	if (at >= schedule.known) {
		schedule.chosen[at] = 0;
		schedule.of[at] = n;
		schedule.known = at + 1;
	}
	check_eq(schedule.of[at], n); /* the same decisions lead to the same place */
	return schedule.chosen[at];
}

static inline uint32_t choose(uint32_t n)
{
	if (!schedule.on || n < 2)
		return 0;
	uint32_t chosen = decide(n);
	add(decisions, 1);
	schedule.trace = (schedule.trace ^ (chosen + 1)) * 0x100000001b3u;
	return chosen;
}

/* The seam of src/base/random.h. */
uint32_t weft__random_below(uint32_t n)
{
	return choose(n);
}

/* A yield always lets another run, if there is one. */
static inline void perhaps_yield(void)
{
	if (choose(2))
		weft_yield();
}

/* Count up. False: that was the last. */
static inline bool next_schedule(void)
{
	schedule.known = schedule.depth;
	schedule.depth = 0;
	while (schedule.known > 0 && ++schedule.chosen[schedule.known - 1] == schedule.of[schedule.known - 1])
		schedule.known--;
	return schedule.known > 0;
}

/* Every schedule of once(), which begins and ends with nothing else alive; or, where there are more, the first `most`. How many there
 * were. */
static inline uint64_t all_schedules(void (*once)(void *), void *arg, uint64_t most)
{
	uint64_t n = 0;
	schedule.random = 0;
	schedule.depth = schedule.known = 0;
	do {
		once(arg);
		n++;
	} while (next_schedule() && n < most);
	return n;
}

/* As many random ones. */
static inline void random_schedules(void (*once)(void *), void *arg, uint64_t seed, uint64_t n)
{
	schedule.random = seed;
	for (; n > 0; n--)
		once(arg);
}

/* The monitor would report that all wait, but has been put to sleep. */
static inline void *watch(void *arg)
{
	uint64_t before = 0;
	for (int still = 0; still < 20;) {
		usleep(500000);
		if (get(schedule_over))
			return arg;
		uint64_t now = get(decisions);
		still = now == before ? still + 1 : 0;
		before = now;
	}
	weft_dump(STDERR_FILENO);
	ck_abort_msg("all wait for ever");
}

struct chosen_run {
	void *(*fn)(void *);
	void *arg;
};

static inline void *run_chosen(void *arg)
{
	struct chosen_run *run = arg;
	run->fn(run->arg);
	set(virtual_step, TICK); /* for the worker to give up looking for work */
	return NULL;
}

/* A runtime that leaves all to choose(). */
static inline void run_by_choice(void *(*fn)(void *), void *arg)
{
	struct chosen_run run = { fn, arg };
	struct weft_config config = workers_exactly(1);
	set_to_real_time();
	weft__tune.choose = choose;
	weft__tune.fair_period = 1;
	weft__tune.age_period = 1;
	weft__tune.spin_ns = UINT32_MAX; /* by the clock that is set: while all wait it looks for what is due */
	weft__tune.monitor_min_ns = weft__tune.monitor_max_ns = WEFT_S(3600); /* it would fire timers when it likes */
	pthread_t watcher = outsider(watch, NULL);
	run_with(&config, run_chosen, &run);
	set(schedule_over, 1);
	pthread_join(watcher, NULL);
}

#endif
