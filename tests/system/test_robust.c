/* SPDX-License-Identifier: MIT */
/* Robust mutexes: what the next owner is told when one ends with the mutex held, and what comes of it. */
#include "tests/support/crew.h"
#include "tests/support/support.h"

static struct weft_mutex robust = WEFT_MUTEX_ROBUST_INIT;
static struct weft_mutex other = WEFT_MUTEX_ROBUST_INIT;

static void *dies_holding(void *arg)
{
	check_eq(weft_mutex_lock(&robust), 0);
	check_eq(weft_mutex_lock(&other), 0);
	if (arg)
		weft_exit(NULL);
	return NULL;
}

static shared holds;

static void *dies_waiting(void *arg)
{
	check_eq(weft_mutex_lock(&robust), 0);
	set(holds, 1);
	weft_sleep(WEFT_MS(5));
	return arg;
}

static void join_one(void *(*fn)(void *), void *arg, const struct weft_attr *attr)
{
	weft_t t;
	check_eq(weft_spawn(&t, attr, fn, arg), 0);
	check_eq(weft_join(t, NULL), 0);
}

static void recover(struct weft_mutex *m)
{
	check_eq(weft_mutex_lock(m), -EOWNERDEAD);
	check_eq(weft_mutex_trylock(m), -EBUSY);
	check_eq(weft_mutex_consistent(m), 0);
	check_eq(weft_mutex_consistent(m), -EINVAL);
	check_eq(weft_mutex_unlock(m), 0);
	check_eq(weft_mutex_lock(m), 0);
	check_eq(weft_mutex_unlock(m), 0);
}

/* By return and by weft_exit, of a green and of a bound thread: each mutex that it held. */
static void *body_recovers(void *arg)
{
	for (int i = 0; i < 8; i++) {
		join_one(dies_holding, i & 1 ? &robust : NULL, i & 2 ? WEFT_BOUND : WEFT_GREEN);
		recover(&robust);
		recover(&other);
	}
	check_eq(weft_mutex_consistent(&robust), -EPERM);
	return arg;
}

/* Those who wait already are told, one after the other; a trylock and a timed lock are told too. */
static void *body_waiters(void *arg)
{
	weft_t t;
	check_eq(weft_spawn(&t, WEFT_GREEN, dies_waiting, NULL), 0);
	wait_until(get(holds)); /* another worker may have taken us on before it has locked */
	check_eq(weft_mutex_lock_timeout(&robust, WEFT_S(60)), -EOWNERDEAD);
	check_eq(weft_mutex_consistent(&robust), 0);
	check_eq(weft_mutex_unlock(&robust), 0);
	check_eq(weft_join(t, NULL), 0);
	join_one(dies_waiting, NULL, WEFT_GREEN);
	check_eq(weft_mutex_trylock(&robust), -EOWNERDEAD);
	check_eq(weft_mutex_consistent(&robust), 0);
	check_eq(weft_mutex_unlock(&robust), 0);
	return arg;
}

/* A second owner that ends before it has set things right leaves that to the third. */
static void *gives_up(void *arg)
{
	check_eq(weft_mutex_lock(&robust), -EOWNERDEAD);
	return arg;
}

static void *body_twice(void *arg)
{
	join_one(dies_waiting, NULL, WEFT_GREEN);
	join_one(gives_up, NULL, WEFT_GREEN);
	recover(&robust);
	return arg;
}

static struct weft_mutex lost = WEFT_MUTEX_ROBUST_INIT;
static shared refused;

static void *dies_with_lost(void *arg)
{
	check_eq(weft_mutex_lock(&lost), 0);
	return arg;
}

static void *is_refused(void *arg)
{
	check_eq(weft_mutex_lock(&lost), -ENOTRECOVERABLE);
	atomic_fetch_add(&refused, 1);
	return arg;
}

static void *body_lost(void *arg)
{
	weft_t t[10];
	join_one(dies_with_lost, NULL, WEFT_GREEN);
	check_eq(weft_mutex_lock(&lost), -EOWNERDEAD);
	for (int i = 0; i < 10; i++)
		check_eq(weft_spawn(&t[i], i & 1 ? WEFT_BOUND : WEFT_GREEN, is_refused, NULL), 0);
	weft_sleep(WEFT_MS(2));
	check_eq(get(refused), 0);
	check_eq(weft_mutex_unlock(&lost), 0);
	for (int i = 0; i < 10; i++)
		check_eq(weft_join(t[i], NULL), 0);
	check_eq(get(refused), 10);
	check_eq(weft_mutex_trylock(&lost), -ENOTRECOVERABLE);
	return arg;
}

/* Several held, unlocked in another order than they were locked: the list stays whole. */
static void *many(void *arg)
{
	static struct weft_mutex m[5] = { WEFT_MUTEX_ROBUST_INIT, WEFT_MUTEX_ROBUST_INIT, WEFT_MUTEX_ROBUST_INIT,
					  WEFT_MUTEX_ROBUST_INIT, WEFT_MUTEX_ROBUST_INIT };
	static const int order[] = { 2, 0, 4, 1 };
	for (int i = 0; i < 5; i++)
		check_eq(weft_mutex_lock(&m[i]), 0);
	for (int i = 0; i < 4; i++)
		check_eq(weft_mutex_unlock(&m[order[i]]), 0);
	*(struct weft_mutex **)arg = &m[3];
	return m;
}

static void *body_many(void *arg)
{
	struct weft_mutex *held, *all;
	weft_t t;
	check_eq(weft_spawn(&t, WEFT_GREEN, many, &held), 0);
	check_eq(weft_join(t, (void **)&all), 0);
	for (int i = 0; i < 5; i++)
		check_eq(weft_mutex_trylock(&all[i]), &all[i] == held ? -EOWNERDEAD : 0);
	for (int i = 0; i < 5; i++)
		check_eq(weft_mutex_unlock(&all[i]), 0);
	return arg;
}

/* A wait for a condition gives the mutex up and is told when it takes it back. */
static struct weft_cond cond = WEFT_COND_INIT;
static shared waiting;

static void *waits(void *arg)
{
	check_eq(weft_mutex_lock(&robust), 0);
	atomic_store(&waiting, 1);
	check_eq(weft_cond_wait(&cond, &robust), -EOWNERDEAD);
	check_eq(weft_mutex_consistent(&robust), 0);
	check_eq(weft_mutex_unlock(&robust), 0);
	return arg;
}

static void *signals_and_dies(void *arg)
{
	check_eq(weft_mutex_lock(&robust), 0);
	check_eq(weft_cond_signal(&cond), 0);
	return arg;
}

static void *body_cond_(void *arg)
{
	weft_t t;
	check_eq(weft_spawn(&t, WEFT_GREEN, waits, NULL), 0);
	wait_until(get(waiting));
	join_one(signals_and_dies, NULL, WEFT_GREEN);
	check_eq(weft_join(t, NULL), 0);
	return arg;
}

#define RUNS(name, body)                                                                                               \
	START_TEST(name)                                                                                               \
	{                                                                                                              \
		ck_assert_int_eq(weft_run(NULL, body, NULL, NULL), 0);                                                 \
	}                                                                                                              \
	END_TEST

RUNS(the_next_is_told, body_recovers)
RUNS(waiters_are_told, body_waiters)
RUNS(a_second_death, body_twice)
RUNS(not_recoverable, body_lost)
RUNS(any_order, body_many)
RUNS(in_a_condition, body_cond_)

int main(void)
{
	const TTest *const tests[] = {
		the_next_is_told, waiters_are_told, a_second_death, not_recoverable, any_order, in_a_condition, NULL
	};
	return run_tests("system/robust", tests);
}
