/* SPDX-License-Identifier: MIT */
/*
 * src/time/wheel.h against a brute-force model: random timers near and far, inserted and removed between steps of the
 * clock that are small or huge, from a random start; and the ends of the range.
 */
#include "src/time/wheel.h"

#include "src/base/random.h"
#include "tests/support/support.h"

enum { TIMERS = 300 };

static struct weft__wheel wheel;
static struct timer {
	struct weft__wheel_node node;
	uint64_t tick; /* when it must fire */
	bool armed;
} timer[TIMERS];

static uint64_t any_length(uint64_t *random)
{
	uint64_t r = weft__random_next(random) >> 4;
	return r % ((uint64_t)1 << (weft__random_next(random) >> 32) % 49); /* each magnitude as often */
}

static void arm(struct timer *t, uint64_t tick)
{
	t->node.tick = tick;
	t->tick = tick < wheel.current ? wheel.current : tick > WEFT__WHEEL_LAST ? WEFT__WHEEL_LAST : tick;
	t->armed = true;
	weft__wheel_insert(&wheel, &t->node);
	check_eq(t->node.tick, t->tick);
}

static uint64_t earliest(void)
{
	uint64_t least = UINT64_MAX;
	for (int i = 0; i < TIMERS; i++)
		if (timer[i].armed && timer[i].tick < least)
			least = timer[i].tick;
	return least;
}

/* All that is due fires, in order of ticks, a tick at a time; nothing else does. */
static void advance(uint64_t now)
{
	uint64_t before = 0;
	struct weft__wheel_node *node;
	while ((node = weft__wheel_expire(&wheel, now))) {
		uint64_t due = earliest();
		check(due <= now && due >= before);
		before = due;
		for (; node; node = node->next) {
			struct timer *t = weft__container(node, struct timer, node);
			check(t->armed && t->tick == due);
			check(node->link == NULL);
			t->armed = false;
		}
		check(earliest() > due);
	}
	check(earliest() > now);
	check_eq(wheel.current, now + 1);
}

static void check_next(void)
{
	uint64_t tick, least = earliest();
	bool some = weft__wheel_next(&wheel, &tick);
	check(some == (least != UINT64_MAX));
	check(!some || (tick <= least && tick >= wheel.current));
	check(!some || (least ^ wheel.current) >> 8 || tick == least); /* exact for those within the lowest level */
}

START_TEST(agrees_with_the_model)
{
	uint64_t random = new_seed();
	for (int round = 0; round < rounds(200); round++) {
		uint64_t now = any_length(&random) / 4;
		memset(timer, 0, sizeof timer);
		weft__wheel_init(&wheel, now);
		for (int step = 0; step < 300 && now < WEFT__WHEEL_LAST / 2; step++) {
			struct timer *t = &timer[(weft__random_next(&random) >> 32) % TIMERS];
			if (t->armed)
				weft__wheel_remove(&wheel, &t->node), t->armed = false;
			else
				arm(t, now + any_length(&random) / 2);
			check_next();
			if (step % 8 == 0) {
				uint64_t least = earliest();
				now += step % 16 ? any_length(&random) / 1024 : 0;
				if (step % 32 == 0 && least != UINT64_MAX && least > now)
					now = least - (step % 64 == 0); /* to the tick, and one short of it */
				if (now + 1 > wheel.current)
					advance(now);
				check_next();
			}
		}
	}
}
END_TEST

START_TEST(each_distance_fires_on_its_tick)
{
	for (uint64_t start = 0; start < 1000; start += 37)
		for (unsigned bit = 0; bit < 47; bit++)
			for (int side = -1; side <= 1; side++) {
				uint64_t tick = start + ((uint64_t)1 << bit) + (uint64_t)(int64_t)side;
				weft__wheel_init(&wheel, start);
				arm(&timer[0], tick);
				if (timer[0].tick > start) {
					check(weft__wheel_expire(&wheel, timer[0].tick - 1) == NULL);
					check_eq(wheel.current, timer[0].tick);
				}
				check(weft__wheel_expire(&wheel, timer[0].tick) == &timer[0].node);
				check(weft__wheel_expire(&wheel, timer[0].tick) == NULL);
			}
}
END_TEST

START_TEST(a_past_tick_is_now)
{
	weft__wheel_init(&wheel, 1000);
	timer[0].node.tick = 3;
	weft__wheel_insert(&wheel, &timer[0].node);
	ck_assert_ptr_eq(weft__wheel_expire(&wheel, 1000), &timer[0].node);
}
END_TEST

/* The end of the range never comes: what is beyond waits there and can be taken out. 2^31 ms is far within it. */
START_TEST(the_end_of_the_range)
{
	uint64_t month = ((uint64_t)1 << 31) * 1000000 >> 16, tick;
	weft__wheel_init(&wheel, 12345);
	arm(&timer[0], UINT64_MAX);
	arm(&timer[1], WEFT__WHEEL_LAST);
	arm(&timer[2], WEFT__WHEEL_LAST - 1);
	arm(&timer[3], 12345 + month);
	ck_assert(weft__wheel_next(&wheel, &tick));
	ck_assert_uint_le(tick, 12345 + month);
	ck_assert_ptr_null(weft__wheel_expire(&wheel, 12345 + month - 1));
	ck_assert_ptr_eq(weft__wheel_expire(&wheel, 12345 + month), &timer[3].node);
	ck_assert_ptr_null(weft__wheel_expire(&wheel, WEFT__WHEEL_LAST - 2));
	ck_assert_ptr_eq(weft__wheel_expire(&wheel, UINT64_MAX), &timer[2].node);
	ck_assert_ptr_null(weft__wheel_expire(&wheel, UINT64_MAX));
	ck_assert_ptr_null(weft__wheel_expire(&wheel, UINT64_MAX));
	weft__wheel_remove(&wheel, &timer[0].node);
	weft__wheel_remove(&wheel, &timer[1].node);
	ck_assert(!weft__wheel_next(&wheel, &tick));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { agrees_with_the_model, each_distance_fires_on_its_tick, a_past_tick_is_now,
				       the_end_of_the_range, NULL };
	return run_tests("unit/wheel", tests);
}
