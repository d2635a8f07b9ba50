/* SPDX-License-Identifier: MIT */
/* src/sched/steal.c: what a thief takes, and after how long, by a clock that stands. Nobody runs: the victim is what is done to it here. */
#include "src/sched/steal.h"

#include "src/os/barrier.h"
#include "tests/support/virtual_clock.h"

enum { US = 1000, CARRY = 10 * US, LOOKS_MOST = 10000 };

static struct weft__worker thief, victim;
static struct weft__looked looked[2];
static struct weft__thread thread[8];

static void make(struct weft__worker *w, uint32_t index)
{
	w->index = index;
	weft__store_rlx(&w->stuck, UINT32_MAX);
	check(weft__ring_init(&w->ready, 8));
	check(weft__ring_init(&w->cont, 8));
	weft__store_rlx(&weft__pool.worker[index], w);
}

static void begin(void)
{
	set_to_real_time();
	weft__os_barrier_init();
	weft__tune.carry_ns = CARRY;
	weft__pool.parallelism = 2;
	weft__store_rlx(&weft__pool.workers, 2);
	make(&thief, 0);
	make(&victim, 1);
	thief.looked = looked;
	thief.spins = true;
	thief.random = 1;
}

static void dispatch(void)
{
	weft__store_rlx(&victim.dispatches, weft__load_rlx(&victim.dispatches) + 1);
}

/* It runs the oldest, which is ready again at once. */
static void serve(void)
{
	dispatch();
	struct weft__thread *t = weft__ring_pop_front(&victim.ready);
	check(t && weft__ring_push(&victim.ready, t));
}

static void stand(void)
{
}

static void give(struct weft__ring *lane, int n)
{
	for (int i = 0; i < n; i++)
		check(weft__ring_push(lane, &thread[i]));
}

static void empty(struct weft__worker *w)
{
	while (weft__ring_pop_front(&w->ready) || weft__ring_pop_front(&w->cont))
		;
}

/* A look each microsecond, between which the victim does so: after how many has something been taken? */
static int looks(void (*meanwhile)(void))
{
	int n = 1;
	while (!weft__steal(&thief) && n < LOOKS_MOST) {
		meanwhile();
		add(virtual_now, US);
		n++;
	}
	empty(&victim);
	empty(&thief);
	return n;
}

/* What was taken has run for so long. The next look finds nothing, and the victim elsewhere. */
static void run_for(uint64_t ns)
{
	add(virtual_now, ns);
	dispatch();
	check(!weft__steal(&thief));
	add(virtual_now, CARRY);
	dispatch();
	check(!weft__steal(&thief));
}

/* So many in a lane of the victim's that was empty. */
static int looks_at(struct weft__ring *lane, int n, void (*meanwhile)(void))
{
	run_for(0);
	give(lane, n);
	return looks(meanwhile);
}

START_TEST(a_lone_thread_is_taken_from_a_victim_that_stands_still)
{
	begin();
	check_eq(looks_at(&victim.ready, 1, stand), 1 + CARRY / US);
	check_eq(looks_at(&victim.cont, 1, stand), 1 + CARRY / US);
	run_for(0);
	weft__store_rlx(&victim.next, &thread[0]);
	check_eq(looks(stand), 1 + CARRY / US);
	check(!weft__load_rlx(&victim.next));
}
END_TEST

START_TEST(of_one_that_the_monitor_found_stuck_it_is_taken_at_once)
{
	begin();
	run_for(0);
	give(&victim.ready, 1);
	weft__store_rlx(&victim.stuck, weft__load_rlx(&victim.dispatches));
	check_eq(looks(stand), 1);
}
END_TEST

START_TEST(two_continuations_are_taken_at_once)
{
	begin();
	check_eq(looks_at(&victim.cont, 2, dispatch), 1);
}
END_TEST

START_TEST(one_continuation_is_left_to_a_victim_that_goes_on)
{
	begin();
	check_eq(looks_at(&victim.cont, 1, dispatch), LOOKS_MOST);
}
END_TEST

START_TEST(who_waits_for_long_is_taken)
{
	begin();
	check_eq(looks_at(&victim.ready, 2, dispatch), 1 + CARRY / US);
}
END_TEST

START_TEST(who_is_served_soon_is_taken_if_some_stay)
{
	begin();
	check_eq(looks_at(&victim.ready, 2, serve), 32);
}
END_TEST

START_TEST(two_are_taken_at_once_by_who_does_not_look_again)
{
	begin();
	thief.spins = false;
	check_eq(looks_at(&victim.ready, 2, serve), 1);
}
END_TEST

/* Half, and as many of a full lane go into the thief's. */
START_TEST(half_is_taken)
{
	begin();
	run_for(0);
	thief.spins = false;
	give(&victim.ready, 7);
	check(weft__steal(&thief) == &thread[0]);
	check_eq(weft__ring_count(&victim.ready), 3);
	check_eq(weft__ring_count(&thief.ready), 3);
	check(weft__ring_pop_front(&victim.ready) == &thread[4]);
}
END_TEST

/* The looks at a victim that goes on, when the last haul ran for so long: of a thief that was patient, each 5 us. */
static int looks_after(uint64_t ns)
{
	run_for(ns);
	give(&victim.ready, 2);
	return looks(dispatch);
}

START_TEST(hauls_that_do_not_last_make_patient)
{
	begin();
	(void)looks_after(0);
	for (int doubled = 2; doubled <= 64; doubled *= 2) {
		int n = looks_after(10 * CARRY);
		check(n > doubled * CARRY / US && n <= doubled * CARRY / US + 6);
	}
	int most = looks_after(10 * CARRY);
	check(most > 64 * CARRY / US && most <= 64 * CARRY / US + 6);
	check_eq(looks_after(10 * CARRY + 1), 1 + CARRY / US);
}
END_TEST

/* However patient. */
START_TEST(a_victim_that_stands_still_is_not_waited_for)
{
	begin();
	for (int i = 0; i < 8; i++)
		(void)looks_after(0);
	int n = looks_at(&victim.ready, 2, stand);
	check(n > CARRY / US && n <= CARRY / US + 6);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_lone_thread_is_taken_from_a_victim_that_stands_still,
				       of_one_that_the_monitor_found_stuck_it_is_taken_at_once,
				       two_continuations_are_taken_at_once,
				       one_continuation_is_left_to_a_victim_that_goes_on,
				       who_waits_for_long_is_taken,
				       who_is_served_soon_is_taken_if_some_stay,
				       two_are_taken_at_once_by_who_does_not_look_again,
				       half_is_taken,
				       hauls_that_do_not_last_make_patient,
				       a_victim_that_stands_still_is_not_waited_for,
				       NULL };
	return run_tests("unit/steal", tests);
}
