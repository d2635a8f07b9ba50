/* SPDX-License-Identifier: MIT */
/* Crashes that are contained: what the thread leaves behind, and a mutex that nobody can unlock any more. */
#include "tests/support/contain.h"

static struct weft_mutex robust = WEFT_MUTEX_ROBUST_INIT, guarded = WEFT_MUTEX_INIT, plain;
static weft_local_t key;
static shared handlers, destroyed, children;

static void count(void *arg)
{
	check_eq(weft_sleep(WEFT_US(100)), 0); /* it may wait */
	check(weft_self() != WEFT_NONE);
	add(*(shared *)arg, 1);
}

static void unlock(void *mutex)
{
	check_eq(weft_mutex_unlock(mutex), 0);
}

static void *leaves_much(void *how)
{
	struct weft_cleanup first, second, third;
	struct weft_scope outer, inner;
	check_eq(weft_mutex_lock(&robust), 0);
	check_eq(weft_mutex_lock(&guarded), 0);
	check_eq(weft_cleanup_push(&first, unlock, &guarded), 0);
	check_eq(weft_cleanup_push(&second, count, &handlers), 0);
	check_eq(weft_cleanup_push(&third, count, &handlers), 0);
	check_eq(weft_local_set(key, &destroyed), 0);
	check_eq(weft_scope_open(&outer, 0), 0);
	check_eq(weft_scope_spawn(&outer, NULL, until_canceled, &children), 0);
	check_eq(weft_scope_open(&inner, 0), 0);
	check_eq(weft_scope_spawn(&inner, NULL, until_canceled, &children), 0);
	check_eq(weft_scope_spawn(&inner, WEFT_BOUND, until_canceled, &children), 0);
	check_eq(weft_cancel_mask(), 0);
	weft_yield();
	crash(how);
	return NULL;
}

static void *body_leaves(void *arg)
{
	check_eq(weft_local_create(&key, count), 0);
	for (unsigned i = 1; i <= 2 * FAULTS; i++) {
		enum fault how = exists((enum fault)(i % FAULTS)) ? (enum fault)(i % FAULTS) : NULL_WRITE;
		ends_crashed(spawn(kinds[i % KINDS], leaves_much, how_to(how)), signal_of(how));
		check_eq(get(handlers), 2 * i);
		check_eq(get(destroyed), i);
		check_eq(get(children), 3 * i);
		check_eq(weft_mutex_lock(&robust), -EOWNERDEAD);
		check_eq(weft_mutex_consistent(&robust), 0);
		check_eq(weft_mutex_unlock(&robust), 0);
		check_eq(weft_mutex_trylock(&guarded), 0);
		check_eq(weft_mutex_unlock(&guarded), 0);
	}
	return arg;
}

/* --- a mutex that nobody can unlock any more --- */

static void *locks_and_crashes(void *arg)
{
	check_eq(weft_mutex_lock(&plain), 0);
	if (arg)
		weft_sleep(WEFT_MS(3));
	crash(how_to(NULL_WRITE));
	return NULL;
}

static shared refused;

static void *wants(void *arg)
{
	check_eq(weft_mutex_lock(&plain), -ENOTRECOVERABLE);
	add(refused, 1);
	return arg;
}

/* By its owner, who on a loaded machine may have crashed by now. */
static bool is_taken(void)
{
	int err = weft_mutex_trylock(&plain);
	if (err == 0)
		check_eq(weft_mutex_unlock(&plain), 0);
	else if (err != -EBUSY)
		check_eq(err, -ENOTRECOVERABLE);
	return err != 0;
}

static void *body_lost(void *arg)
{
	enum { WAITERS = 20 };
	for (unsigned round = 0; round < 2 * KINDS; round++) {
		weft_t t[WAITERS];
		plain = (struct weft_mutex)WEFT_MUTEX_INIT;
		set(refused, 0);
		weft_t owner = spawn(kinds[round % KINDS], locks_and_crashes, round < KINDS ? arg : NULL);
		if (round < KINDS)
			wait_until(is_taken());
		for (int i = 0; round < KINDS && i < WAITERS; i++)
			t[i] = spawn(kinds[i % 4 == 0], wants, NULL);
		ends_crashed(owner, SIGSEGV);
		check_eq(weft_mutex_trylock(&plain), -ENOTRECOVERABLE);
		check_eq(weft_mutex_lock(&plain), -ENOTRECOVERABLE);
		for (int i = 0; round < KINDS && i < WAITERS; i++)
			check_eq(weft_join(t[i], NULL), 0);
		check_eq(get(refused), round < KINDS ? WAITERS : 0);
		check_eq(weft_mutex_lock_timeout(&plain, WEFT_MS(1)), -ENOTRECOVERABLE);
	}
	return arg;
}

RUNS(what_is_left, body_leaves)
RUNS(a_lost_mutex, body_lost)

/* Joined, and locked, from outside of the pool. */
START_TEST(from_outside)
{
	struct weft_config config = containing(workers_at_least(1));
	ck_assert_int_eq(weft_start(&config), 0);
	for (int i = 0; i < 100; i++) {
		plain = (struct weft_mutex)WEFT_MUTEX_INIT;
		ends_crashed(spawn(kinds[i % KINDS], locks_and_crashes, i % 20 ? NULL : &config), SIGSEGV);
		ck_assert_int_eq(weft_mutex_lock(&plain), -ENOTRECOVERABLE);
	}
	ck_assert_int_eq(weft_stop(), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { what_is_left, a_lost_mutex, from_outside, NULL };
	skip_unless_contained();
	return run_tests("system/contain_left", tests);
}
