/* SPDX-License-Identifier: MIT */
/* src/sched/record.h: handles are unique and never 0, generations pass and wrap, caches spill and flush, chunks grow. */
#include "src/sched/record.h"

#include "tests/support/support.h"

START_TEST(records_are_distinct_and_found_by_their_handle)
{
	enum { N = 157 * WEFT__RECORD_BATCH }; /* more than two chunks */
	static struct weft__record *record[N];
	struct weft__record_cache cache = { 0 };
	for (size_t i = 0; i < N; i++) {
		record[i] = weft__record_get(&cache);
		ck_assert_ptr_nonnull(record[i]);
		uint64_t handle = weft__record_next_handle(record[i]);
		check(handle >> WEFT__INDEX_BITS == 1);
		check(weft__record_of(handle) == record[i]);
		weft__store_rlx(&record[i]->join, weft__join_word(handle, WEFT__JOIN_RUNNING));
		weft__store_rlx(&record[i]->park, weft__park_word(handle));
		record[i]->result = (void *)handle;
	}
	for (size_t i = 0; i < N; i++) /* nobody else wrote there */
		check(weft__record_of((uint64_t)record[i]->result) == record[i]);
	for (size_t i = 0; i < N; i++)
		weft__record_put(&cache, record[i], (uint64_t)record[i]->result);
	ck_assert_uint_le(cache.n, 2 * WEFT__RECORD_BATCH);
	weft__record_flush(&cache);
	ck_assert_uint_eq(cache.n, 0);
	ck_assert_ptr_null(cache.first);
	for (size_t i = 0; i < N; i++) /* all of them come again before a new one is made, one generation later */
		check(weft__record_next_handle(weft__record_get(&cache)) >> WEFT__INDEX_BITS == 2);
}
END_TEST

START_TEST(a_new_life_has_a_new_handle)
{
	struct weft__record_cache cache = { 0 };
	struct weft__record *record = weft__record_get(&cache);
	ck_assert_ptr_nonnull(record);
	uint64_t handle = weft__record_next_handle(record);
	weft__record_put(&cache, record, handle);
	ck_assert_ptr_eq(weft__record_get(&cache), record);
	uint64_t second = weft__record_next_handle(record);
	ck_assert_uint_eq(second, handle + WEFT__GENERATION_ONE);
	ck_assert_ptr_eq(weft__record_of(second), record);
}
END_TEST

START_TEST(generation_zero_is_skipped)
{
	struct weft__record_cache cache = { 0 };
	struct weft__record *record = weft__record_get(&cache);
	ck_assert_ptr_nonnull(record);
	uint64_t last = weft__record_next_handle(record) | ~WEFT__INDEX_MASK;
	weft__record_put(&cache, record, last);
	ck_assert_ptr_eq(weft__record_get(&cache), record);
	uint64_t handle = weft__record_next_handle(record);
	ck_assert_uint_ne(handle, 0);
	ck_assert_uint_eq(handle >> WEFT__INDEX_BITS, 1);
	ck_assert_uint_eq(handle & WEFT__INDEX_MASK, last & WEFT__INDEX_MASK);
}
END_TEST

START_TEST(no_such_chunk_is_null)
{
	ck_assert_ptr_null(weft__record_of(WEFT__INDEX_MASK));
	ck_assert_ptr_null(weft__record_of(UINT64_MAX));
}
END_TEST

START_TEST(no_memory_is_null)
{
	struct weft__record_cache cache = { 0 };
	weft__os_fault_hook = no_map;
	ck_assert_ptr_null(weft__record_get(&cache));
	weft__os_fault_hook = NULL;
	ck_assert_ptr_nonnull(weft__record_get(&cache));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { records_are_distinct_and_found_by_their_handle,
				       a_new_life_has_a_new_handle,
				       generation_zero_is_skipped,
				       no_such_chunk_is_null,
				       no_memory_is_null,
				       NULL };
	return run_tests("unit/record", tests);
}
