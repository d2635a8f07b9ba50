/* SPDX-License-Identifier: MIT */
/*
 * src/time/wheel.h against a brute-force model: random timers near and far, inserted and removed between steps of the
 * clock that are small or huge, from a random start; and the ends of the range.
 */
#include "src/time/wheel.h"

#include "src/base/random.h"
#include "tests/support/support.h"

enum { TIMERS = 300, BATCH = 8 };

static struct weft__wheel wheel;
static struct timer {
	uint64_t tick; /* when it must fire */
	uint32_t id;   /* 0: not armed */
} timer[TIMERS];

static uint64_t any_length(uint64_t *random)
{
	uint64_t r = weft__random_next(random) >> 4;
	return r % ((uint64_t)1 << (weft__random_next(random) >> 32) % 49); /* each magnitude as often */
}

static void arm(struct timer *t, uint64_t tick)
{
	t->tick = tick < wheel.current ? wheel.current : tick > WEFT__WHEEL_LAST ? WEFT__WHEEL_LAST : tick;
	t->id = weft__wheel_insert(&wheel, tick, t);
	check(t->id != 0);
}

static uint64_t earliest(void)
{
	uint64_t least = UINT64_MAX;
	for (int i = 0; i < TIMERS; i++)
		if (timer[i].id && timer[i].tick < least)
			least = timer[i].tick;
	return least;
}

/* All that is due fires, in order of ticks; nothing else does. */
static void advance(uint64_t now)
{
	void *owner[BATCH];
	unsigned n;
	while ((n = weft__wheel_expire(&wheel, now, owner, BATCH))) {
		check(n <= BATCH);
		for (unsigned i = 0; i < n; i++) {
			struct timer *t = owner[i];
			check(t->id && t->tick <= now && t->tick == earliest());
			t->id = 0;
		}
	}
	check(earliest() > now);
	check_eq(wheel.current, now + 1);
}

/* How many of the armed fire by then: 0 or 1, which must be this one. */
static bool fires(uint64_t now, struct timer *t)
{
	void *owner[BATCH] = { NULL };
	unsigned n = weft__wheel_expire(&wheel, now, owner, BATCH);
	check(n == 0 || (n == 1 && owner[0] == t));
	check(n == 0 || weft__wheel_expire(&wheel, now, owner, BATCH) == 0);
	return n == 1;
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
			if (!t->id) {
				arm(t, now + any_length(&random) / 2);
			} else {
				weft__wheel_remove(&wheel, t->id);
				t->id = 0;
			}
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
		weft__wheel_destroy(&wheel);
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
					check(!fires(timer[0].tick - 1, NULL));
					check_eq(wheel.current, timer[0].tick);
				}
				check(fires(timer[0].tick, &timer[0]));
				weft__wheel_destroy(&wheel);
			}
}
END_TEST

START_TEST(a_past_tick_is_now)
{
	weft__wheel_init(&wheel, 1000);
	weft__wheel_insert(&wheel, 3, &timer[0]);
	ck_assert(fires(1000, &timer[0]));
	weft__wheel_destroy(&wheel);
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
	ck_assert(!fires(12345 + month - 1, NULL));
	ck_assert(fires(12345 + month, &timer[3]));
	ck_assert(!fires(WEFT__WHEEL_LAST - 2, NULL));
	ck_assert(fires(UINT64_MAX, &timer[2]));
	ck_assert(!fires(UINT64_MAX, NULL));
	weft__wheel_remove(&wheel, timer[0].id);
	weft__wheel_remove(&wheel, timer[1].id);
	ck_assert(!weft__wheel_next(&wheel, &tick));
	weft__wheel_destroy(&wheel);
}
END_TEST

/* More than two chunks of entries, all in one slot and then all apart; freed ones are used again. */
START_TEST(many_timers)
{
	enum { MANY = 2 * WEFT__WHEEL_CHUNK + 100 };
	static uint32_t id[MANY];
	static bool fired[MANY];
	void *owner[BATCH];
	uint64_t n = 0;
	unsigned got;
	weft__wheel_init(&wheel, 0);
	for (int i = 0; i < MANY; i++)
		check((id[i] = weft__wheel_insert(&wheel, 77, &fired[i])) != 0);
	for (int i = 0; i < MANY; i += 2) {
		weft__wheel_remove(&wheel, id[i]);
		check((id[i] = weft__wheel_insert(&wheel, (uint64_t)i * 1000 + 78, &fired[i])) != 0);
	}
	ck_assert_uint_le(wheel.made, MANY + 1);
	while ((got = weft__wheel_expire(&wheel, UINT64_MAX, owner, BATCH)))
		for (n += got; got--; *(bool *)owner[got] = true)
			check(!*(bool *)owner[got]);
	ck_assert_uint_eq(n, MANY);
	weft__wheel_destroy(&wheel);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { agrees_with_the_model, each_distance_fires_on_its_tick,
				       a_past_tick_is_now,    the_end_of_the_range,
				       many_timers,	      NULL };
	return run_tests("unit/wheel", tests);
}
