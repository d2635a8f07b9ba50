/* SPDX-License-Identifier: MIT */
/*
 * src/time/timer.h through ten years of virtual time: the clock is the test's own. Timers of every length, from 1 ns to the end of
 * the clock's 64 bits, are armed, cancelled and fired; a jump of the clock is of any length, too. No timer is early; after
 * a jump none is left that was due a tick ago; and what a jump costs depends on the timers that it moves, not on its length.
 */
#include "src/time/timer.h"

#include "src/base/random.h"
#include "src/sched/worker.h"
#include "tests/support/virtual_clock.h"

/* The wheel is compiled in here, to count: each timer that is put into a slot asks for the highest bit in which ticks
 * differ, each look for the first occupied slot for the lowest bit of a word. */
static uint64_t moves, looks;
#define __builtin_clzll(x) (moves++, __builtin_clzll(x))
#define __builtin_ctzll(x) (looks++, __builtin_ctzll(x))
#include "src/time/wheel.c"

enum { TIMERS = 400 };

static struct weft__worker *worker;

static struct test_timer {
	struct weft__wait wait;
	struct weft__timer timer;
	uint64_t deadline;
	bool armed;
} timers[TIMERS];

static uint64_t fired, latest;

/* What a timer that fires does first. It goes no further: nobody waits here. */
static bool fire_in_test(struct weft__wait *wait, struct weft__thread *self)
{
	struct test_timer *t = weft__container(wait, struct test_timer, wait);
	(void)self;
	check(t->armed);
	check(get(virtual_now) >= t->deadline);
	t->armed = false;
	fired++;
	return false;
}

static void arm_for(struct test_timer *t, uint64_t length)
{
	uint64_t first = weft__load_rlx(&worker->deadline);
	t->wait.revoke = fire_in_test;
	t->timer.wait = &t->wait;
	t->deadline = weft__os_after(length);
	t->armed = true;
	check(weft__timer_arm(worker, &t->timer, t->deadline));
	check(weft__load_rlx(&worker->deadline) >= ((t->deadline < first ? t->deadline : first) & ~(TICK - 1)));
}

static void cancel_it(struct test_timer *t)
{
	weft__timer_cancel(&t->timer);
	t->armed = false;
}

static uint64_t earliest(void)
{
	uint64_t least = WEFT__NEVER;
	for (int i = 0; i < TIMERS; i++)
		if (timers[i].armed && timers[i].deadline < least)
			least = timers[i].deadline;
	return least;
}

/* The clock has gone on. What the worker would sleep until is never too late either. */
static void collect_at(uint64_t now)
{
	uint64_t moved = moves, looked = looks, count = fired;
	set(virtual_now, now);
	weft__timer_source->collect(worker, false);
	moved = moves - moved;
	looked = looks - looked;
	count = fired - count;
	uint64_t least = earliest();
	check(least > now || now - least < TICK - 1);
	check(weft__load_rlx(&worker->deadline) <= (least > WEFT__NEVER - TICK ? WEFT__NEVER : least + TICK));
	check(looked <= 4 + moved + 2 * count);
	latest = looked > latest ? looked : latest;
}

/* How many timers were armed. */
static uint64_t live_through(uint64_t from, uint64_t length, uint64_t *random)
{
	uint64_t armed = 0;
	set(virtual_now, from);
	memset(timers, 0, sizeof timers);
	check(weft__timer_source->attach(worker));
	while (weft_now() - from < length && weft_now() < LAST_TIME) {
		struct test_timer *t = &timers[at_random(random, TIMERS)];
		if (t->armed)
			cancel_it(t);
		for (int n = 0; n < 4; n++, armed++)
			if (!(t = &timers[at_random(random, TIMERS)])->armed)
				arm_for(t, any_length(random));
		collect_at(next_time(random, earliest()));
	}
	weft__timer_source->detach(worker);
	return armed;
}

static void set_up(void)
{
	worker = aligned_alloc(_Alignof(struct weft__worker), sizeof *worker);
	memset(worker, 0, sizeof *worker);
	weft__store_rlx(&worker->deadline, WEFT__NEVER);
	moves = looks = fired = latest = 0;
}

START_TEST(ten_years)
{
	uint64_t random = new_seed(), armed = 0;
	set_up();
	for (int i = 0; i < rounds(20); i++)
		armed += live_through(at_random(&random, YEAR), 10 * YEAR, &random);
	printf("%llu armed, %llu fired, %llu moves, at most %llu looks a jump\n", (unsigned long long)armed,
	       (unsigned long long)fired, (unsigned long long)moves, (unsigned long long)latest);
	ck_assert_uint_gt(fired, 1000);
	ck_assert_uint_le(moves, 6 * armed);
	free(worker);
}
END_TEST

/* Where the clock's 64 bits end no timer is early, and none is taken for overdue. */
START_TEST(the_end_of_time)
{
	uint64_t random = new_seed();
	set_up();
	for (int i = 0; i < rounds(200); i++)
		live_through(LAST_TIME - at_random(&random, (uint64_t)1 << (20 + i % 40)), WEFT__NEVER, &random);
	free(worker);
}
END_TEST

/* A timer is early by no nanosecond, and a tick after its deadline it has fired. */
START_TEST(each_length)
{
	set_up();
	check(weft__timer_source->attach(worker));
	for (unsigned bit = 0; bit < 64; bit++)
		for (uint64_t around = 0; around < 3; around++) {
			struct test_timer *t = &timers[0];
			uint64_t now = 123456789 + around * TICK / 2;
			set(virtual_now, now);
			weft__wheel_destroy(worker->timers);
			weft__wheel_init(worker->timers, now / TICK);
			arm_for(t, ((uint64_t)1 << bit) - 1 + around);
			if (t->deadline > now) {
				collect_at(t->deadline - 1);
				check(t->armed);
			}
			if (t->deadline > WEFT__NEVER - TICK)
				continue;
			collect_at(t->deadline + TICK - 1);
			check(!t->armed);
		}
	weft__timer_source->detach(worker);
	free(worker);
}
END_TEST

int main(void)
{
	set_to_real_time();
	const TTest *const tests[] = { ten_years, the_end_of_time, each_length, NULL };
	return run_tests("unit/timer", tests);
}
