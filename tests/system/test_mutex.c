/* SPDX-License-Identifier: MIT */
/* The mutex: exclusion between all kinds of threads, time limits, owners, recursion, and how long a waiter waits. */
#include "tests/support/child.h"
#include "tests/support/crew.h"

static struct weft_mutex mutex = WEFT_MUTEX_INIT, recursive = WEFT_MUTEX_RECURSIVE_INIT;
static uint64_t count; /* under mutex */

static bool lock_somehow(struct member *m)
{
	int err = 0;
	switch (pick(m, 5)) {
	case 0:
		err = weft_mutex_trylock(&mutex);
		check(err == 0 || err == -EBUSY);
		break;
	case 1:
		err = weft_mutex_lock_timeout(&mutex, pick(m, 4) ? pick(m, 300000) : 0);
		check(err == 0 || err == -ETIMEDOUT);
		break;
	case 2:
		err = weft_mutex_lock_timeout(&mutex, WEFT_FOREVER);
		check_eq(err, 0);
		break;
	default:
		check_eq(weft_mutex_lock(&mutex), 0);
	}
	return err == 0;
}

static void *some_rounds(void *arg)
{
	struct member *m = arg;
	for (int i = 0; i < rounds(3000); i++) {
		if (!lock_somehow(m))
			continue;
		uint64_t before = count;
		if (pick(m, 8) == 0)
			weft_yield();
		if (pick(m, 500) == 0)
			weft_sleep(WEFT_US(100));
		count = before + 1;
		m->got++;
		check_eq(weft_mutex_unlock(&mutex), 0);
	}
	return NULL;
}

START_TEST(excludes)
{
	uint64_t got = crew_run(12, some_rounds);
	ck_assert_uint_eq(count, got);
	ck_assert_int_eq(weft_mutex_trylock(&mutex), 0);
	ck_assert_int_eq(weft_mutex_unlock(&mutex), 0);
}
END_TEST

static void *is_held(void *arg)
{
	struct weft_mutex *m = arg;
	uint64_t before = weft_now();
	check_eq(weft_mutex_trylock(m), -EBUSY);
	check_eq(weft_mutex_lock_timeout(m, 0), -ETIMEDOUT);
	check(weft_now() - before < WEFT_S(5));
	before = weft_now();
	check_eq(weft_mutex_lock_timeout(m, WEFT_MS(3)), -ETIMEDOUT);
	check(weft_now() - before >= WEFT_MS(3));
	return arg;
}

static void *is_free(void *arg)
{
	check_eq(weft_mutex_lock_timeout(arg, 0), 0);
	check_eq(weft_mutex_unlock(arg), 0);
	return arg;
}

static void ask_all(void *(*fn)(void *), struct weft_mutex *m)
{
	check(join(spawn(WEFT_GREEN, fn, m)) == m);
	check(join(spawn(WEFT_BOUND, fn, m)) == m);
	check_eq(pthread_join(outsider(fn, m), NULL), 0);
}

static void *own(void *arg)
{
	for (int depth = 1; depth <= 3; depth++)
		check_eq(depth == 2 ? weft_mutex_trylock(&recursive) : weft_mutex_lock(&recursive), 0);
	check_eq(weft_mutex_lock(&mutex), 0);
	check_eq(weft_mutex_trylock(&mutex), -EBUSY);
	ask_all(is_held, &mutex);
	check_eq(weft_mutex_unlock(&mutex), 0);
	ask_all(is_free, &mutex);
	for (int depth = 3; depth >= 1; depth--) {
		ask_all(is_held, &recursive);
		check_eq(weft_mutex_unlock(&recursive), 0);
	}
	ask_all(is_free, &recursive);
	return arg;
}

START_TEST(owners)
{
	start();
	own(NULL);
	join(spawn(WEFT_GREEN, own, NULL));
	join(spawn(WEFT_BOUND, own, NULL));
	stop();
}
END_TEST

static void *unlock_it(void *arg)
{
	weft_mutex_unlock(&mutex);
	return arg;
}

static void *lock_twice(void *arg)
{
	weft_mutex_lock(&mutex);
	weft_mutex_lock(&mutex);
	return arg;
}

static void *lock_then_another_unlocks(void *arg)
{
	weft_mutex_lock(&mutex);
	join(spawn(arg, unlock_it, NULL));
	return arg;
}

struct misuse {
	void *(*fn)(void *);
	const struct weft_attr *kind;
	const char *words;
};

static int misuse(void *arg)
{
	const struct misuse *m = arg;
	start();
	join(spawn(m->kind, m->fn, (void *)(uintptr_t)m->kind));
	return 0;
}

START_TEST(misuse_panics)
{
	const struct misuse cases[] = { { unlock_it, WEFT_GREEN, "does not hold" },
					{ unlock_it, WEFT_BOUND, "does not hold" },
					{ lock_then_another_unlocks, WEFT_GREEN, "does not hold" },
					{ lock_then_another_unlocks, WEFT_BOUND, "does not hold" },
					{ lock_twice, WEFT_GREEN, "not recursive" },
					{ lock_twice, WEFT_BOUND, "not recursive" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct misuse m = cases[i];
		struct child child = run_child(misuse, &m);
		ck_died(&child, SIGABRT);
		ck_said(&child, m.words);
	}
}
END_TEST

enum { RIVALS = 8 };
static uint64_t unlocks, longest;

static void *compete(void *arg)
{
	for (int i = 0; i < rounds(2000); i++) {
		uint64_t before = unlocks;
		check_eq(weft_mutex_lock(&mutex), 0);
		if (unlocks - before > longest)
			longest = unlocks - before;
		weft_yield();
		unlocks++;
		check_eq(weft_mutex_unlock(&mutex), 0);
	}
	return arg;
}

static void *compete_all(void *arg)
{
	weft_t thread[RIVALS];
	for (int i = 0; i < RIVALS; i++)
		thread[i] = spawn(WEFT_GREEN, compete, NULL);
	for (int i = 0; i < RIVALS; i++)
		join(thread[i]);
	return arg;
}

/* Held over a yield, so that a waiter runs before the mutex is let go again: each wait is within the promise. */
START_TEST(nobody_waits_long)
{
	struct weft_config config = one_worker_alone();
	run_with(&config, compete_all, NULL);
	printf("longest wait: %llu unlocks among %d\n", (unsigned long long)longest, RIVALS);
	ck_assert_uint_le(longest, 2 * RIVALS); /* RIVALS - 1 ahead */
}
END_TEST

enum { PHILOSOPHERS = 9 };
static struct weft_mutex fork_of[PHILOSOPHERS];

static void *dine(void *arg)
{
	struct member *m = arg;
	int left = m->index, right = (m->index + 1) % PHILOSOPHERS;
	for (int i = 0; i < rounds(1000); i++) {
		check_eq(weft_mutex_lock(&fork_of[left < right ? left : right]), 0);
		if (pick(m, 4) == 0)
			weft_yield();
		check_eq(weft_mutex_lock(&fork_of[left < right ? right : left]), 0);
		m->got++;
		check_eq(weft_mutex_unlock(&fork_of[left]), 0);
		check_eq(weft_mutex_unlock(&fork_of[right]), 0);
	}
	return NULL;
}

START_TEST(philosophers)
{
	ck_assert_uint_eq(crew_run(PHILOSOPHERS, dine), (uint64_t)PHILOSOPHERS * (unsigned)rounds(1000));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { excludes, owners, misuse_panics, nobody_waits_long, philosophers, NULL };
	return run_tests("system/mutex", tests);
}
