/* SPDX-License-Identifier: MIT */
/* Crashes that are contained: of what kind, of whom, on which stack; and who is told. */
#include "src/stack/stack.h"
#include "tests/support/contain.h"

static struct weft_waitgroup group = WEFT_WAITGROUP_INIT;

static void *same(void *arg)
{
	return arg;
}

/* Each kind of fault, with what the signal says of it; and the next thread is as good as any. */
static void *body_faults(void *arg)
{
	for (unsigned i = 0; i < 4 * FAULTS * KINDS; i++) {
		enum fault how = (enum fault)(i % FAULTS);
		const struct weft_attr *kind = kinds[i / FAULTS % KINDS];
		if (!exists(how))
			continue;
		struct weft_status status = end_of(spawn(kind, crash, how_to(how)));
		check_eq(status.how, WEFT_CRASHED);
		check_eq(status.signal, signal_of(how));
		check(status.code > 0 && status.result == NULL);
		if (how == NULL_WRITE || how == NULL_CALL)
			check(status.address == NULL);
		if (how == WILD_READ || how == WILD_CALL)
			check_eq((uintptr_t)status.address, NOWHERE);
		if (how == BUS)
			check(status.address == (void *)(uintptr_t)beyond_the_end());
		check_eq(weft_join(spawn(kind, crash, how_to(how)), NULL), -EOWNERDEAD);
		check(join(spawn(kind, same, arg)) == arg);
	}
	return arg;
}

/* On every size of stack; and what came after the fault on the fresh one is told apart from it. */
static void *body_stacks(void *arg)
{
	for (size_t bytes = (size_t)1 << WEFT__STACK_MIN_LOG2; bytes <= (size_t)64 << 20; bytes *= 2)
		for (int i = 0; i < KINDS; i++) {
			struct weft_attr attr = WEFT_ATTR_INIT;
			weft_attr_set_kind(&attr, i ? WEFT_KIND_BOUND : WEFT_KIND_GREEN);
			weft_attr_set_stack_size(&attr, bytes);
			ends_crashed(spawn(&attr, crash, how_to(OVERFLOW)), SIGSEGV);
			ends_crashed(spawn(&attr, crash, how_to(NULL_WRITE)), SIGSEGV);
		}
	return arg;
}

/* --- who is told --- */

static int crashes(void *arg)
{
	crash(arg);
	return 0;
}

static void *body_scope(void *arg)
{
	shared canceled = 0;
	for (int i = 0; i < KINDS; i++)
		for (unsigned flags = 0; flags <= WEFT_SCOPE_FAIL_FAST; flags++) {
			struct weft_scope scope;
			check_eq(weft_scope_open(&scope, flags), 0);
			if (flags)
				check_eq(weft_scope_spawn(&scope, NULL, until_canceled, &canceled), 0);
			check_eq(weft_scope_spawn(&scope, kinds[i], crashes, how_to(WILD_READ)), 0);
			check_eq(weft_scope_close(&scope), -EOWNERDEAD);
		}
	check_eq(get(canceled), KINDS);
	return arg;
}

static void *waits_first(void *how)
{
	weft_sleep(WEFT_MS(2));
	crash(how);
	return NULL;
}

static void *waits_for_cancel(void *how)
{
	check_eq(weft_sleep(WEFT_S(100)), -ECANCELED);
	crash(how);
	return NULL;
}

static void announce(void *arg)
{
	(void)arg;
	check_eq(weft_waitgroup_done(&group), 0);
}

static void *unseen(void *how)
{
	struct weft_cleanup cleanup;
	check_eq(weft_cleanup_push(&cleanup, announce, NULL), 0);
	crash(how);
	return NULL;
}

/* A joiner that waits already, one with a time limit, a canceled thread, and nobody. */
static void *body_told(void *arg)
{
	struct weft_status status;
	for (int i = 0; i < KINDS; i++) {
		ends_crashed(spawn(kinds[i], waits_first, how_to(NULL_WRITE)), SIGSEGV);
		check_eq(weft_join(spawn(kinds[i], waits_first, how_to(NULL_CALL)), NULL), -EOWNERDEAD);
		weft_t t = spawn(kinds[i], waits_for_cancel, how_to(NULL_WRITE));
		check_eq(weft_join_status_timeout(t, &status, WEFT_US(100)), -ETIMEDOUT);
		check_eq(weft_cancel(t), 0);
		ends_crashed(t, SIGSEGV);
		check_eq(weft_cancel(t), -ESRCH);
		check_eq(weft_waitgroup_add(&group, 1), 0);
		check_eq(weft_spawn(NULL, kinds[i], unseen, how_to(NULL_WRITE)), 0);
		check_eq(weft_waitgroup_wait(&group), 0);
		t = spawn(kinds[i], waits_first, how_to(NULL_WRITE));
		check_eq(weft_detach(t), 0);
	}
	return arg;
}

RUNS(every_fault, body_faults)
RUNS(every_stack, body_stacks)
RUNS(of_a_scope, body_scope)
RUNS(joiners, body_told)

/* The policy of one thread is its own; and the first thread's crash is what weft_run answers. */
static void *body_attribute(void *arg)
{
	for (int i = 0; i < KINDS; i++) {
		struct weft_attr attr = WEFT_ATTR_INIT;
		weft_attr_set_kind(&attr, i ? WEFT_KIND_BOUND : WEFT_KIND_GREEN);
		check_eq(weft_attr_set_crash(&attr, WEFT_CRASH_CONTAIN), 0);
		ends_crashed(spawn(&attr, crash, how_to(NULL_WRITE)), SIGSEGV);
	}
	return arg;
}

START_TEST(by_attribute)
{
	struct weft_attr attr = WEFT_ATTR_INIT;
	ck_assert_int_eq(weft_run(NULL, body_attribute, NULL, NULL), 0);
	ck_assert_int_eq(weft_attr_set_crash(&attr, (enum weft_crash)3), -EINVAL);
	ck_assert_int_eq(weft_attr_set_crash(NULL, WEFT_CRASH_ABORT), -EINVAL);
}
END_TEST

static void *first_crashes(void *arg)
{
	check_eq(weft_spawn(NULL, NULL, waits_first, how_to(OVERFLOW)), 0);
	crash(arg);
	return NULL;
}

START_TEST(the_first_thread)
{
	for (int i = 0; i < 20; i++) {
		void *result = &group;
		struct weft_config config = containing(workers_at_least(1));
		ck_assert_int_eq(weft_run(&config, first_crashes, how_to(NULL_WRITE), &result), -EOWNERDEAD);
		ck_assert_ptr_eq(result, &group);
		ck_assert_int_eq(weft_run(&config, same, &config, &result), 0);
		ck_assert_ptr_eq(result, &config);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { every_fault,  every_stack,      of_a_scope, joiners,
				       by_attribute, the_first_thread, NULL };
	skip_unless_contained();
	return run_tests("system/contain", tests);
}
