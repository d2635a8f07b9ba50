/* SPDX-License-Identifier: MIT */
/*
 * src/stack: classes, heads and colours, slabs that grow, caches that exchange chains with the depot, pages given back,
 * and guards, by both of their means.
 */
#include "src/stack/stack.h"

#include "src/stack/slab.h"
#include "tests/support/support.h"

enum { N = 500 };

static struct weft__stack_cache cache;
static void *head[N];

static void *take(unsigned class)
{
	int err = 1;
	void *h = weft__stack_get(&cache, class, &err);
	ck_assert_ptr_nonnull(h);
	return h;
}

/* The kernel is asked to write there. */
static bool writable(void *at)
{
	int ends[2];
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], "x", 1), 1);
	bool done = read(ends[0], at, 1) == 1;
	close(ends[0]);
	close(ends[1]);
	return done;
}

START_TEST(classes)
{
	ck_assert_int_eq(weft__stack_class(0), 0);
	ck_assert_int_eq(weft__stack_class(16384), 0);
	ck_assert_int_eq(weft__stack_class(16385), 1);
	ck_assert_int_eq(weft__stack_class(1 << 20), 6);
	ck_assert_int_eq(weft__stack_class((size_t)1 << 30), WEFT__STACK_CLASSES - 1);
	ck_assert_int_eq(weft__stack_class(((size_t)1 << 30) + 1), -1);
	ck_assert_int_eq(weft__stack_class(SIZE_MAX), -1);
	for (unsigned class = 0; class < WEFT__STACK_CLASSES; class ++)
		ck_assert_int_eq(weft__stack_class(weft__stack_size(class)), (int)class);
}
END_TEST

/* Whole stack usable, guard below, head a zeroed line of its own, no two stacks overlap. */
static void check_stacks(unsigned class, int n)
{
	for (int i = 0; i < n; i++) {
		char *h = head[i] = take(class), *low = weft__stack_low(h, class), *top = weft__stack_top(h);
		check_eq(top - low, weft__stack_size(class));
		check_eq((uintptr_t)h % 32, 0);
		check(h + WEFT__STACK_HEAD <= top && h > top - 4096);
		for (size_t at = sizeof(struct weft__free_stack); at < WEFT__STACK_HEAD; at++)
			check(h[at] == 0);
		memset(h, 0x55, WEFT__STACK_HEAD);
		low[0] = 0x55;
		check(i % 16 || (!writable(low - 1) && !writable(low - WEFT__STACK_GUARD)));
		check(weft__stack_guard_hit(low - 1, h, class) &&
		      weft__stack_guard_hit(low - WEFT__STACK_GUARD, h, class));
		check(!weft__stack_guard_hit(low, h, class));
		check(!weft__stack_guard_hit(low - WEFT__STACK_GUARD - 1, h, class));
	}
	ck_assert_uint_ge(weft__stack_count(class).made, (size_t)n);
	for (int i = 0; i < n; i++)
		weft__stack_put(&cache, class, head[i]);
	weft__stack_cache_flush(&cache);
	ck_assert_uint_eq(weft__stack_count(class).in_depot, weft__stack_count(class).made);
	size_t made = weft__stack_count(class).made;
	for (int i = 0; i < n; i++)
		take(class);
	ck_assert_uint_eq(weft__stack_count(class).made, made); /* the old ones come again */
}

START_TEST(stacks_by_guard_regions)
{
	for (unsigned class = 0; class < 8; class ++)
		check_stacks(class, N);
	check_stacks(WEFT__STACK_CLASSES - 1, 3);
}
END_TEST

START_TEST(stacks_by_mprotect)
{
	use_mprotect();
	for (unsigned class = 0; class < 8; class ++)
		check_stacks(class, N);
	check_stacks(WEFT__STACK_CLASSES - 1, 3);
}
END_TEST

START_TEST(colours_spread_the_tops)
{
	unsigned seen[64] = { 0 }, most = 0;
	for (int i = 0; i < 320; i++) {
		unsigned *line = &seen[(uintptr_t)take(0) / WEFT__CACHE_LINE % 64];
		most = ++*line > most ? *line : most;
	}
	ck_assert_uint_le(most, 320 / 8);
}
END_TEST

START_TEST(the_last_one_put_comes_first)
{
	void *a = take(2), *b = take(2);
	weft__stack_put(&cache, 2, a);
	weft__stack_put(&cache, 2, b);
	ck_assert_ptr_eq(weft__stack_peek_cached(&cache, 2), b);
	ck_assert_ptr_eq(weft__stack_get_cached(&cache, 2), b);
	ck_assert_ptr_eq(weft__stack_get_cached(&cache, 2), a);
}
END_TEST

START_TEST(idle_stacks_give_their_pages_back)
{
	for (int i = 0; i < N; i++) {
		head[i] = take(1);
		memset((char *)head[i] - 1000, 0x55, 1000 + WEFT__STACK_HEAD);
	}
	for (int i = 0; i < N; i++)
		weft__stack_put(&cache, 1, head[i]);
	weft__stack_cache_flush(&cache);
	weft__stack_trim(); /* the first sees how few are needed, the second acts on it */
	weft__stack_trim();
	struct weft__stack_counts counts = weft__stack_count(1);
	ck_assert_uint_gt(counts.released, N / 4);
	ck_assert_uint_eq(counts.released + counts.in_depot, counts.made);
	unsigned zero = 0;
	for (int i = 0; i < N; i++)
		zero += *((char *)head[i] - 1000) == 0;
	ck_assert_uint_le(zero, counts.released); /* some of which were made and never taken */
	ck_assert_uint_ge(zero + counts.made - N, counts.released);
	for (int i = 0; i < N; i++)
		take(1);
	ck_assert_uint_eq(weft__stack_count(1).made, counts.made);
	ck_assert_uint_lt(weft__stack_count(1).released, 8);
}
END_TEST

START_TEST(all_of_it_is_unmapped)
{
	char *low = weft__stack_low(take(3), 3);
	ck_assert(writable(low));
	weft__stack_cache_flush(&cache);
	weft__stack_destroy();
	ck_assert(!writable(low));
	ck_assert_uint_eq(weft__stack_count(3).made, 0);
	low = weft__stack_low(take(3), 3);
	ck_assert(writable(low));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { classes,
				       stacks_by_guard_regions,
				       stacks_by_mprotect,
				       colours_spread_the_tops,
				       the_last_one_put_comes_first,
				       idle_stacks_give_their_pages_back,
				       all_of_it_is_unmapped,
				       NULL };
	return run_tests("unit/stack", tests);
}
