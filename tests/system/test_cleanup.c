/* SPDX-License-Identifier: MIT */
/* Clean-up handlers, and what else a thread that ends leaves behind; masks; cancels of threads that are gone. */
#include "src/base/random.h"
#include "tests/support/child.h"
#include "tests/support/crew.h"

#define LONG WEFT_S(100)

static shared calls;
static struct weft_sem never = WEFT_SEM_INIT(0);

/* Handlers note when they were called, by digits. */
static void note(void *arg)
{
	set(calls, get(calls) * 10 + (uintptr_t)arg);
}

#define digit(n) ((void *)(uintptr_t)(n))

static void *exit_through(void *arg)
{
	struct weft_cleanup one, two, three, four;
	check_eq(weft_cleanup_push(&one, note, digit(1)), 0);
	check_eq(weft_cleanup_push(&two, note, digit(2)), 0);
	check_eq(weft_cleanup_push(&three, note, digit(3)), 0);
	check_eq(weft_cleanup_push(&four, note, digit(4)), 0);
	check_eq(weft_cleanup_pop(&three, true), -EINVAL);
	check_eq(weft_cleanup_pop(NULL, true), -EINVAL);
	check_eq(weft_cleanup_pop(&four, false), 0);
	check_eq(weft_cleanup_pop(&four, true), -EINVAL);
	check_eq(weft_cleanup_pop(&three, true), 0);
	check_eq(get(calls), 3);
	weft_exit(arg);
}

/* Masked, so it may wait; it may use handlers and scopes of its own. */
static int wait_a_little(void *arg)
{
	(void)arg;
	return weft_sleep(WEFT_US(100));
}

static void waits(void *arg)
{
	struct weft_cleanup inner;
	struct weft_scope s;
	check_eq(weft_testcancel(), 0);
	check_eq(weft_sleep(WEFT_US(100)), 0);
	check_eq(weft_cleanup_push(&inner, note, digit(8)), 0);
	check_eq(weft_scope_open(&s, 0), 0);
	check_eq(weft_scope_spawn(&s, WEFT_GREEN, wait_a_little, NULL), 0);
	check_eq(weft_scope_close(&s), 0);
	check_eq(weft_cleanup_pop(&inner, true), 0);
	note(arg);
}

static void *pop_all(void *arg)
{
	struct weft_cleanup one, two;
	check_eq(weft_cleanup_push(NULL, note, NULL), -EINVAL);
	check_eq(weft_cleanup_push(&one, NULL, NULL), -EINVAL);
	check_eq(weft_cleanup_push(&one, note, digit(1)), 0);
	check_eq(weft_cleanup_push(&two, note, digit(2)), 0);
	check_eq(weft_cleanup_pop(&two, false), 0);
	check_eq(weft_cleanup_pop(&one, true), 0);

	check_eq(weft_cancel(weft_self()), 0);
	check_eq(weft_cleanup_push(&one, waits, digit(2)), 0);
	check_eq(weft_cleanup_pop(&one, true), 0);
	check_eq(weft_testcancel(), -ECANCELED);
	return arg;
}

static void exits_again(void *arg)
{
	struct weft_cleanup inner;
	check_eq(weft_cleanup_push(&inner, note, digit(9)), 0);
	note(arg);
	weft_exit(digit(77));
}

static void *exit_canceled(void *arg)
{
	struct weft_cleanup one, two, three;
	check_eq(weft_cleanup_push(&one, note, digit(1)), 0);
	check_eq(weft_cleanup_push(&two, exits_again, digit(2)), 0);
	check_eq(weft_cleanup_push(&three, waits, digit(3)), 0);
	check_eq(weft_cancel(weft_self()), 0);
	check_eq(weft_sleep(LONG), -ECANCELED);
	weft_exit(arg);
}

/* weft_exit amid scopes: they are canceled and closed before any handler is called. */
static int canceled_child(void *arg)
{
	struct weft_scope s;
	check_eq(weft_scope_open(&s, 0), 0);
	check_eq(weft_sem_acquire(&never), -ECANCELED);
	note(arg);
	weft_exit(digit(0));
}

static void *exit_in_scopes(void *arg)
{
	struct weft_cleanup one;
	struct weft_scope outer, inner;
	check_eq(weft_cleanup_push(&one, note, digit(1)), 0);
	check_eq(weft_scope_open(&outer, 0), 0);
	check_eq(weft_scope_spawn(&outer, WEFT_GREEN, canceled_child, digit(6)), 0);
	check_eq(weft_scope_open(&inner, 0), 0);
	check_eq(weft_scope_spawn(&inner, WEFT_BOUND, canceled_child, digit(5)), 0);
	weft_exit(arg);
}

static void *each(void *arg)
{
	static const struct way {
		void *(*fn)(void *);
		uint64_t calls, result;
	} ways[] = {
		{ exit_through, 321, 7 }, { pop_all, 182, 7 }, { exit_canceled, 83291, 77 }, { exit_in_scopes, 561, 7 }
	};
	for (int bound = 0; bound < 2; bound++)
		for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
			set(calls, 0);
			void *result = join(spawn(bound ? WEFT_BOUND : WEFT_GREEN, ways[i].fn, digit(7)));
			check_eq((uintptr_t)result, ways[i].result);
			check_eq(get(calls), ways[i].calls);
		}
	return arg;
}

START_TEST(handlers)
{
	run(each, NULL);
}
END_TEST

START_TEST(outside)
{
	struct weft_cleanup c;
	ck_assert_int_eq(weft_cleanup_push(&c, note, NULL), -EPERM);
	ck_assert_int_eq(weft_cleanup_pop(&c, true), -EPERM);
	ck_assert_int_eq(weft_cancel_mask(), -EPERM);
	ck_assert_int_eq(weft_cancel_unmask(), -EPERM);
	ck_assert_int_eq(weft_testcancel(), 0);
	ck_assert_int_eq(weft_cancel(WEFT_NONE), -ESRCH);
	ck_assert_int_eq(weft_cancel(0x123456789abcdef), -ESRCH);
	struct weft_scope s; /* no runtime */
	ck_assert_int_eq(weft_scope_open(&s, 0), 0);
	ck_assert_int_eq(weft_scope_spawn(&s, NULL, wait_a_little, NULL), -EPERM);
	ck_assert_int_eq(weft_scope_cancel(&s), 0);
	ck_assert_int_eq(weft_scope_close(&s), -ECANCELED);
}
END_TEST

/* --- what cannot be cleaned up --- */

static void *return_pushed(void *arg)
{
	struct weft_cleanup c;
	weft_cleanup_push(&c, note, NULL);
	return arg;
}

static void *return_open(void *arg)
{
	struct weft_scope s;
	weft_scope_open(&s, 0);
	return arg;
}

static void *close_outer(void *arg)
{
	struct weft_scope outer, inner;
	weft_scope_open(&outer, 0);
	weft_scope_open(&inner, 0);
	weft_scope_close(&outer);
	return arg;
}

struct death {
	void *(*fn)(void *);
	const char *words;
	bool bound;
};

static int die(void *arg)
{
	struct death *d = arg;
	if (weft_start(NULL) != 0)
		return 1;
	join(spawn(d->bound ? WEFT_BOUND : WEFT_GREEN, d->fn, NULL));
	return 0;
}

START_TEST(panics)
{
	struct death deaths[] = { { return_pushed, "with a clean-up handler pushed: call weft_cleanup_pop", false },
				  { return_open, "with a scope open: call weft_scope_close", false },
				  { close_outer, "a scope that was opened inside it is still open", false } };
	for (unsigned i = 0; i < 6; i++) {
		deaths[i / 2].bound = i % 2;
		struct child child = run_child(die, &deaths[i / 2]);
		ck_said(&child, deaths[i / 2].words);
		ck_died(&child, SIGABRT);
	}
}
END_TEST

/* --- threads that are gone --- */

enum { HANDLES = 256 };
static shared stale[HANDLES], over;

/* Whoever is canceled by these is not who was meant. */
static void *cancel_stale(void *arg)
{
	struct member *m = arg;
	while (!get(over)) {
		weft_t thread = get(stale[pick(m, HANDLES)]);
		if (thread)
			check_eq(weft_cancel(thread), -ESRCH);
		m->got++;
		weft_yield();
	}
	return NULL;
}

static void *not_canceled(void *arg)
{
	struct weft_sem *sem = arg;
	check_eq(weft_sleep(WEFT_US(1)), 0);
	check_eq(weft_sem_release(sem, 1), 0);
	check_eq(weft_sem_acquire(sem), 0);
	check_eq(weft_yield(), 0);
	check_eq(weft_testcancel(), 0);
	return NULL;
}

START_TEST(stale_handles)
{
	struct crew crew;
	struct weft_sem sem = WEFT_SEM_INIT(1);
	uint64_t seed = new_seed();
	start();
	crew_start(&crew, 3, seed, cancel_stale);
	for (int i = 0; i < rounds(3000); i++) {
		weft_t thread = spawn(i % 16 ? WEFT_GREEN : WEFT_BOUND, not_canceled, &sem);
		join(thread);
		set(stale[i % HANDLES], thread);
	}
	set(over, 1);
	crew_join(&crew);
	stop();
}
END_TEST

/* Handles of threads that live, end, or have just ended. */
static void *may_be_canceled(void *arg)
{
	struct member *m = arg;
	int err = weft_sleep(weft_self() % 3 ? WEFT_US(1) : 0);
	check(err == 0 || err == -ECANCELED);
	m->got++;
	return NULL;
}

static void *cancel_any(void *arg)
{
	struct member *m = arg;
	while (!get(over)) {
		weft_t thread = get(stale[pick(m, 8)]);
		int err = thread ? weft_cancel(thread) : 0;
		check(err == 0 || err == -ESRCH);
		weft_yield();
	}
	return NULL;
}

START_TEST(ending)
{
	struct crew crew;
	struct member mine[8];
	weft_t thread[8];
	start();
	crew_start(&crew, 3, new_seed(), cancel_any);
	for (int i = 0; i < rounds(500); i++) {
		for (int k = 0; k < 8; k++) {
			thread[k] = spawn(k == 7 && i % 8 == 0 ? WEFT_BOUND : WEFT_GREEN, may_be_canceled, &mine[k]);
			set(stale[k], thread[k]);
		}
		for (int k = 0; k < 8; k++)
			join(thread[k]);
	}
	set(over, 1);
	crew_join(&crew);
	stop();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { handlers, outside, panics, stale_handles, ending, NULL };
	return run_tests("system/cleanup", tests);
}
