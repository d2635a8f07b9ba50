/* SPDX-License-Identifier: MIT */
/* src/sched/ring.h: a deque against a model, growth with wrapped contents, counters that wrap, the largest capacity. */
#include "src/sched/ring.h"

#include "src/base/random.h"
#include "tests/support/support.h"

enum { MODEL_MAX = 1 << 14 };

/* Threads are never looked into here: numbers do. */
static struct weft__thread *thread(uintptr_t n)
{
	return (struct weft__thread *)(n * 64 + 64);
}

static struct {
	struct weft__thread *item[2 * MODEL_MAX];
	size_t first, last;
} model;

static void one_random_step(struct weft__ring *ring, uint64_t *random, unsigned push_of_8)
{
	uint64_t r = weft__random_next(random) >> 8;
	struct weft__thread *t = thread((uintptr_t)(r >> 32));
	size_t count = model.last - model.first;
	if ((r & 7) < push_of_8 && model.last < 2 * MODEL_MAX) {
		check(weft__ring_push(ring, t));
		model.item[model.last++] = t;
	} else if (r & 8) {
		check(weft__ring_pop_front(ring) == (count ? model.item[model.first++] : NULL));
	} else {
		check(weft__ring_newest(ring) == (count ? model.item[model.last - 1] : NULL));
		check(weft__ring_pop_back(ring) == (count ? model.item[--model.last] : NULL));
	}
	count = model.last - model.first;
	check_eq(weft__ring_count(ring), count);
	if (count)
		check(weft__ring_peek(ring, (uint32_t)(r % count)) == model.item[model.first + r % count]);
}

START_TEST(behaves_as_a_deque)
{
	uint64_t random = new_seed();
	struct weft__ring ring;
	weft__tune.ring_max = MODEL_MAX;
	for (int round = 0; round < 200; round++) {
		ck_assert(weft__ring_init(&ring, 2));
		weft__store_rlx(&ring.head, UINT32_MAX - 20); /* the counters wrap */
		weft__store_rlx(&ring.tail, UINT32_MAX - 20);
		model.first = model.last = 0;
		for (int step = 0; step < 500; step++)
			one_random_step(&ring, &random, step < 300 ? 5 : 2);
		weft__ring_destroy(&ring);
	}
}
END_TEST

START_TEST(is_full_at_the_largest_capacity)
{
	struct weft__ring ring;
	weft__tune.ring_max = 4;
	ck_assert(weft__ring_init(&ring, 2));
	for (uintptr_t i = 0; i < 4; i++) {
		ck_assert(weft__ring_has_room(&ring));
		ck_assert(weft__ring_push(&ring, thread(i)));
	}
	ck_assert(!weft__ring_has_room(&ring));
	ck_assert(!weft__ring_push(&ring, thread(4)));
	ck_assert_uint_eq(weft__ring_count(&ring), 4);
	ck_assert_ptr_eq(weft__ring_pop_front(&ring), thread(0));
	ck_assert(weft__ring_push(&ring, thread(5)));
	ck_assert_ptr_eq(weft__ring_newest(&ring), thread(5));
	for (uintptr_t i = 1; i < 4; i++)
		ck_assert_ptr_eq(weft__ring_pop_front(&ring), thread(i));
	ck_assert_ptr_eq(weft__ring_pop_front(&ring), thread(5));
	ck_assert_ptr_null(weft__ring_pop_front(&ring));
	ck_assert_ptr_null(weft__ring_pop_back(&ring));
	ck_assert_ptr_null(weft__ring_newest(&ring));
	weft__ring_destroy(&ring);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { behaves_as_a_deque, is_full_at_the_largest_capacity, NULL };
	return run_tests("unit/ring", tests);
}
