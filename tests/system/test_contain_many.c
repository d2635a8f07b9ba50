/* SPDX-License-Identifier: MIT */
/* Crashes that are contained: many at once, of threads that crash in turn, and of odd ones. */
#include <fenv.h>

#include "tests/support/contain.h"

static struct weft_barrier barrier = WEFT_BARRIER_INIT(8);

static void *together(void *how)
{
	check(weft_barrier_wait(&barrier) >= 0);
	crash(how);
	return NULL;
}

static void *body_many(void *arg)
{
	for (int round = 0; round < rounds(200); round++) {
		weft_t t[8];
		for (int i = 0; i < 8; i++)
			t[i] = spawn(kinds[(i + round) % 7 == 0], together, how_to(i % 3 ? NULL_WRITE : OVERFLOW));
		for (int i = 0; i < 8; i++)
			ends_crashed(t[i], SIGSEGV);
	}
	return arg;
}

/* Crashing children of crashing children. */
static void *bomb(void *arg)
{
	uintptr_t n = (uintptr_t)arg;
	if (n > 0) {
		weft_t a = spawn(NULL, bomb, (void *)(n - 1)), b = spawn(NULL, bomb, (void *)(n - 1));
		ends_crashed(a, SIGSEGV);
		ends_crashed(b, SIGSEGV);
	}
	crash(how_to(NULL_WRITE));
	return NULL;
}

static void *body_bomb(void *arg)
{
	ends_crashed(spawn(NULL, bomb, (void *)(uintptr_t)(WEFT__ASAN ? 6 : 10)), SIGSEGV);
	return arg;
}

/* A thread that was pinned, one that gave its token away, and one in an odd floating-point state. */
static void *gives_up_its_token(void *how)
{
	weft_blocking_enter();
	crash(how);
	return NULL;
}

static void *rounds_up(void *how)
{
	fesetround(FE_UPWARD);
	crash(how);
	return NULL;
}

static void *body_odd(void *arg)
{
	for (int i = 0; i < 100; i++) {
		struct weft_attr attr = WEFT_ATTR_INIT;
		weft_attr_set_worker(&attr, 0);
		ends_crashed(spawn(&attr, crash, how_to(NULL_WRITE)), SIGSEGV);
		ends_crashed(spawn(NULL, gives_up_its_token, how_to(NULL_WRITE)), SIGSEGV);
		ends_crashed(spawn(kinds[i % KINDS], rounds_up, how_to(NULL_WRITE)), SIGSEGV);
		check_eq(fegetround(), FE_TONEAREST);
	}
	return arg;
}

RUNS(a_bomb, body_bomb)
RUNS(odd_threads, body_odd)

START_TEST(eight_at_once)
{
	struct weft_config config = containing(workers_at_least(8));
	run_with(&config, body_many, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_bomb, odd_threads, eight_at_once, NULL };
	skip_unless_contained();
	return run_tests("system/contain_many", tests);
}
