/* SPDX-License-Identifier: MIT */
/* The semaphore: units are neither lost nor made, whoever waits and gives up; order; the ends of its range. */
#include "tests/support/crew.h"

#define MAX 0x7fffffffu

START_TEST(ends_of_the_range)
{
	struct weft_sem s = WEFT_SEM_INIT(MAX - 1);
	ck_assert_int_eq(weft_sem_release(&s, 2), -EOVERFLOW);
	ck_assert_int_eq(weft_sem_release(&s, UINT32_MAX), -EOVERFLOW);
	ck_assert_int_eq(weft_sem_release(&s, 1), 0);
	ck_assert_int_eq(weft_sem_release(&s, 1), -EOVERFLOW);
	ck_assert_int_eq(weft_sem_release(&s, 0), 0);
	ck_assert_int_eq(weft_sem_tryacquire(&s), 0);
	ck_assert_int_eq(weft_sem_acquire(&s), 0);
	ck_assert_int_eq(weft_sem_acquire_timeout(&s, 0), 0);

	struct weft_sem none = WEFT_SEM_INIT(0);
	ck_assert_int_eq(weft_sem_tryacquire(&none), -EAGAIN);
	ck_assert_int_eq(weft_sem_acquire_timeout(&none, 0), -ETIMEDOUT);
	ck_assert_int_eq(weft_sem_acquire_timeout(&none, WEFT_MS(1)), -ETIMEDOUT);
	ck_assert_int_eq(weft_sem_release(&none, MAX), 0); /* somebody has waited */
	ck_assert_int_eq(weft_sem_release(&none, 1), -EOVERFLOW);
	ck_assert_int_eq(weft_sem_acquire_timeout(&none, WEFT_FOREVER), 0);
}
END_TEST

static struct weft_sem sem = WEFT_SEM_INIT(0);
static shared released, taken;

static bool acquire_somehow(struct member *m)
{
	int err;
	switch (pick(m, 4)) {
	case 0:
		err = weft_sem_tryacquire(&sem);
		check(err == 0 || err == -EAGAIN);
		return err == 0;
	default:
		err = weft_sem_acquire_timeout(&sem, pick(m, 8) ? pick(m, 300000) : 0);
		check(err == 0 || err == -ETIMEDOUT);
		return err == 0;
	}
}

static void *give_and_take(void *arg)
{
	struct member *m = arg;
	for (int i = 0; i < rounds(4000); i++) {
		if (pick(m, 2)) {
			m->got += acquire_somehow(m);
		} else {
			unsigned n = pick(m, 3);
			check_eq(weft_sem_release(&sem, n), 0);
			add(released, n);
		}
	}
	return NULL;
}

static uint64_t left(struct weft_sem *s)
{
	uint64_t n = 0;
	while (weft_sem_tryacquire(s) == 0)
		n++;
	return n;
}

START_TEST(timeouts_lose_nothing)
{
	uint64_t got = crew_run(12, give_and_take);
	ck_assert_uint_eq(got + left(&sem), get(released));
}
END_TEST

/* One unit for a token ring of two semaphores between any two kinds: a lost wake-up stops it. */
static struct weft_sem ping[32], pong[32];

static void *volley(void *arg)
{
	struct member *m = arg;
	struct weft_sem *mine = m->index % 2 ? &ping[m->index / 2] : &pong[m->index / 2];
	struct weft_sem *theirs = m->index % 2 ? &pong[m->index / 2] : &ping[m->index / 2];
	for (int i = 0; i < rounds(2000); i++) {
		check_eq(weft_sem_release(theirs, 1), 0);
		check_eq(weft_sem_acquire(mine), 0);
	}
	return NULL;
}

START_TEST(between_all_kinds)
{
	crew_run(18, volley);
}
END_TEST

static void *take_all(void *arg)
{
	for (int i = 0; i < rounds(5000); i++)
		check_eq(weft_sem_acquire(&sem), 0);
	return arg;
}

/* A unit is given and, unless the waiter was quicker, taken back. It must get one whenever it sleeps. */
static void give_until_taken(void)
{
	uint64_t limit = weft_now() + WEFT_S(60);
	for (int i = 0; i < rounds(5000); i++)
		do {
			check_eq(weft_sem_release(&sem, 1), 0);
			check(weft_now() < limit);
		} while (weft_sem_tryacquire(&sem) == 0);
}

START_TEST(between_two_looks)
{
	start();
	for (int i = 0; i < 2; i++) {
		weft_t thread = spawn(i ? WEFT_BOUND : WEFT_GREEN, take_all, NULL);
		give_until_taken();
		join(thread);
	}
	pthread_t thread = outsider(take_all, NULL);
	give_until_taken();
	pthread_join(thread, NULL);
	stop();
}
END_TEST

static void *queue_up(void *arg)
{
	uint64_t *order = arg;
	check_eq(weft_sem_acquire(&sem), 0);
	*order = add(taken, 1);
	return NULL;
}

static void *release_in_order(void *arg)
{
	uint64_t order[9];
	weft_t thread[9];
	for (int i = 0; i < 9; i++)
		thread[i] = spawn(WEFT_GREEN, queue_up, &order[i]); /* runs at once, and waits */
	for (int i = 0; i < 9; i++) {
		check_eq(weft_sem_release(&sem, 1), 0);
		check_eq(weft_sem_tryacquire(&sem), -EAGAIN);
		join(thread[i]);
		check_eq(order[i], i + 1);
	}
	return arg;
}

/* First in, first out: a unit goes to the first waiter, and a newcomer does not get it. */
START_TEST(in_order)
{
	struct weft_config config = one_worker_alone();
	run_with(&config, release_in_order, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { ends_of_the_range, timeouts_lose_nothing,
				       between_all_kinds, between_two_looks,
				       in_order,	  NULL };
	return run_tests("system/sem", tests);
}
