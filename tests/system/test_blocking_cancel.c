/* SPDX-License-Identifier: MIT */
/*
 * Taking back a request to the blocking pool: one that waits its turn can be, by a cancel, a time limit, or a scope; one that
 * runs cannot; and each is called once or never.
 */
#include "src/base/random.h"
#include "tests/support/gate.h"

static void *same(void *arg)
{
	return arg;
}

static void *cancel_while_queued(void *arg)
{
	weft_t holder = hold_the_pool();
	for (int i = 0; i < 100; i++) {
		weft_t thread = spawn(NULL, call_and_return, NULL);
		if (i % 2)
			weft_yield();
		check_eq(weft_cancel(thread), 0);
		check_eq((intptr_t)join(thread), -ECANCELED);
	}
	set(gate, 1);
	join(holder);
	check_eq(get(called), 0);
	return arg;
}

static void *canceled_before(void *arg)
{
	(void)arg;
	check_eq(weft_cancel(weft_self()), 0);
	check_eq(weft_blocking(count_call, NULL, NULL), -ECANCELED);
	check_eq(weft_blocking_timeout(count_call, NULL, NULL, 0), -ECANCELED);
	check_eq(get(called), 0);
	check_eq(weft_cancel_mask(), 0);
	check_eq(weft_blocking(count_call, NULL, NULL), 0);
	check_eq(weft_cancel_unmask(), 0);
	check_eq(get(called), 1);
	return NULL;
}

/* A thread of the pool that is awake yet takes the request often before its owner has gone to sleep. */
static void *to_be_canceled(void *arg)
{
	check_eq(weft_blocking(same, NULL, NULL), 0);
	call_gate(arg);
	check_eq(weft_testcancel(), -ECANCELED);
	check_eq(weft_blocking(count_call, NULL, NULL), -ECANCELED);
	return arg;
}

static void *cancel_while_running(void *arg)
{
	for (int i = 0; i < rounds(300); i++) {
		uint64_t before = get(running);
		set(gate, 0);
		set(finished, 0);
		weft_t thread = spawn(NULL, to_be_canceled, NULL);
		wait_until(get(running) == before + 1);
		check_eq(weft_cancel(thread), 0); /* nor does the canceller wait: the gate is shut */
		check_eq(weft_join_timeout(thread, NULL, i ? 0 : WEFT_MS(5)), -ETIMEDOUT);
		set(gate, 1);
		join(thread);
	}
	return arg;
}

static void *cancel_all(void *arg)
{
	cancel_while_queued(NULL);
	cancel_while_running(NULL);
	join(spawn(NULL, canceled_before, NULL));
	return arg;
}

START_TEST(canceled)
{
	struct weft_config config = with_limit(1);
	run_with(&config, cancel_all, NULL);
}
END_TEST

static void *time_limits(void *arg)
{
	void *result = arg;
	check_eq(weft_blocking_timeout(same, NULL, &result, 0), 0); /* one can be made */
	check(result == NULL);
	weft_t holder = hold_the_pool();
	for (int i = 0; i < 10; i++) {
		uint64_t begin = weft_now(), wait = WEFT_US(300) * (uint64_t)i;
		check_eq(weft_blocking_timeout(count_call, NULL, NULL, wait), -ETIMEDOUT);
		check(weft_now() - begin >= wait);
	}
	set(gate, 1);
	join(holder);
	check_eq(get(called), 0);
	check_eq(weft_blocking_timeout(same, NULL, NULL, WEFT_S(60)), 0);
	/* what has begun is not cut short */
	holder = spawn(NULL, same, NULL);
	uint64_t begin = weft_now();
	set(gate, 0);
	pthread_t opener;
	set(running, 0);
	check_eq(pthread_create(&opener, NULL, arg, NULL), 0);
	check_eq(weft_blocking_timeout(enter_gate, NULL, NULL, WEFT_MS(500)), 0);
	check(weft_now() - begin >= WEFT_MS(700));
	wait_until(pthread_tryjoin_np(opener, NULL) == 0);
	join(holder);
	return NULL;
}

static void *open_later(void *arg)
{
	while (!get(running))
		usleep(100);
	usleep(700000);
	set(gate, 1);
	return arg;
}

START_TEST(timed_out)
{
	struct weft_config config = with_limit(1);
	run_with(&config, time_limits, (void *)open_later);
}
END_TEST

static int child_of_scope(void *arg)
{
	int err = weft_blocking(count_call, NULL, NULL);
	(void)arg;
	check_eq(err, -ECANCELED);
	return err;
}

static void *in_a_scope(void *arg)
{
	struct weft_scope scope;
	weft_t holder = hold_the_pool();
	check_eq(weft_scope_open(&scope, 0), 0);
	check_eq(weft_scope_set_timeout(&scope, WEFT_MS(100)), 0);
	for (int i = 0, err; i < 5; i++)
		check((err = weft_scope_spawn(&scope, NULL, child_of_scope, NULL)) == 0 ||
		      err == -ECANCELED); /* on a machine that takes so long for it */
	check_eq(weft_blocking(count_call, NULL, NULL), -ECANCELED);
	check_eq(weft_scope_close(&scope), -ETIMEDOUT);

	check_eq(weft_scope_open(&scope, 0), 0);
	for (int i = 0; i < 5; i++)
		check_eq(weft_scope_spawn(&scope, NULL, child_of_scope, NULL), 0);
	check_eq(weft_scope_cancel(&scope), 0);
	check_eq(weft_scope_close(&scope), -ECANCELED);
	set(gate, 1);
	join(holder);
	check_eq(get(called), 0);
	return arg;
}

START_TEST(scopes)
{
	struct weft_config config = with_limit(1);
	run_with(&config, in_a_scope, NULL);
}
END_TEST

/* Each is called once and succeeds, or never and fails; whatever comes at the same moment. */
enum { CALLERS = 24 };

static shared succeeded;

static void *sleep_a_little(void *arg)
{
	usleep((useconds_t)(uintptr_t)arg);
	return count_call(arg);
}

static void *call_at_random(void *arg)
{
	uint64_t random = *(uint64_t *)arg;
	for (int i = 0; i < rounds(150); i++) {
		uint64_t r = weft__random_next(&random);
		void *brief = (void *)(uintptr_t)(r >> 8 & 63), *result = &random;
		int err = r & 1 ? weft_blocking(sleep_a_little, brief, &result)
				: weft_blocking_timeout(sleep_a_little, brief, &result, (r >> 16) % WEFT_US(400));
		check(err == 0 || err == -ETIMEDOUT || err == -ECANCELED);
		check(result == (err ? &random : brief));
		if (!err)
			add(succeeded, 1);
		if (err == -ECANCELED)
			break;
	}
	return NULL;
}

static void *race(void *arg)
{
	uint64_t seed = *(uint64_t *)arg, seeds[CALLERS];
	weft_t thread[CALLERS];
	for (int round = 0; round < rounds(20); round++) {
		for (int i = 0; i < CALLERS; i++) {
			seeds[i] = weft__random_next(&seed) | 1;
			thread[i] = spawn(NULL, call_at_random, &seeds[i]);
		}
		for (int i = 0; i < CALLERS; i++) {
			weft_sleep(weft__random_next(&seed) % WEFT_US(200));
			if (i % 3)
				weft_cancel(thread[i]);
		}
		for (int i = 0; i < CALLERS; i++)
			join(thread[i]);
		check_eq(get(called), get(succeeded));
	}
	return NULL;
}

START_TEST(called_once_or_never)
{
	uint64_t seed = new_seed();
	struct weft_config config = with_limit(4);
	weft__blocking_tune.idle_ns = 100000;
	run_with(&config, race, &seed);
	printf("%llu called\n", (unsigned long long)get(called));
	ck_assert_uint_gt(get(called), 10);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { canceled, timed_out, scopes, called_once_or_never, NULL };
	return run_tests("system/blocking_cancel", tests);
}
