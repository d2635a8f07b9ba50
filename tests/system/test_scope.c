/* SPDX-License-Identifier: MIT */
/* Scopes: who may use one, and closing waits for all that is in it, however deep, however many. */
#include "tests/support/scope.h"

static void *waits_for_all(void *arg)
{
	for (int round = 0; round < 20; round++)
		for (unsigned n = 0; n < 40; n += 13) {
			struct weft_scope s;
			set(ended, 0);
			check_eq(weft_scope_open(&s, round % 2 ? WEFT_SCOPE_FAIL_FAST : 0), 0);
			for (unsigned i = 0; i < n; i++)
				check_eq(scope_spawn(&s, i % 4, i % 3 ? count_one : count_late, NULL), 0);
			check_eq(weft_scope_close(&s), 0);
			check_eq(get(ended), n);
			check_eq(weft_scope_close(&s), -EPERM);
			check_eq(weft_scope_set_timeout(&s, 1), -EPERM);
		}
	return arg;
}

START_TEST(waits)
{
	by_each_kind(waits_for_all);
}
END_TEST

static void *refusals(void *arg)
{
	struct weft_scope s;
	check_eq(weft_scope_open(&s, 2), -EINVAL);
	check_eq(weft_scope_open(&s, 0), 0);
	check_eq(weft_scope_spawn(&s, NULL, NULL, NULL), -EINVAL);
	check_eq(weft_scope_cancel(&s), 0);
	check_eq(weft_scope_spawn(&s, NULL, count_one, NULL), -ECANCELED);
	check_eq(weft_scope_spawn(&s, WEFT_BOUND, count_one, NULL), -ECANCELED);
	check_eq(weft_scope_cancel(&s), 0);
	check_eq(weft_scope_close(&s), -ECANCELED);
	check_eq(weft_testcancel(), 0);
	check_eq(weft_sleep(WEFT_US(10)), 0);
	return arg;
}

START_TEST(refuses)
{
	by_each_kind(refusals);
}
END_TEST

static void *not_mine(void *scope)
{
	check_eq(weft_scope_close(scope), -EPERM);
	check_eq(weft_scope_set_deadline(scope, 1), -EPERM);
	check_eq(weft_scope_set_timeout(scope, 1), -EPERM);
	return NULL;
}

static int child_not_mine(void *scope)
{
	not_mine(scope);
	return 0;
}

static void *has_owner(void *arg)
{
	struct weft_scope s;
	check_eq(weft_scope_open(&s, 0), 0);
	check_eq(weft_scope_spawn(&s, WEFT_GREEN, child_not_mine, &s), 0);
	check_eq(weft_scope_spawn(&s, WEFT_BOUND, child_not_mine, &s), 0);
	join(spawn(WEFT_GREEN, not_mine, &s));
	check_eq(pthread_join(outsider(not_mine, &s), NULL), 0);
	check_eq(weft_scope_close(&s), 0);
	return arg;
}

START_TEST(owner)
{
	by_each_kind(has_owner);
}
END_TEST

/* --- nesting --- */

struct level {
	struct weft_scope *root;
	unsigned depth;
	bool stays; /* the innermost waits for the cancel of the root */
};

static void check_spawned(int err, bool may_be_canceled)
{
	check(err == 0 || (may_be_canceled && err == -ECANCELED));
}

static int nest(void *arg)
{
	struct level *l = arg, inner = { l->root, l->depth - 1, l->stays };
	struct weft_scope s;
	if (l->depth == 0) {
		add(ended, 1);
		return l->stays ? wait_for_cancel(arg) : 0;
	}
	check_eq(weft_scope_open(&s, 0), 0);
	if (l->depth % 3 == 0)
		nest(&inner); /* scopes of the same thread */
	else
		check_spawned(scope_spawn(&s, l->depth % 8, nest, &inner), l->stays);
	int err = weft_scope_close(&s);
	check(err == 0 || (l->stays && err == -ECANCELED));
	return err;
}

static int nest_outer(void *arg)
{
	nest(arg);
	return 0;
}

static void *nested(void *arg)
{
	for (unsigned depth = 1; depth <= 50; depth += depth > 12 ? 19 : 1) {
		struct weft_scope s;
		struct level l = { &s, depth, false }, stays = { &s, depth, true };
		set(ended, 0);
		check_eq(weft_scope_open(&s, 0), 0);
		check_eq(weft_scope_spawn(&s, NULL, nest_outer, &l), 0);
		check_eq(weft_scope_close(&s), 0);
		check_eq(get(ended), 1);

		set(ended, 0);
		check_eq(weft_scope_open(&s, 0), 0);
		for (int i = 0; i < 3; i++)
			check_eq(weft_scope_spawn(&s, NULL, nest_outer, &stays), 0);
		bool all = depth % 2; /* else it is canceled while they nest */
		while (all && get(ended) < 3)
			weft_yield();
		check_eq(weft_scope_cancel(&s), 0);
		check_eq(weft_scope_close(&s), -ECANCELED);
		check(get(ended) == 6 || !all);
	}
	return arg;
}

START_TEST(nests)
{
	by_each_kind(nested);
}
END_TEST

/* Children that spawn siblings that spawn siblings. */
static int grow(void *arg)
{
	uintptr_t depth = (uintptr_t)arg & 15;
	struct weft_scope *s = (struct weft_scope *)((uintptr_t)arg & ~(uintptr_t)15);
	add(ended, 1);
	if (depth == 0)
		return 0;
	if (depth % 3 == 0)
		check_eq(weft_sleep(WEFT_US(50)), 0);
	for (unsigned i = 0; i < 2; i++)
		check_eq(scope_spawn(s, depth % 4 ? 0 : i, grow, (void *)((uintptr_t)s | (depth - 1))), 0);
	return 0;
}

static void *siblings(void *arg)
{
	for (int round = 0; round < 10; round++) {
		_Alignas(16) struct weft_scope s;
		set(ended, 0);
		check_eq(weft_scope_open(&s, 0), 0);
		check_eq(weft_scope_spawn(&s, NULL, grow, (void *)((uintptr_t)&s | 8)), 0);
		check_eq(weft_scope_close(&s), 0);
		check_eq(get(ended), 511);
	}
	return arg;
}

START_TEST(siblings_spawn)
{
	by_each_kind(siblings);
}
END_TEST

static void *many(void *arg)
{
	struct weft_scope s;
	uint64_t n = (uint64_t)rounds(100000);
	set(ended, 0);
	check_eq(weft_scope_open(&s, 0), 0);
	for (uint64_t i = 0; i < n; i++)
		check_eq(weft_scope_spawn(&s, NULL, i % 64 ? count_one : count_late, NULL), 0);
	check_eq(weft_scope_close(&s), 0);
	check_eq(get(ended), n);
	return arg;
}

START_TEST(many_children)
{
	by_each_kind(many);
}
END_TEST

/* A child's handle, told by itself, is good for weft_cancel and weft_unpark, not to join or detach it. */
static void check_not_joined(weft_t child)
{
	int err = weft_join_timeout(child, NULL, 0);
	check(err == -EINVAL || err == -ESRCH);
	err = weft_detach(child);
	check(err == -EINVAL || err == -ESRCH);
}

static shared told;

static void *join_child(void *arg)
{
	weft_t child;
	unsigned looks = 0;
	while ((child = get(told)) == WEFT_NONE)
		look_again(&looks);
	check_not_joined(child);
	check_not_joined(child);
	return arg;
}

static int tell(void *arg)
{
	check_eq(weft_detach(weft_self()), -EINVAL);
	set(told, weft_self());
	for (unsigned n = (unsigned)(weft_now() % 128); n > 0; n--)
		weft__cpu_relax();
	return arg != NULL;
}

static void *tells(void *arg)
{
	for (int i = 0; i < rounds(3000); i++) {
		struct weft_scope s;
		set(told, WEFT_NONE);
		pthread_t thread = outsider(join_child, NULL);
		check_eq(weft_scope_open(&s, 0), 0);
		check_eq(scope_spawn(&s, (unsigned)i / 8 % 4, tell, NULL), 0);
		check_eq(weft_scope_close(&s), 0);
		check_eq(pthread_join(thread, NULL), 0);
		check_eq(weft_cancel(get(told)), -ESRCH);
	}
	return arg;
}

START_TEST(handle_of_a_child)
{
	run(tells, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { waits,	      refuses,		 owner, nests, siblings_spawn,
				       many_children, handle_of_a_child, NULL };
	return run_tests("system/scope", tests);
}
