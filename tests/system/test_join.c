/* SPDX-License-Identifier: MIT */
/* What weft_join and weft_detach answer: every state of the thread, every kind of joiner, handles stale and made up. */
#include "src/sched/record.h"
#include "tests/support/support.h"

static const struct weft_attr *const kinds[] = { WEFT_GREEN, WEFT_BOUND };

static void *same(void *arg)
{
	return arg;
}

static void *park(void *arg)
{
	check_eq(weft_park(), 0);
	return arg;
}

/* Run fn(arg) in a green thread, a bound one and an outside one, and wait for it. */
static void everywhere(void *(*fn)(void *), void *arg)
{
	join(spawn(WEFT_GREEN, fn, arg));
	join(spawn(WEFT_BOUND, fn, arg));
	pthread_t thread = outsider(fn, arg);
	wait_until(pthread_tryjoin_np(thread, NULL) == 0);
}

static void *semantics(void *arg)
{
	(void)arg;
	for (int kind = 0; kind < 2; kind++) {
		int here;
		void *result = NULL;
		weft_t thread = spawn(kinds[kind], park, &here);
		check_eq(weft_join_timeout(thread, &result, 0), -ETIMEDOUT);
		check_eq(weft_join_timeout(thread, &result, WEFT_US(300)), -ETIMEDOUT);
		check(result == NULL);
		check_eq(weft_unpark(thread), 0);
		check_eq(weft_join(thread, &result), 0);
		check(result == &here);
		check_eq(weft_join(thread, &result), -ESRCH);
		check_eq(weft_join_timeout(thread, &result, WEFT_FOREVER), -ESRCH);
		check_eq(weft_detach(thread), -ESRCH);
		check_eq(weft_unpark(thread), -ESRCH);
		thread = spawn(kinds[kind], same, NULL);
		check_eq(weft_join(thread, NULL), 0); /* nobody wants the result */
	}
	if (weft_self()) {
		check_eq(weft_join(weft_self(), NULL), -EDEADLK);
		check_eq(weft_join_timeout(weft_self(), NULL, 1), -EDEADLK);
	}
	return NULL;
}

static void *test_semantics(void *arg)
{
	everywhere(semantics, arg);
	return arg;
}

START_TEST(joining)
{
	run(test_semantics, NULL);
}
END_TEST

static void *second_joiner(void *arg)
{
	weft_t thread = *(weft_t *)arg;
	check_eq(weft_join(thread, NULL), -EINVAL);
	check_eq(weft_join_timeout(thread, NULL, WEFT_S(1)), -EINVAL);
	check_eq(weft_detach(thread), -EINVAL);
	return NULL;
}

static void *first_joiner(void *arg)
{
	return (void *)(intptr_t)weft_join(*(weft_t *)arg, NULL);
}

static bool joined_by_somebody(weft_t thread)
{
	return weft__load_acq(&weft__record_of(thread)->join) == weft__join_word(thread, WEFT__JOIN_WAITING);
}

static void *test_two_joiners(void *arg)
{
	for (int kind = 0; kind < 4; kind++) {
		weft_t thread = spawn(kinds[kind & 1], park, NULL);
		weft_t joiner = spawn(kinds[kind >> 1], first_joiner, &thread);
		wait_until(joined_by_somebody(thread));
		everywhere(second_joiner, &thread);
		check_eq(weft_unpark(thread), 0);
		check(join(joiner) == (void *)0);
		check_eq(weft_join(thread, NULL), -ESRCH);
	}
	return arg;
}

START_TEST(of_two_joiners_one_is_refused)
{
	run(test_two_joiners, NULL);
}
END_TEST

/* Many try at the moment when the thread ends: one gets the result, the others a clean answer. */
static shared won;

static void *racing_joiner(void *arg)
{
	void *result = NULL;
	int err = weft_join(*(weft_t *)arg, &result);
	check(err == 0 || err == -EINVAL || err == -ESRCH);
	if (err == 0) {
		check(result == &won);
		add(won, 1);
	}
	return NULL;
}

static void *test_racing_joiners(void *arg)
{
	for (uint64_t i = 0; i < (uint64_t)rounds(500); i++) {
		weft_t joiner[4], thread = spawn(kinds[i % 16 == 0], park, &won);
		for (int n = 0; n < 4; n++) {
			joiner[n] = spawn(kinds[i % 16 == 8], racing_joiner, &thread);
			if (n == (int)(i & 3))
				check_eq(weft_unpark(thread), 0);
		}
		for (int n = 0; n < 4; n++)
			join(joiner[n]);
		check_eq(get(won), i + 1);
	}
	return arg;
}

START_TEST(of_many_joiners_one_wins)
{
	run(test_racing_joiners, NULL);
}
END_TEST

static weft_t stale[4], alive; /* alive: of the first thread */

static void *garbage(void *arg)
{
	const weft_t made_up[] = { WEFT_NONE,
				   1,
				   77,
				   WEFT__INDEX_MASK,
				   WEFT__GENERATION_ONE | WEFT__INDEX_MASK,
				   UINT64_MAX,
				   alive + 2 * WEFT__GENERATION_ONE,
				   alive - WEFT__GENERATION_ONE,
				   alive ^ (uint64_t)1 << 55,
				   WEFT__GENERATION_ONE * 1000 + 3,
				   stale[0],
				   stale[1],
				   stale[2],
				   stale[3] };
	char name[16];
	for (size_t i = 0; i < sizeof made_up / sizeof *made_up; i++) {
		check_eq(weft_join(made_up[i], NULL), -ESRCH);
		check_eq(weft_join_timeout(made_up[i], NULL, 1000), -ESRCH);
		check_eq(weft_detach(made_up[i]), -ESRCH);
		check_eq(weft_unpark(made_up[i]), -ESRCH);
		check_eq(weft_name_get(made_up[i], name, sizeof name), -ESRCH);
	}
	return arg;
}

static void *test_garbage(void *arg)
{
	alive = weft_self();
	for (int i = 0; i < 4; i++)
		if (!stale[i])
			join(stale[i] = spawn(kinds[i & 1], same, NULL));
	everywhere(garbage, arg);
	return garbage(arg);
}

START_TEST(stale_and_made_up_handles)
{
	garbage(NULL); /* before there ever was a runtime */
	run(test_garbage, NULL);
	alive = WEFT_NONE;
	garbage(NULL);
	run(test_garbage, NULL); /* stale ones of an earlier runtime */
}
END_TEST

static void *leave_unjoined(void *arg)
{
	*(weft_t *)arg = spawn(NULL, same, arg);
	return NULL;
}

/* Its result is kept until somebody asks, as it would be while the runtime runs. */
START_TEST(a_thread_that_nobody_joined)
{
	weft_t thread = WEFT_NONE;
	void *result = NULL;
	run(leave_unjoined, &thread);
	ck_assert_int_eq(weft_join(thread, &result), 0);
	ck_assert_ptr_eq(result, &thread);
	ck_assert_int_eq(weft_join(thread, &result), -ESRCH);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { joining,
				       of_two_joiners_one_is_refused,
				       of_many_joiners_one_wins,
				       stale_and_made_up_handles,
				       a_thread_that_nobody_joined,
				       NULL };
	return run_tests("system/join", tests);
}
