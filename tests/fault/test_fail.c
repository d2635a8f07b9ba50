/* SPDX-License-Identifier: MIT */
/*
 * Every call that src/os makes fails in turn: at its first, second, ... time, once or from then on, while a program
 * starts, spawns, joins, sleeps and stops. What fails says so by a negative errno value, what succeeds works, nothing
 * hangs, and without the fault the same process then does all of it.
 */
#include "tests/support/child.h"
#include "tests/support/plan.h"

#if WEFT__ASAN
#include <sanitizer/lsan_interface.h>
#endif

enum { THREADS = 100, AT_MOST = 400 };

static weft_local_t key;

static bool is_clean(int err)
{
	return err == 0 || err == -ENOMEM || err == -EAGAIN;
}

static void *wait_some(void *arg)
{
	int err = weft_sleep(WEFT_US(50));
	check(is_clean(err));
	err = weft_park_timeout(WEFT_US(50));
	check(err == -ETIMEDOUT || err == -ENOMEM);
	err = weft_local_set(key, &key);
	check(err == 0 || err == -ENOMEM);
	check(weft_local_get(key) == (err ? NULL : &key));
	return arg;
}

static struct weft_attr attr_of(int i)
{
	struct weft_attr attr = WEFT_ATTR_INIT;
	weft_attr_set_kind(&attr, i % 10 ? WEFT_KIND_GREEN : WEFT_KIND_BOUND);
	weft_attr_set_queued(&attr, i % 3 == 0);
	weft_attr_set_stack_size(&attr, (size_t)(64 << 10) << i % 3);
	return attr;
}

/* Whether all of it went well. */
static bool use_threads(void)
{
	weft_t thread[THREADS];
	bool well = true;
	for (intptr_t i = 0; i < THREADS; i++) {
		struct weft_attr attr = attr_of((int)i);
		int err = weft_spawn(&thread[i], i % 2 ? &attr : NULL, wait_some, (void *)i);
		check(is_clean(err));
		if (err)
			thread[i] = WEFT_NONE;
		well &= err == 0;
	}
	for (intptr_t i = 0; i < THREADS; i++) {
		void *result = NULL;
		int err = weft_join_timeout(thread[i], &result, i % 4 ? WEFT_FOREVER : WEFT_US(10));
		if (err == -ETIMEDOUT || err == -ENOMEM)
			err = weft_join(thread[i], &result);
		check_eq(err, thread[i] ? 0 : -ESRCH);
		check(err || result == (void *)i);
	}
	return well;
}

static void *park(void *arg)
{
	check_eq(weft_park(), 0);
	return arg;
}

/* More stacks than the depot keeps in reserve, idle while the monitor looks a few times. */
static void have_stacks_trimmed(void)
{
	enum { MANY = 1000 };
	static weft_t thread[MANY];
	uint64_t begin = weft_now(), before = get(calls);
	for (int i = 0; i < MANY; i++)
		thread[i] = spawn(NULL, park, NULL);
	for (int i = 0; i < MANY; i++)
		check_eq(weft_unpark(thread[i]), 0);
	for (int i = 0; i < MANY; i++)
		join(thread[i]);
	while (get(calls) < before + 3 && weft__os_fault_hook && weft_now() - begin < WEFT_S(10))
		join(spawn(NULL, wait_some, NULL));
}

static void *inside(void *arg)
{
	*(bool *)arg = use_threads();
	return NULL;
}

static bool use_all(void)
{
	struct weft_config config = workers_at_least(2);
	bool well = false;
	int err = weft_run(&config, inside, &well, NULL);
	check(is_clean(err) && (err == 0 || !well));
	err = weft_start(&config);
	check(is_clean(err));
	if (err) {
		check_eq(weft_workers(), 0);
		return false;
	}
	well &= use_threads();
	if (plan.site == WEFT__OS_DISCARD)
		have_stacks_trimmed();
	check_eq(weft_stop(), 0);
	return well;
}

enum { NOT_COME = 10, CAME }; /* exit codes: libcheck's is 1 */

static int with_fault(void *arg)
{
	plan = *(struct plan *)arg;
	weft__tune.trim_ns = 1000000;
	check_eq(weft_local_create(&key, NULL), 0);
	weft__os_fault_hook = fail_nth;
	use_all();
	weft__os_fault_hook = NULL;
	check(use_all());
#if WEFT__ASAN
	__lsan_do_leak_check();
#endif
	return get(calls) >= plan.nth ? CAME : NOT_COME;
}

static void fail_each(struct plan p)
{
	struct child child;
	for (p.nth = 1; p.nth <= AT_MOST; p.nth += p.nth < 20 ? 1 : p.nth / 8) {
		child = run_child(with_fault, &p);
		int code = WIFEXITED(child.status) ? WEXITSTATUS(child.status) : -1;
		ck_assert_msg(code == CAME || code == NOT_COME, "site %d, call %d%s: wait status %#x; it said: %.2000s",
			      (int)p.site, (int)p.nth, p.from_then_on ? " on" : "", (unsigned)child.status, child.text);
		if (code == NOT_COME)
			break;
	}
	ck_assert_uint_gt(p.nth, 1); /* the site exists, and is reached */
}

#define FAIL_TEST(name, site, err)                                                                                     \
	START_TEST(name)                                                                                               \
	{                                                                                                              \
		fail_each((struct plan){ site, 0, false, err });                                                       \
		fail_each((struct plan){ site, 0, true, err });                                                        \
	}                                                                                                              \
	END_TEST

FAIL_TEST(allocations, WEFT__OS_ALLOC, -ENOMEM)
FAIL_TEST(maps, WEFT__OS_MAP, -ENOMEM)
FAIL_TEST(guards, WEFT__OS_GUARD, -ENOMEM)
FAIL_TEST(discards, WEFT__OS_DISCARD, -ENOSYS)
FAIL_TEST(kernel_threads, WEFT__OS_THREAD, -EAGAIN)
FAIL_TEST(barriers, WEFT__OS_BARRIER, -ENOSYS)

START_TEST(protections)
{
	use_mprotect();
	fail_each((struct plan){ WEFT__OS_PROTECT, 0, false, -ENOMEM });
	fail_each((struct plan){ WEFT__OS_PROTECT, 0, true, -ENOMEM });
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		allocations, maps, guards, discards, kernel_threads, barriers, protections, NULL
	};
	return run_tests("fault/fail", tests);
}
