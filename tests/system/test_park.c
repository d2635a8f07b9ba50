/* SPDX-License-Identifier: MIT */
/* The permit: given before or after, merged, never lost; ping-pong of all kinds of threads; stale handles. */
#include "tests/support/support.h"

static const struct weft_attr *const kinds[] = { WEFT_GREEN, WEFT_BOUND };

static void *permits(void *arg)
{
	for (int i = 0; i < 100; i++) {
		check_eq(weft_unpark(weft_self()), 0);
		check_eq(weft_park(), 0);
		for (int n = 0; n < 3; n++)
			check_eq(weft_unpark(weft_self()), 0);
		check_eq(weft_park(), 0); /* three are one */
		check_eq(weft_park_timeout(0), -ETIMEDOUT);
		weft_yield();
	}
	return arg;
}

static void *permits_of_both(void *arg)
{
	join(spawn(WEFT_BOUND, permits, NULL));
	return permits(arg);
}

START_TEST(a_permit_is_one)
{
	ck_assert_int_eq(weft_park(), -EPERM);
	run(permits_of_both, NULL);
}
END_TEST

struct pingpong {
	weft_t main, other;
	shared turns;
	uint64_t rounds;
};

static void *pong(void *arg)
{
	struct pingpong *p = arg;
	for (uint64_t i = 0; i < p->rounds; i++) {
		check_eq(weft_park(), 0);
		check_eq(get(p->turns), 2 * i + 1); /* what preceded unpark is seen, and nobody wakes without one */
		add(p->turns, 1);
		check_eq(weft_unpark(p->main), 0);
	}
	return NULL;
}

static void *ping(void *arg)
{
	int kind = (int)(intptr_t)arg;
	struct pingpong p = { .main = weft_self(), .rounds = (uint64_t)rounds(kind ? 1000 : 20000) };
	p.other = spawn(kinds[kind & 1], pong, &p);
	for (uint64_t i = 0; i < p.rounds; i++) {
		add(p.turns, 1);
		check_eq(weft_unpark(p.other), 0);
		check_eq(weft_park(), 0);
		check_eq(get(p.turns), 2 * i + 2);
	}
	join(p.other);
	return NULL;
}

static void *all_pingpongs(void *arg)
{
	weft_t pair[8];
	for (intptr_t kind = 0; kind < 4; kind++)
		join(spawn(kinds[kind >> 1], ping, (void *)kind));
	for (intptr_t i = 0; i < 8; i++)
		pair[i] = spawn(WEFT_GREEN, ping, (void *)(i >> 2));
	for (int i = 0; i < 8; i++)
		join(pair[i]);
	return arg;
}

START_TEST(pingpong)
{
	run(all_pingpongs, NULL);
}
END_TEST

/* Many wake one at the same time: as many parks as needed to see the last, no park without an unpark. */
struct storm {
	weft_t sleeper;
	shared given;
};

static void *wake_often(void *arg)
{
	struct storm *storm = arg;
	for (int i = 0; i < rounds(500); i++) {
		add(storm->given, 1);
		check_eq(weft_unpark(storm->sleeper), 0);
		if (i % 16 == 0)
			weft_yield();
	}
	return NULL;
}

static void *sleep_through(void *arg)
{
	struct storm *storm = arg;
	uint64_t parks = 0;
	while (get(storm->given) < 6 * (uint64_t)rounds(500)) {
		check_eq(weft_park(), 0);
		parks++;
		check(parks <= get(storm->given));
	}
	return NULL;
}

static void *test_storm(void *arg)
{
	for (int kind = 0; kind < 2; kind++) {
		struct storm storm = { .given = 0 };
		weft_t waker[4];
		pthread_t outside[2];
		storm.sleeper = spawn(kinds[kind], sleep_through, &storm);
		for (int i = 0; i < 2; i++)
			outside[i] = outsider(wake_often, &storm);
		for (int i = 0; i < 4; i++)
			waker[i] = spawn(kinds[i == 3], wake_often, &storm);
		weft_t late = weft_self();
		for (int i = 0; i < 4; i++)
			join(waker[i]);
		for (int i = 0; i < 2; i++)
			wait_until(pthread_tryjoin_np(outside[i], NULL) == 0);
		check_eq(weft_unpark(late), 0);
		check_eq(weft_park(), 0);
		weft_unpark(storm.sleeper); /* it may have ended, or have no permit for its last look */
		join(storm.sleeper);
		check_eq(weft_unpark(storm.sleeper), -ESRCH);
	}
	return arg;
}

START_TEST(storm)
{
	run(test_storm, NULL);
}
END_TEST

static void *ended(void *arg)
{
	return arg;
}

static void *unpark_the_dead(void *arg)
{
	for (int kind = 0; kind < 2; kind++) {
		weft_t thread = spawn(kinds[kind], ended, NULL);
		wait_until(weft_unpark(thread) == -ESRCH); /* ended, not joined yet */
		join(thread);
		check_eq(weft_unpark(thread), -ESRCH);
		for (int i = 0; i < 200;
		     i++) { /* whoever has its record and stack now gets no permit by the old handle */
			weft_t heir = spawn(kinds[kind], ended, NULL);
			check_eq(weft_unpark(thread), -ESRCH);
			join(heir);
		}
	}
	return arg;
}

START_TEST(stale_handles)
{
	run(unpark_the_dead, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_permit_is_one, pingpong, storm, stale_handles, NULL };
	return run_tests("system/park", tests);
}
