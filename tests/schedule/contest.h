/* SPDX-License-Identifier: MIT */
/*
 * A contest: threads wait for the same thing, each once. The hurried ones have a time limit (of the call, or of a scope around it) and
 * one of them is canceled; the patient ones have neither. A provider gives just enough for the patient ones, and who is hurried
 * and gets it nevertheless gives it on. So whatever is lost, at any step of a cancellation or of a time limit, a patient one
 * is missing it for ever: then all wait, and the report of the deadlock says who.
 */
#ifndef WEFT_TESTS_CONTEST_H
#define WEFT_TESTS_CONTEST_H

#include "tests/schedule/schedule.h"

#define LIMIT (16 * TICK)

enum way { BY_LIMIT, BY_SCOPE };

enum { CONTESTANTS_MAX = 5 };

struct contest {
	const char *name;
	void (*begin)(void);
	void (*prepare)(void); /* by the provider, before anybody waits: may be NULL */
	/* 0 or a negative errno value; limit may be WEFT_FOREVER. */
	int (*wait)(int who, uint64_t limit);
	void (*provide)(void);
	void (*over)(int who, int result); /* by the contestant, masked: may be NULL */
	void (*end)(void);		   /* may be NULL */
	bool untimed;			   /* the call knows no limit */
	bool uncanceled;		   /* nor does it heed a cancel of its caller */
};

static const struct contest *contest;
static enum way way;
static int contestants;
static uint64_t results_seen[3]; /* of hurried ones: 0, -ETIMEDOUT, -ECANCELED */
static uint64_t due;		 /* the limit of those in a hurry */
static bool canceled, passed, gone;
static weft_t thread[CONTESTANTS_MAX];
static struct weft_event gate;
static struct weft_waitgroup others;

/* 0 is canceled, 0 and 2 have a limit. */
static inline bool is_hurried(int who)
{
	return who == 0 || who == 2;
}

static inline int patient_ones(void)
{
	return contestants == 2 ? 1 : 3;
}

static inline int wait_in_scope(int who)
{
	struct weft_scope scope;
	check_eq(weft_scope_open(&scope, 0), 0);
	check_eq(weft_scope_set_deadline(&scope, due), 0);
	int result = contest->wait(who, WEFT_FOREVER);
	weft_scope_close(&scope);
	return result;
}

static inline int wait_hurried(int who)
{
	int result = way == BY_SCOPE ? wait_in_scope(who) : contest->wait(who, due > weft_now() ? due - weft_now() : 0);
	if (result == -ETIMEDOUT)
		check(passed && way == BY_LIMIT);
	else if (result == -ECANCELED)
		check((who == 0 && canceled) || (passed && way == BY_SCOPE));
	else
		check_eq(result, 0);
	results_seen[result == -ETIMEDOUT ? 1 : result == -ECANCELED ? 2 : 0]++;
	return result;
}

static inline void *contestant(void *arg)
{
	int who = (int)(intptr_t)arg, result = 0;
	check_eq(weft_event_wait(&gate), 0);
	if (is_hurried(who))
		result = wait_hurried(who);
	else
		check_eq(contest->wait(who, WEFT_FOREVER), 0);
	check_eq(weft_testcancel(), who == 0 && canceled ? -ECANCELED : 0);
	check_eq(weft_cancel_mask(), 0);
	if (contest->over)
		contest->over(who, result);
	weft_waitgroup_done(&others);
	gone |= who == 0;
	return NULL;
}

static inline void *provider(void *arg)
{
	if (contest->prepare)
		contest->prepare();
	check_eq(weft_event_wait(&gate), 0);
	contest->provide();
	weft_waitgroup_done(&others);
	return arg;
}

static inline void *canceler(void *arg)
{
	check_eq(weft_event_wait(&gate), 0);
	canceled = weft_cancel(thread[0]) == 0;
	check(canceled || gone);
	weft_waitgroup_done(&others);
	return arg;
}

static inline void *time_passes(void *arg)
{
	check_eq(weft_event_wait(&gate), 0);
	passed = true;
	add(virtual_now, 2 * LIMIT);
	set(virtual_step, TICK / 16); /* whose limit has passed as it comes waits for the next tick */
	weft_waitgroup_done(&others);
	return arg;
}

static inline void once(void *arg)
{
	weft_t helper[3];
	(void)arg;
	canceled = passed = gone = false;
	set(virtual_step, 0);
	due = weft_now() + LIMIT;
	gate = (struct weft_event)WEFT_EVENT_INIT;
	others = (struct weft_waitgroup)WEFT_WAITGROUP_INIT;
	weft_waitgroup_add(&others, (unsigned)contestants + 3);
	contest->begin();
	helper[0] = spawn(NULL, provider, NULL);
	helper[1] = spawn(NULL, canceler, NULL);
	helper[2] = spawn(NULL, time_passes, NULL);
	for (intptr_t i = 0; i < contestants; i++)
		thread[i] = spawn(NULL, contestant, (void *)i);
	weft_event_set(&gate);
	schedule.on = true;
	check_eq(weft_waitgroup_wait(&others), 0);
	schedule.on = false;
	for (int i = 0; i < 3; i++)
		join(helper[i]);
	for (int i = 0; i < contestants; i++)
		join(thread[i]);
	if (contest->end)
		contest->end();
}

static inline void hold_one(const struct contest *which, enum way how, uint64_t seed)
{
	contest = which;
	way = how;
	memset(results_seen, 0, sizeof results_seen);
	contestants = 2;
	uint64_t n = all_schedules(once, NULL, (uint64_t)rounds(20000));
	contestants = 5;
	random_schedules(once, NULL, seed, (uint64_t)rounds(5000));
	printf("%-24s %s  %6llu schedules; of those in a hurry %llu got it, %llu timed out, %llu were canceled\n",
	       which->name, how == BY_SCOPE ? "scope" : "limit", (unsigned long long)n,
	       (unsigned long long)results_seen[0], (unsigned long long)results_seen[1],
	       (unsigned long long)results_seen[2]);
	check(results_seen[0]);
	check(results_seen[2] || (which->uncanceled && how == BY_LIMIT));
	check(results_seen[1] || how == BY_SCOPE);
}

/* All of them, ended by one without a name. */
static inline void *hold(void *contests)
{
	uint64_t seed = new_seed();
	for (const struct contest *c = contests; c->name; c++) {
		if (!c->untimed)
			hold_one(c, BY_LIMIT, seed);
		hold_one(c, BY_SCOPE, seed);
	}
	return NULL;
}

static struct contest *contested;

START_TEST(each)
{
	run_by_choice(hold, contested);
}
END_TEST

/*
 * What main returns. Not under TSan: on one worker each switch orders what is before it and what is after, so there is nothing to
 * report. And in the millions of switches here its runtime (clang 14) has once died of its own trace, whose parts were written over,
 * and hung, as the handler of that signal waits for the lock of the trace.
 */
static inline int run_contests(const char *name, struct contest *contests)
{
	if (WEFT__TSAN) {
		printf("%s: one worker, nothing for TSan to see\n", name);
		return 77;
	}
	const TTest *const tests[] = { each, NULL };
	contested = contests;
	return run_tests(name, tests);
}

#endif
