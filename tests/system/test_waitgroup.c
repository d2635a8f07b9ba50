/* SPDX-License-Identifier: MIT */
/* Wait group, event, barrier and once. */
#include "tests/support/child.h"
#include "tests/support/crew.h"

static struct weft_waitgroup group = WEFT_WAITGROUP_INIT;
static struct weft_event event = WEFT_EVENT_INIT;
static struct weft_barrier barrier = WEFT_BARRIER_INIT(4);
static struct weft_once once[50];
static shared ready, n;

START_TEST(ends_of_the_range)
{
	ck_assert_int_eq(weft_waitgroup_wait(&group), 0);
	ck_assert_int_eq(weft_waitgroup_wait_timeout(&group, 0), 0);
	ck_assert_int_eq(weft_waitgroup_add(&group, 0), 0);
	ck_assert_int_eq(weft_waitgroup_add(&group, 1u << 30), -EOVERFLOW);
	ck_assert_int_eq(weft_waitgroup_add(&group, (1u << 30) - 1), 0);
	ck_assert_int_eq(weft_waitgroup_wait_timeout(&group, WEFT_MS(1)), -ETIMEDOUT);
	ck_assert_int_eq(weft_waitgroup_add(&group, 1), -EOVERFLOW); /* somebody has waited */
	ck_assert_int_eq(weft_waitgroup_add(&group, UINT32_MAX), -EOVERFLOW);
	ck_assert_int_eq(weft_waitgroup_wait_timeout(&group, 0), -ETIMEDOUT);
	ck_assert_int_eq(weft_event_wait_timeout(&event, 0), -ETIMEDOUT);
	ck_assert_int_eq(weft_event_wait_timeout(&event, WEFT_MS(1)), -ETIMEDOUT);
	ck_assert_int_eq(weft_event_set(&event), 0);
	ck_assert_int_eq(weft_event_set(&event), 0);
	ck_assert_int_eq(weft_event_wait(&event), 0);
	ck_assert_int_eq(weft_event_wait_timeout(&event, 0), 0);
	ck_assert_int_eq(weft_event_wait_timeout(&event, WEFT_FOREVER), 0);
	ck_assert_int_eq(weft_event_reset(&event), 0);
	ck_assert_int_eq(weft_event_wait_timeout(&event, 0), -ETIMEDOUT);
	struct weft_barrier none = WEFT_BARRIER_INIT(0), alone = WEFT_BARRIER_INIT(1);
	ck_assert_int_eq(weft_barrier_wait(&none), -EINVAL);
	ck_assert_int_eq(weft_barrier_wait(&alone), 1);
	ck_assert_int_eq(weft_barrier_wait(&alone), 1);
	ck_assert_int_eq(weft_once(&once[0], NULL, NULL), -EINVAL);
}
END_TEST

static int too_many_done(void *arg)
{
	weft_waitgroup_add(&group, 1);
	weft_waitgroup_done(&group);
	weft_waitgroup_done(&group);
	return arg != NULL;
}

START_TEST(below_zero)
{
	struct child child = run_child(too_many_done, NULL);
	ck_died(&child, SIGABRT);
	ck_said(&child, "more often");
}
END_TEST

/* Six wait, with and without a limit, and six are waited for. */
static void *waited_for(void *arg)
{
	struct member *m = arg;
	if (m->index < 6) {
		int err = m->index & 1 ? weft_waitgroup_wait(&group)
				       : weft_waitgroup_wait_timeout(&group, WEFT_US(pick(m, 300)));
		check(err == 0 || (err == -ETIMEDOUT && !(m->index & 1)));
		m->got = err == 0;
		check(err || get(n) == 6);
	} else {
		weft_sleep(WEFT_US(pick(m, 200)));
		add(n, 1);
		check_eq(weft_waitgroup_done(&group), 0);
	}
	return NULL;
}

START_TEST(all_have_come)
{
	struct crew crew;
	uint64_t seed = new_seed();
	start();
	for (int i = 0; i < rounds(200); i++) {
		set(n, 0);
		ck_assert_int_eq(weft_waitgroup_add(&group, 6), 0);
		crew_start(&crew, 12, seed++, waited_for);
		ck_assert_int_eq(weft_waitgroup_wait(&group), 0);
		ck_assert_uint_eq(get(n), 6);
		ck_assert_uint_ge(crew_join(&crew), 3);
	}
	stop();
}
END_TEST

static void *wait_in_queue(void *arg)
{
	check_eq(add(ready, 1) & 1 ? weft_event_wait(&event) : weft_event_wait_timeout(&event, WEFT_FOREVER), 0);
	check_eq(weft_waitgroup_wait_timeout(&group, WEFT_S(60)), 0);
	add(n, 1);
	return arg;
}

/* Set and taken back at once, on one worker: still all go that wait. */
static void *pulse(void *arg)
{
	weft_t thread[5];
	check_eq(weft_waitgroup_add(&group, 1), 0);
	for (int i = 0; i < 5; i++)
		thread[i] = spawn(WEFT_GREEN, wait_in_queue, NULL);
	check_eq(weft_event_set(&event), 0);
	check_eq(weft_event_reset(&event), 0);
	wait_until(get(ready) == 5);
	for (int i = 0; i < 5; i++)
		weft_yield();
	check_eq(get(n), 0);
	check_eq(weft_waitgroup_done(&group), 0);
	check_eq(weft_waitgroup_add(&group, 1), 0);
	for (int i = 0; i < 5; i++)
		join(thread[i]);
	check_eq(get(n), 5);
	check_eq(weft_waitgroup_done(&group), 0);
	return arg;
}

START_TEST(a_short_moment_is_enough)
{
	struct weft_config config = one_worker_alone();
	run_with(&config, pulse, NULL);
}
END_TEST

static void *see_all(void *arg)
{
	for (int i = 0; i < rounds(20000); i++) {
		check_eq(arg ? weft_waitgroup_wait(&group) : weft_event_wait(&event), 0);
		add(n, 1);
	}
	return NULL;
}

/* Over and over, until the waiter has seen it so often: it must whenever it sleeps. */
static void flicker(bool groups)
{
	uint64_t limit = weft_now() + WEFT_S(60);
	while (get(n) < (unsigned)rounds(20000)) {
		check_eq(groups ? weft_waitgroup_done(&group) : weft_event_set(&event), 0);
		check_eq(groups ? weft_waitgroup_add(&group, 1) : weft_event_reset(&event), 0);
		check(weft_now() < limit);
	}
}

START_TEST(between_two_looks)
{
	start();
	for (int i = 0; i < 4; i++) {
		bool groups = i & 1;
		set(n, 0);
		ck_assert_int_eq(weft_waitgroup_add(&group, 1), 0);
		weft_t thread = spawn(i & 2 ? WEFT_BOUND : WEFT_GREEN, see_all, groups ? &group : NULL);
		flicker(groups);
		join(thread);
		ck_assert_int_eq(weft_waitgroup_done(&group), 0);
	}
	stop();
}
END_TEST

static struct weft_event round_of[2][200];

/* All wait for one event after another, in both directions: a lost wake-up stops it. */
static void *events(void *arg)
{
	struct member *m = arg;
	for (int i = 0; i < rounds(200) - 1; i++) {
		if (m->index == 0) {
			check_eq(weft_event_set(&round_of[0][i]), 0);
			check_eq(weft_event_wait(&round_of[1][i]), 0);
		} else {
			while (weft_event_wait_timeout(&round_of[0][i], pick(m, 100000)) != 0)
				;
			if (m->index == 1 + i % 8)
				check_eq(weft_event_set(&round_of[1][i]), 0);
		}
	}
	return NULL;
}

START_TEST(event_by_event)
{
	crew_run(9, events);
}
END_TEST

/* Any four that meet go on, and exactly one of them is told 1. */
static void *meet(void *arg)
{
	struct member *m = arg;
	while (add(n, 1) <= 4 * (unsigned)rounds(1000)) {
		int first = weft_barrier_wait(&barrier);
		check(first == 0 || first == 1);
		m->got += (unsigned)first;
	}
	return NULL;
}

START_TEST(barrier_of_few)
{
	ck_assert_uint_eq(crew_run(4, meet), (unsigned)rounds(1000));
}
END_TEST

/* More threads than it takes: phases overlap. */
START_TEST(barrier_of_many)
{
	ck_assert_uint_eq(crew_run(9, meet), (unsigned)rounds(1000));
}
END_TEST

static void slowly(void *arg)
{
	weft_sleep(WEFT_US(50));
	add(n, 1);
	*(uint64_t *)arg += 1; /* plain: seen by all who return */
}

static uint64_t plain[50];

static void *call_once(void *arg)
{
	struct member *m = arg;
	for (int i = 0; i < 50; i++) {
		check_eq(weft_once(&once[i], slowly, &plain[i]), 0);
		m->got += plain[i];
	}
	return NULL;
}

START_TEST(only_once)
{
	ck_assert_uint_eq(crew_run(12, call_once), 12 * 50);
	ck_assert_uint_eq(get(n), 50);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { ends_of_the_range, below_zero,
				       all_have_come,	  a_short_moment_is_enough,
				       between_two_looks, event_by_event,
				       barrier_of_few,	  barrier_of_many,
				       only_once,	  NULL };
	return run_tests("system/waitgroup", tests);
}
