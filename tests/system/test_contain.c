/* SPDX-License-Identifier: MIT */
/* Crashes that are contained: of what kind, of whom, on which stack; what the thread leaves behind, and who is told. */
#include "tests/support/faults.h"

#include <fenv.h>

#include "src/stack/stack.h"
#include "tests/support/crew.h"

static const struct weft_attr *const kinds[] = { WEFT_GREEN, WEFT_BOUND };
enum { KINDS = 2 };

static void *crash(void *how)
{
	fault((enum fault)(uintptr_t)how);
	return NULL;
}

static void *how_to(enum fault how)
{
	return (void *)(uintptr_t)how;
}

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

/* --- what it leaves behind --- */

static struct weft_mutex robust = WEFT_MUTEX_ROBUST_INIT, guarded = WEFT_MUTEX_INIT, plain;
static struct weft_waitgroup group = WEFT_WAITGROUP_INIT;
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

static int child(void *arg)
{
	(void)arg;
	check_eq(weft_sleep(WEFT_S(100)), -ECANCELED);
	add(children, 1);
	return 0;
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
	check_eq(weft_scope_spawn(&outer, NULL, child, NULL), 0);
	check_eq(weft_scope_open(&inner, 0), 0);
	check_eq(weft_scope_spawn(&inner, NULL, child, NULL), 0);
	check_eq(weft_scope_spawn(&inner, WEFT_BOUND, child, NULL), 0);
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

static void *body_lost(void *arg)
{
	enum { WAITERS = 20 };
	for (unsigned round = 0; round < 2 * KINDS; round++) {
		weft_t t[WAITERS];
		plain = (struct weft_mutex)WEFT_MUTEX_INIT;
		set(refused, 0);
		weft_t owner = spawn(kinds[round % KINDS], locks_and_crashes, round < KINDS ? arg : NULL);
		if (round < KINDS)
			wait_until(weft_mutex_trylock(&plain) == -EBUSY || weft_mutex_unlock(&plain));
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

/* --- who is told --- */

static int crashes(void *arg)
{
	crash(arg);
	return 0;
}

static void *body_scope(void *arg)
{
	for (int i = 0; i < KINDS; i++)
		for (unsigned flags = 0; flags <= WEFT_SCOPE_FAIL_FAST; flags++) {
			struct weft_scope scope;
			check_eq(weft_scope_open(&scope, flags), 0);
			if (flags)
				check_eq(weft_scope_spawn(&scope, NULL, child, NULL), 0);
			check_eq(weft_scope_spawn(&scope, kinds[i], crashes, how_to(WILD_READ)), 0);
			check_eq(weft_scope_close(&scope), -EOWNERDEAD);
		}
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

/* --- many at once --- */

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

#define RUNS(name, body)                                                                                               \
	START_TEST(name)                                                                                               \
	{                                                                                                              \
		struct weft_config config = containing(workers_at_least(1));                                           \
		check_eq((uintptr_t)run_with(&config, body, &barrier), (uintptr_t)&barrier);                           \
	}                                                                                                              \
	END_TEST

RUNS(every_fault, body_faults)
RUNS(every_stack, body_stacks)
RUNS(what_is_left, body_leaves)
RUNS(a_lost_mutex, body_lost)
RUNS(of_a_scope, body_scope)
RUNS(joiners, body_told)
RUNS(a_bomb, body_bomb)
RUNS(odd_threads, body_odd)

START_TEST(eight_at_once)
{
	struct weft_config config = containing(workers_at_least(8));
	run_with(&config, body_many, NULL);
}
END_TEST

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
		void *result = &barrier;
		struct weft_config config = containing(workers_at_least(1));
		ck_assert_int_eq(weft_run(&config, first_crashes, how_to(NULL_WRITE), &result), -EOWNERDEAD);
		ck_assert_ptr_eq(result, &barrier);
		ck_assert_int_eq(weft_run(&config, same, &config, &result), 0);
		ck_assert_ptr_eq(result, &config);
	}
}
END_TEST

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
	const TTest *const tests[] = { every_fault,	 every_stack,  what_is_left, a_lost_mutex,  of_a_scope,
				       joiners,		 a_bomb,       odd_threads,  eight_at_once, by_attribute,
				       the_first_thread, from_outside, NULL };
	skip_unless_contained();
	return run_tests("system/contain", tests);
}
