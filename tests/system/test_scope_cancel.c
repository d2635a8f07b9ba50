/* SPDX-License-Identifier: MIT */
/* Scopes: failure, deadlines and cancellation reach all that is covered and nothing else. */
#include "tests/support/scope.h"

/* --- failure --- */

static shared first; /* who fails so */

static int fail_with(void *arg)
{
	if ((intptr_t)arg == -EDOM)
		set(first, weft_self());
	return (int)(intptr_t)arg;
}

static int exit_with(void *arg)
{
	(void)fail_with(arg);
	weft_exit(arg);
}

static void *failures(void *arg)
{
	struct weft_scope s;
	for (unsigned kind = 0; kind < 4; kind++) {
		for (unsigned way = 0; way < 2; way++) {
			int (*fn)(void *) = way ? exit_with : fail_with;
			set(first, WEFT_NONE);
			check_eq(weft_scope_open(&s, 0), 0);
			check_eq(scope_spawn(&s, kind, fn, (void *)(intptr_t)5), 0); /* no failure */
			check_eq(scope_spawn(&s, kind, fn, (void *)(intptr_t)-EDOM), 0);
			wait_until(get(first) && has_ended(get(first)));
			check_eq(weft_sleep(1), 0); /* not fail-fast: we are not canceled */
			check_eq(weft_scope_spawn(&s, NULL, fn, (void *)(intptr_t)-EIO), 0);
			check_eq(weft_scope_close(&s), -EDOM);

			check_eq(weft_scope_open(&s, WEFT_SCOPE_FAIL_FAST), 0);
			set(ended, 0);
			for (unsigned i = 0; i < 8; i++)
				check_eq(scope_spawn(&s, i, wait_for_cancel, (void *)(uintptr_t)(i / 2)), 0);
			check_eq(scope_spawn(&s, kind, fn, (void *)(intptr_t)-EDOM), 0);
			check_eq(weft_sleep(LONG), -ECANCELED); /* its opener is in it */
			check_eq(weft_scope_close(&s), -EDOM);
			check_eq(get(ended), 8);
			check_eq(weft_sleep(1), 0);
		}
	}
	return arg;
}

START_TEST(fails_fast)
{
	struct weft_attr attr;
	start();
	for (unsigned kind = 0; kind < 4; kind++)
		join(spawn(attr_of(kind, &attr), failures, NULL));
	stop();
}
END_TEST

/* --- deadlines --- */

static int sleep_and_tell(void *arg)
{
	(void)arg;
	int err = weft_sleep(LONG);
	check_eq(err, -ECANCELED);
	add(ended, 1);
	return 0;
}

static void *deadlines(void *arg)
{
	struct weft_scope outer, s;
	uint64_t begin = weft_now();
	bool covered = weft_self() != WEFT_NONE;
	/* its own, and one inherited that is sooner */
	for (int inherited = 0; inherited < 2; inherited++) {
		set(ended, 0);
		check_eq(weft_scope_open(&outer, 0), 0);
		check_eq(weft_scope_set_timeout(&outer, inherited ? WEFT_MS(3) : LONG), 0);
		check_eq(weft_scope_open(&s, 0), 0);
		check_eq(weft_scope_set_timeout(&s, inherited ? LONG : WEFT_MS(3)), 0);
		uint64_t made = 0;
		for (unsigned i = 0; i < 8; i++)
			made += scope_spawn(covered || !inherited ? &s : &outer, i,
					    i % 2 ? sleep_and_tell : wait_for_cancel, (void *)(uintptr_t)(i / 2)) == 0;
		if (covered)
			check_eq(weft_sem_acquire(&never), -ECANCELED);
		int err = weft_scope_close(&s);
		check(inherited ? err == 0 || err == -ECANCELED : err == -ETIMEDOUT);
		err = weft_scope_close(&outer);
		check_eq(err, inherited ? -ETIMEDOUT : 0);
		check_eq(get(ended), made); /* where all is slow it passes sooner */
		check(made > 0);
	}
	check(weft_now() - begin >= WEFT_MS(6));
	/* passed before; moved closer; taken away */
	for (int i = 0; covered && i < 4; i++) {
		check_eq(weft_scope_open(&s, 0), 0);
		check_eq(weft_scope_set_deadline(&s, i == 0 ? 0 : i == 1 ? weft_now() - 1 : weft_now() + LONG), 0);
		if (i == 2)
			check_eq(weft_scope_set_timeout(&s, 0), 0);
		if (i == 3)
			check_eq(weft_scope_set_deadline(&s, WEFT_FOREVER), 0);
		check_eq(weft_sem_acquire_timeout(&never, 0), -ETIMEDOUT); /* it does not wait */
		if (i < 3) {
			check_eq(weft_sem_acquire(&never), -ECANCELED);
			check_eq(weft_park(), -ECANCELED);
			check_eq(weft_testcancel(), -ECANCELED);
			check_eq(weft_scope_close(&s), -ETIMEDOUT);
		} else {
			check_eq(weft_sem_acquire_timeout(&never, WEFT_MS(1)), -ETIMEDOUT);
			check_eq(weft_scope_close(&s), 0);
		}
	}
	return arg;
}

START_TEST(deadline)
{
	by_each_kind(deadlines);
}
END_TEST

/* A pinned thread's yield is a wait of its own kind. */
static void *yields(void *arg)
{
	struct weft_scope s;
	check_eq(weft_scope_open(&s, 0), 0);
	check_eq(weft_scope_set_timeout(&s, WEFT_US(500)), 0);
	for (uint64_t end = weft_now() + WEFT_MS(3); weft_now() < end;)
		check_eq(weft_yield(), 0);
	check_eq(weft_scope_cancel(&s), 0);
	for (int i = 0; i < 100; i++)
		check_eq(weft_yield(), 0);
	check_eq(weft_testcancel(), weft_self() ? -ECANCELED : 0);
	check(weft_scope_close(&s) < 0);
	return arg;
}

START_TEST(yield)
{
	by_each_kind(yields);
}
END_TEST

/* --- cancellation --- */

static int cancel_it(void *scope)
{
	return weft_scope_cancel(scope);
}

static void *cancel_from_outside(void *scope)
{
	check_eq(weft_sleep(WEFT_MS(1)), 0);
	check_eq(weft_scope_cancel(scope), 0);
	return NULL;
}

static int masked_child(void *arg)
{
	struct weft_sem *gate = arg;
	check_eq(weft_cancel_mask(), 0);
	check_eq(weft_cancel_mask(), 0);
	check_eq(weft_sem_acquire(gate), 0);
	check_eq(weft_sleep(WEFT_US(100)), 0);
	check_eq(weft_cancel_unmask(), 0);
	check_eq(weft_testcancel(), 0);
	check_eq(weft_cancel_unmask(), 0);
	check_eq(weft_cancel_unmask(), -EPERM);
	check_eq(weft_testcancel(), -ECANCELED);
	check_eq(weft_sem_acquire(&never), -ECANCELED);
	add(ended, 1);
	return 0;
}

static void *cancels(void *arg)
{
	for (unsigned by = 0; by < 4; by++) {
		struct weft_scope s;
		struct weft_sem gate = WEFT_SEM_INIT(0);
		pthread_t thread = 0;
		set(ended, 0);
		check_eq(weft_scope_open(&s, 0), 0);
		for (unsigned i = 0; i < 16; i++)
			check_eq(scope_spawn(&s, i, wait_for_cancel, (void *)(uintptr_t)(i / 4)), 0);
		for (unsigned i = 0; i < 4; i++)
			check_eq(scope_spawn(&s, i, masked_child, &gate), 0);
		if (by == 0)
			check_eq(weft_scope_cancel(&s), 0);
		if (by == 1)
			check_eq(weft_scope_spawn(&s, NULL, cancel_it, &s), 0);
		if (by == 2)
			check_eq(weft_scope_spawn(&s, WEFT_BOUND, cancel_it, &s), 0);
		if (by == 3)
			thread = outsider(cancel_from_outside, &s);
		wait_until(get(ended) == 16 || weft_testcancel());
		while (get(ended) < 16)
			weft_yield();
		check_eq(weft_sem_release(&gate, 4), 0);
		int err = weft_scope_close(&s);
		check_eq(err, -ECANCELED);
		check_eq(get(ended), 20);
		if (by == 3)
			check_eq(pthread_join(thread, NULL), 0);
	}
	return arg;
}

START_TEST(cancel)
{
	by_each_kind(cancels);
}
END_TEST

/* A thread of its own is not covered, and a cancel of the opener alone does not reach the children nor cut closing short. */
static void *not_covered(void *arg)
{
	check_eq(weft_sleep(WEFT_MS(2)), 0);
	check_eq(weft_testcancel(), 0);
	return arg;
}

static void *opener_canceled(void *arg)
{
	struct weft_scope s;
	set(ended, 0);
	check_eq(weft_scope_open(&s, 0), 0);
	weft_t other = spawn(WEFT_GREEN, not_covered, NULL);
	for (unsigned i = 0; i < 8; i++)
		check_eq(scope_spawn(&s, i, count_late, NULL), 0);
	check_eq(weft_cancel(weft_self()), 0);
	check_eq(weft_testcancel(), -ECANCELED);
	check_eq(weft_scope_spawn(&s, NULL, count_late, NULL), 0); /* the scope is not */
	check_eq(weft_scope_close(&s), 0);
	check_eq(get(ended), 9);
	check_eq(weft_cancel_mask(), 0);
	check_eq(weft_join(other, NULL), 0);
	return arg;
}

START_TEST(opener_alone)
{
	struct weft_attr attr;
	start();
	for (unsigned kind = 0; kind < 4; kind++)
		join(spawn(attr_of(kind, &attr), opener_canceled, NULL));
	stop();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { fails_fast, deadline, yield, cancel, opener_alone, NULL };
	return run_tests("system/scope_cancel", tests);
}
