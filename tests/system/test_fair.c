/* SPDX-License-Identifier: MIT */
/*
 * The fairness promise of src/sched/dispatch.h in numbers, on one worker: a ready thread with n ahead of it runs within
 * K * (n + 1) dispatches though a pair wakes each other through the `next` slot all the time; a continuation with n
 * older ones within K * 256 * (n + 1) and its turn in the ready lane, though newer ones come all the time.
 */
#include "src/sched/worker.h"
#include "tests/support/support.h"

enum { K = 64, AGE = 256, N = 20 };

static shared stop;
static uint32_t waited[N]; /* dispatches from being ready to running */

static uint32_t dispatches(void)
{
	return weft__load_rlx(&weft__load_acq(&weft__pool.worker[0])->dispatches);
}

static weft_t pair[2];

static void *keep_next_busy(void *arg)
{
	intptr_t me = (intptr_t)arg;
	while (!get(stop)) {
		weft_unpark(pair[!me]);
		weft_park();
	}
	weft_unpark(pair[!me]);
	return NULL;
}

static uint32_t queued_at[N];

static void *note(void *arg)
{
	intptr_t n = (intptr_t)arg;
	waited[n] = dispatches() - queued_at[n];
	if (n == N - 1)
		set(stop, 1);
	return NULL;
}

static void *test_ready(void *arg)
{
	struct weft_attr queued = WEFT_ATTR_INIT;
	weft_t thread[N];
	weft_attr_set_queued(&queued, true);
	for (intptr_t i = 0; i < 2; i++)
		pair[i] = spawn(&queued, keep_next_busy, (void *)i);
	weft_yield(); /* both run once before anything else is queued */
	for (intptr_t i = 0; i < N; i++) {
		queued_at[i] = dispatches();
		thread[i] = spawn(&queued, note, (void *)i);
	}
	for (int i = 0; i < N; i++)
		join(thread[i]);
	for (int i = 0; i < 2; i++)
		join(pair[i]);
	return arg;
}

START_TEST(ready_threads_do_not_starve)
{
	struct weft_config config = one_worker_alone();
	run_with(&config, test_ready, NULL);
	for (uint32_t n = 0; n < N; n++)
		ck_assert_msg(waited[n] <= K * (n + 1), "with %u ahead it ran after %u dispatches, not %u", n,
			      waited[n], K * (n + 1));
	ck_assert_uint_gt(waited[N - 1], K); /* the pair was there indeed */
}
END_TEST

static void *nothing(void *arg)
{
	return arg;
}

static uint32_t continued;

/* Each of a chain is a continuation; the last keeps making newer ones. */
static void *chain(void *arg)
{
	intptr_t n = (intptr_t)arg;
	if (n == N) {
		for (uint64_t i = 0; !get(stop); i++) {
			join(spawn(NULL, nothing, NULL));
			check(i < 10 * (uint64_t)K * AGE * N);
		}
		return NULL;
	}
	queued_at[n] = dispatches();
	weft_t thread = spawn(NULL, chain, (void *)(n + 1));
	waited[n] = dispatches() - queued_at[n];
	if (++continued == N)
		set(stop, 1);
	join(thread);
	return NULL;
}

START_TEST(continuations_do_not_starve)
{
	struct weft_config config = one_worker_alone();
	if (WEFT__TSAN) { /* clang 14's runtime crashes when fibers that have long not run go on (TraceSwitchPartImpl) */
		printf("skipped: continuations that wait long, under ThreadSanitizer\n");
		return;
	}
	set(stop, 0);
	run_with(&config, chain, NULL);
	for (uint32_t n = 0; n < N; n++)
		ck_assert_msg(waited[n] <= K * AGE * (n + 1) + K * N, "with %u older it went on after %u, not %u", n,
			      waited[n], K * AGE * (n + 1) + K * N);
	ck_assert_uint_gt(waited[N - 1], K * AGE);
}
END_TEST

static uint64_t turns[N];

static void *take_turns(void *arg)
{
	uint64_t *mine = arg;
	while (*mine < 1000) {
		++*mine;
		for (int i = 0; i < N; i++) /* nobody is a round ahead of another, but for who has begun later */
			check(turns[i] == 0 || turns[i] + 2 >= *mine);
		weft_yield();
	}
	return NULL;
}

static void *test_turns(void *arg)
{
	struct weft_attr queued = WEFT_ATTR_INIT;
	weft_t thread[N];
	weft_attr_set_queued(&queued, true);
	for (int i = 0; i < N; i++)
		thread[i] = spawn(&queued, take_turns, &turns[i]);
	for (int i = 0; i < N; i++)
		join(thread[i]);
	return arg;
}

START_TEST(yielding_threads_take_turns)
{
	struct weft_config config = one_worker_alone();
	run_with(&config, test_turns, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { ready_threads_do_not_starve, continuations_do_not_starve,
				       yielding_threads_take_turns, NULL };
	unsetenv("WEFT_TEST_MODE"); /* the numbers are those of lanes that have room */
	return run_tests("system/fair", tests);
}
