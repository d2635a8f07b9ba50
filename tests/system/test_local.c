/* SPDX-License-Identifier: MIT */
/* Thread-local values: each thread has its own, wherever it goes on, and keys come and go under it. And the refusals. */
#include "src/base/random.h"
#include "tests/support/support.h"

enum { KEYS = 20, MANY = 60 };

static const struct weft_attr *const kinds[] = { WEFT_GREEN, WEFT_BOUND };

static weft_local_t key[WEFT_LOCALS_MAX];
static shared destroyed;

static void make_keys(int n, void (*destructor)(void *))
{
	for (int i = 0; i < n; i++)
		check_eq(weft_local_create(&key[i], destructor), 0);
}

static void delete_keys(int n)
{
	for (int i = 0; i < n; i++)
		check_eq(weft_local_delete(key[i]), 0);
}

static void join_all(const weft_t *thread, int n)
{
	for (int i = 0; i < n; i++)
		join(thread[i]);
}

static void wait_somehow(uint64_t random)
{
	if (random >> 40 & 1)
		weft_yield();
	else if ((random >> 41 & 7) == 0)
		weft_sleep(WEFT_US(50));
}

/* --- values --- */

/* A random history of sets, against a copy in its frame. */
static void *set_and_get(void *arg)
{
	uint64_t random = (uintptr_t)arg * 0x9e3779b97f4a7c15u | 1, data = 0;
	uintptr_t value[KEYS] = { 0 };
	check(weft_data_get() == NULL);
	for (int i = 0; i < KEYS; i++)
		check(weft_local_get(key[i]) == NULL);
	for (int i = 0; i < rounds(300); i++) {
		uint64_t r = weft__random_next(&random);
		unsigned k = (unsigned)(r >> 32) % KEYS;
		value[k] = r >> 60 ? (uintptr_t)r : 0;
		check_eq(weft_local_set(key[k], (void *)value[k]), 0);
		if (r >> 50 & 1)
			check_eq(weft_data_set((void *)(uintptr_t)(data = r)), 0);
		wait_somehow(r);
		k = (unsigned)(r >> 20) % KEYS;
		check(weft_local_get(key[k]) == (void *)value[k]);
		check(weft_data_get() == (void *)(uintptr_t)data);
	}
	return arg;
}

static void *many_set_and_get(void *arg)
{
	weft_t thread[MANY];
	for (int round = 0; round < 3; round++) {
		for (uintptr_t i = 0; i < MANY; i++)
			thread[i] = spawn(kinds[i % 10 == 9], set_and_get, (void *)(i + 1));
		join_all(thread, MANY);
	}
	return set_and_get(arg);
}

START_TEST(each_has_its_own)
{
	make_keys(KEYS, NULL);
	for (int i = 0; i < 3; i++) {
		struct weft_config config = workers_exactly((const unsigned[]){ 1, 2, 8 }[i]);
		run_with(&config, many_set_and_get, NULL);
	}
	delete_keys(KEYS);
}
END_TEST

/* A thread that does nothing but set one ends in the shortest way, and the next one has its stack. */
static void *set_either(void *arg)
{
	check(weft_data_get() == NULL);
	check(weft_local_get(key[0]) == NULL);
	check_eq(arg ? weft_local_set(key[0], arg) : weft_data_set(key), 0);
	return arg;
}

static void *set_each(void *arg)
{
	for (int i = 0; i < 100; i++)
		join(spawn(NULL, set_either, i < 50 ? NULL : key));
	return arg;
}

START_TEST(nothing_is_left_on_a_stack)
{
	make_keys(1, NULL);
	run(set_each, NULL);
}
END_TEST

/* --- keys --- */

static void *with_all_keys(void *arg)
{
	weft_local_t other, first = key[0], last = key[WEFT_LOCALS_MAX - 1];
	uint64_t random = 12345;
	for (uintptr_t i = 0; i < WEFT_LOCALS_MAX; i++) { /* in an order that makes many collide, as the table grows */
		uintptr_t k = i * 32 % WEFT_LOCALS_MAX + i / 32;
		check(key[k] != 0);
		check_eq(weft_local_set(key[k], (void *)(k + 1)), 0);
		k = (uintptr_t)weft__random_next(&random) % WEFT_LOCALS_MAX;
		void *value = weft_local_get(key[k]);
		check(value == NULL || value == (void *)(k + 1));
	}
	for (uintptr_t i = 0; i < WEFT_LOCALS_MAX; i++)
		check(weft_local_get(key[i]) == (void *)(i + 1));
	check_eq(weft_local_create(&other, NULL), -EAGAIN);
	check_eq(weft_local_delete(last), 0);
	check_eq(weft_local_delete(last), -EINVAL);
	check_eq(weft_local_set(last, arg), -EINVAL);
	check(weft_local_get(last) == NULL);
	check_eq(weft_local_create(&key[WEFT_LOCALS_MAX - 1], NULL), 0);
	check(key[WEFT_LOCALS_MAX - 1] != last);
	for (int i = 0; i < 3000; i++) { /* many lives of one slot */
		check_eq(weft_local_set(key[0], &random), 0);
		check_eq(weft_local_delete(key[0]), 0);
		check_eq(weft_local_create(&key[0], NULL), 0);
		check(weft_local_get(key[0]) == NULL);
	}
	check(weft_local_get(key[WEFT_LOCALS_MAX - 1]) == NULL);
	check_eq(weft_local_set(key[0], &random), 0);
	check(weft_local_get(first) == NULL);
	check_eq(weft_local_set(first, arg), -EINVAL);
	check(weft_local_get(key[1]) == (void *)2);
	return arg;
}

START_TEST(keys)
{
	make_keys(WEFT_LOCALS_MAX, NULL);
	run(with_all_keys, NULL);
	delete_keys(WEFT_LOCALS_MAX);
	ck_assert_int_eq(weft_local_delete(0), -EINVAL);
	ck_assert_int_eq(weft_local_delete(12345678), -EINVAL);
	ck_assert_int_eq(weft_local_create(NULL, NULL), -EINVAL);
}
END_TEST

/* Keys with one of two destructors are deleted and made anew by some, while others use them and end. */
struct use {
	uint64_t random;
	struct tagged {
		unsigned kind;
		shared gone;
	} tagged[4];
};

static shared shared_key[4], churning; /* key | kind << 32 */

static void destroy_a(void *value)
{
	struct tagged *t = value;
	check_eq(t->kind, 0);
	check_eq(add(t->gone, 1), 1);
	add(destroyed, 1);
}

static void destroy_b(void *value)
{
	struct tagged *t = value;
	check_eq(t->kind, 1);
	check_eq(add(t->gone, 1), 1);
}

static void *use_keys(void *arg)
{
	struct use *use = arg;
	for (int i = 0; i < 4; i++) {
		uint64_t r = weft__random_next(&use->random), k = get(shared_key[i]);
		use->tagged[i].kind = (unsigned)(k >> 32);
		int err = weft_local_set((weft_local_t)k, &use->tagged[i]);
		check(err == 0 || err == -EINVAL);
		wait_somehow(r);
		void *value = weft_local_get((weft_local_t)k);
		check(value == NULL || (!err && value == &use->tagged[i]));
	}
	return NULL;
}

static void *churn(void *arg)
{
	uint64_t random = (uintptr_t)arg | 1;
	while (get(churning)) {
		uint64_t r = weft__random_next(&random), i = (uintptr_t)arg, old = get(shared_key[i]);
		weft_local_t new = 0;
		check_eq(weft_local_delete((weft_local_t)old), 0);
		check_eq(weft_local_create(&new, r >> 40 & 1 ? destroy_b : destroy_a), 0);
		set(shared_key[i], new | (r >> 40 & 1) << 32);
		wait_somehow(r >> 1);
	}
	return NULL;
}

static void *churn_and_use(void *arg)
{
	static struct use use[MANY];
	weft_t churner[4], thread[MANY];
	uint64_t seed = *(uint64_t *)arg;
	set(churning, 1);
	for (uintptr_t i = 0; i < 4; i++) {
		weft_local_t k;
		check_eq(weft_local_create(&k, destroy_a), 0);
		set(shared_key[i], k);
		churner[i] = spawn(kinds[i == 0], churn, (void *)i);
	}
	for (int round = 0; round < rounds(200); round++) {
		for (int i = 0; i < MANY; i++) {
			use[i] = (struct use){ .random = weft__random_next(&seed) | 1 };
			thread[i] = spawn(kinds[i % 30 == 29], use_keys, &use[i]);
		}
		join_all(thread, MANY);
	}
	set(churning, 0);
	join_all(churner, 4);
	printf("destroyed by one of two: %d\n", (int)get(destroyed));
	check(get(destroyed) > 0);
	return NULL;
}

START_TEST(keys_come_and_go)
{
	uint64_t seed = new_seed();
	run(churn_and_use, &seed);
}
END_TEST

/* --- refusals --- */

START_TEST(outside)
{
	make_keys(1, NULL);
	for (int running = 0; running < 2; running++) {
		check_eq(weft_local_set(key[0], key), -EPERM);
		check(weft_local_get(key[0]) == NULL);
		check_eq(weft_data_set(key), -EPERM);
		check(weft_data_get() == NULL);
		check_eq(running ? weft_stop() : weft_start(NULL), 0);
	}
}
END_TEST

static shared no_memory;

static int fail_allocations(enum weft__os_site site)
{
	return site == WEFT__OS_ALLOC && get(no_memory) ? -ENOMEM : 0;
}

static void *without_memory(void *arg)
{
	set(no_memory, 1);
	check_eq(weft_local_set(key[0], arg), -ENOMEM);
	check(weft_local_get(key[0]) == NULL);
	check_eq(weft_local_set(key[0], NULL), 0);
	set(no_memory, 0);
	for (int i = 0; i < 3; i++)
		check_eq(weft_local_set(key[i], &key[i]), 0);
	set(no_memory, 1);
	check_eq(weft_local_set(key[3], arg), -ENOMEM);
	check_eq(weft_local_set(key[2], &key[1]), 0);
	set(no_memory, 0);
	check(weft_local_get(key[3]) == NULL);
	check(weft_local_get(key[2]) == &key[1]);
	check_eq(weft_local_set(key[3], arg), 0);
	check(weft_local_get(key[0]) == &key[0]);
	return arg;
}

START_TEST(no_memory_for_a_table)
{
	weft__os_fault_hook = fail_allocations;
	make_keys(4, NULL);
	run(without_memory, &no_memory);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { each_has_its_own, nothing_is_left_on_a_stack, keys, keys_come_and_go,
				       outside,		 no_memory_for_a_table,	     NULL };
	return run_tests("system/local", tests);
}
