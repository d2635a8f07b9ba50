/* SPDX-License-Identifier: MIT */
/* The end of a thread with thread-local values: each is destroyed once, whatever the destructors do, short of what they may not. */
#include "tests/support/child.h"

enum { MANY = 60 };

static const struct weft_attr *const kinds[] = { WEFT_GREEN, WEFT_BOUND };

static weft_local_t key[450];
static shared destroyed, sum;

static void make_keys(int n, void (*destructor)(void *))
{
	for (int i = 0; i < n; i++)
		check_eq(weft_local_create(&key[i], destructor), 0);
}

static void count_one(void *value)
{
	add(destroyed, 1);
	add(sum, (uintptr_t)value);
}

static void in_handler(void *arg)
{
	*(void **)arg = weft_local_get(key[0]);
}

/* arg: how it ends, 1: by weft_exit, with a handler pushed that sees its values still. */
static void *end_with_values(void *arg)
{
	for (uintptr_t i = 0; i < 3; i++)
		check_eq(weft_local_set(key[i], (void *)(i + 10)), 0);
	check_eq(weft_local_set(key[1], NULL), 0);
	if (!arg)
		return arg;
	struct weft_cleanup cleanup;
	check_eq(weft_cleanup_push(&cleanup, in_handler, arg), 0);
	weft_exit(arg);
}

static void *end_in_both_ways(void *arg)
{
	for (int i = 0; i < 200; i++) {
		void *seen = NULL;
		set(destroyed, 0), set(sum, 0);
		check(join(spawn(kinds[i / 2 % 2], end_with_values, i % 2 ? &seen : NULL)) == (i % 2 ? &seen : NULL));
		check_eq(get(destroyed), 2);
		check_eq(get(sum), 10 + 12);
		check(seen == (i % 2 ? (void *)10 : NULL));
	}
	return arg;
}

START_TEST(ends)
{
	make_keys(3, count_one);
	run(end_in_both_ways, NULL);
}
END_TEST

static void set_again(void *value)
{
	add(destroyed, 1);
	check(weft_local_get(key[0]) == NULL);
	check_eq(weft_local_set(key[0], value), 0);
}

static void *set_one(void *arg)
{
	check_eq(weft_local_set(key[0], arg), 0);
	return arg;
}

static void *end_in_rounds(void *arg)
{
	for (int i = 0; i < 2; i++) {
		set(destroyed, 0);
		join(spawn(kinds[i], set_one, &destroyed));
		check_eq(get(destroyed), 4);
	}
	return arg;
}

START_TEST(four_rounds)
{
	make_keys(1, set_again);
	run(end_in_rounds, NULL);
}
END_TEST

/* The first to be destroyed makes the table grow, and grow again. */
static void set_all(void *value)
{
	count_one(value);
	for (uintptr_t i = 3; value == (void *)1 && i < 300; i++)
		check_eq(weft_local_set(key[i], (void *)(i + 1)), 0);
}

static void *set_three(void *arg)
{
	for (uintptr_t i = 0; i < 3; i++)
		check_eq(weft_local_set(key[i], (void *)(i + 1)), 0);
	return arg;
}

START_TEST(nothing_is_passed_over)
{
	make_keys(300, set_all);
	run(set_three, NULL);
	ck_assert_uint_eq(get(destroyed), 300);
	ck_assert_uint_eq(get(sum), 300 * 301 / 2);
}
END_TEST

/*
 * A value that each round passes over, if a table that grows is not gone through anew. All five collide until there are 128
 * entries, so they stand in a row, the victim last. In each round the one before it goes for good and makes the table grow,
 * so the victim takes the place where the round has just been.
 */
static struct link {
	unsigned index;
	int rounds; /* it comes back until then */
	unsigned fill;
} row[] = { { 64, 4, 32 }, { 128, 3, 15 }, { 192, 2, 7 }, { 320, 1, 2 }, { 256, 1, 0 } };

static void step(void *value)
{
	static unsigned filled = 385; /* keys that do not collide with those */
	struct link *l = value;
	if (l == &row[4])
		add(destroyed, 1);
	if (--l->rounds)
		check_eq(weft_local_set(key[l->index], l), 0);
	else
		for (unsigned i = 0; i < l->fill; i++)
			check_eq(weft_local_set(key[filled++], &filled), 0);
}

static void *set_row(void *arg)
{
	for (int i = 0; i < 5; i++)
		check_eq(weft_local_set(key[row[i].index], &row[i]), 0);
	return arg;
}

START_TEST(not_even_in_a_row)
{
	make_keys(385, step);
	for (int i = 385; i < 450; i++)
		check_eq(weft_local_create(&key[i], NULL), 0);
	run(set_row, NULL);
	ck_assert_uint_eq(get(destroyed), 1);
}
END_TEST

static void *child_of_destructor(void *arg)
{
	check_eq(weft_local_set(key[1], (void *)1), 0);
	weft_yield();
	return arg;
}

/* It waits in each way, and is not canceled. The data is there still. */
static void wait_and_spawn(void *value)
{
	check_eq(weft_testcancel(), 0);
	weft_t child = spawn(NULL, child_of_destructor, value);
	uint64_t before = weft_now();
	check_eq(weft_sleep(WEFT_US(200)), 0);
	check(weft_now() - before >= WEFT_US(200));
	check(join(child) == value);
	check(weft_data_get() == value);
	count_one((void *)1);
}

static void *be_canceled(void *arg)
{
	check_eq(weft_local_set(key[0], arg), 0);
	check_eq(weft_data_set(arg), 0);
	check_eq(weft_sleep(WEFT_FOREVER), -ECANCELED);
	return arg;
}

static void *end_slowly(void *arg)
{
	weft_t thread[MANY];
	for (int i = 0; i < MANY; i++)
		thread[i] = spawn(kinds[i % 10 == 0], be_canceled, &thread[i]);
	for (int i = 0; i < MANY; i++)
		check_eq(weft_cancel(thread[i]), 0);
	for (int i = 0; i < MANY; i++)
		join(thread[i]);
	check_eq(get(destroyed), 2 * MANY);
	return arg;
}

START_TEST(destructors_may_wait_and_spawn)
{
	check_eq(weft_local_create(&key[0], wait_and_spawn), 0);
	check_eq(weft_local_create(&key[1], count_one), 0);
	run(end_slowly, NULL);
}
END_TEST

/* 100,000 threads with memory of their own: none of it is lost, as leak checkers see. */
static void free_one(void *value)
{
	count_one(NULL);
	free(value);
}

static void *have_memory(void *arg)
{
	for (uintptr_t i = 0; i < 5; i++) {
		char *block = malloc(10);
		check(block != NULL);
		snprintf(block, 10, "%d", (int)(uintptr_t)arg);
		check_eq(weft_local_set(key[i], block), 0);
	}
	weft_yield();
	check_eq(atoi(weft_local_get(key[4])), (int)(uintptr_t)arg);
	return NULL;
}

static void *many_have_memory(void *arg)
{
	enum { AT_ONCE = 1000 };
	static weft_t thread[AT_ONCE];
	struct weft_attr queued = WEFT_ATTR_INIT;
	check_eq(weft_attr_set_queued(&queued, true), 0);
	int n = rounds(100) * AT_ONCE;
	for (int i = 0; i < n;) {
		for (int k = 0; k < AT_ONCE; k++)
			thread[k] = spawn(k % 2 ? &queued : NULL, have_memory, (void *)(uintptr_t)(i + k));
		for (int k = 0; k < AT_ONCE; k++, i++)
			join(thread[k]);
	}
	check_eq(get(destroyed), 5 * n);
	return arg;
}

START_TEST(many_threads)
{
	make_keys(5, free_one);
	run(many_have_memory, NULL);
}
END_TEST

static void exit_again(void *value)
{
	for (int i = 1; i < 5; i++)
		weft_local_set(key[i], value);
	weft_exit(value);
}

static void leave_a_scope(void *value)
{
	weft_scope_open(value, 0);
}

static void leave_a_handler(void *value)
{
	weft_cleanup_push(value, count_one, NULL);
}

static int destroy_by(void *arg)
{
	static struct weft_scope scope;
	make_keys(1, *(void (*const *)(void *))arg);
	for (int i = 1; i < 5; i++)
		check_eq(weft_local_create(&key[i], NULL), 0);
	run(set_one, &scope);
	return 0;
}

START_TEST(misuse)
{
	static void (*const wrong[])(void *) = { exit_again, leave_a_scope, leave_a_handler };
	static const char *const words[] = { "weft_exit in a destructor", "weft_scope_close", "weft_cleanup_pop" };
	for (int i = 0; i < 3; i++) {
		struct child child = run_child(destroy_by, (void *)(uintptr_t)&wrong[i]);
		ck_died(&child, SIGABRT);
		ck_said(&child, words[i]);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { ends,
				       four_rounds,
				       nothing_is_passed_over,
				       not_even_in_a_row,
				       destructors_may_wait_and_spawn,
				       many_threads,
				       misuse,
				       NULL };
	return run_tests("system/local_end", tests);
}
