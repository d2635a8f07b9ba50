/* SPDX-License-Identifier: MIT */
/* Many scopes, each with children of which some wait and some end, canceled at any moment by anybody. */
#include "tests/support/scope.h"

static shared counted;

struct storm {
	struct member m;
	shared scope; /* that of the opener, while a lock is held */
	struct weft_mutex lock;
};

static int drift(void *arg)
{
	struct storm *st = arg;
	uint64_t seed = weft_now() | 1;
	add(counted, 1);
	for (int i = (int)(weft__random_next(&seed) >> 62); i > 0; i--) {
		int err = weft_sleep(weft__random_next(&seed) >> 47);
		check(err == 0 || err == -ECANCELED);
		if (!err && (err = weft_mutex_lock(&st->lock)) == 0)
			check_eq(weft_mutex_unlock(&st->lock), 0);
		check(err == 0 || err == -ECANCELED);
	}
	add(ended, 1);
	return 0;
}

static void *canceller(void *arg)
{
	struct storm *st = arg;
	for (uint64_t s = 0; s != 1;) {
		check_eq(weft_mutex_lock(&st->lock), 0);
		s = get(st->scope);
		if (s > 1)
			check_eq(weft_scope_cancel((struct weft_scope *)(uintptr_t)s), 0);
		check_eq(weft_mutex_unlock(&st->lock), 0);
		for (uint32_t n = pick(&st->m, 4000); n > 0; n--)
			weft__cpu_relax();
		if (pick(&st->m, 64) == 0)
			weft_sleep(WEFT_US(50));
	}
	return NULL;
}

static void publish(struct storm *st, uint64_t scope)
{
	check_eq(weft_cancel_mask(), 0);
	check_eq(weft_mutex_lock(&st->lock), 0);
	set(st->scope, scope);
	check_eq(weft_mutex_unlock(&st->lock), 0);
	check_eq(weft_cancel_unmask(), 0);
}

static void *storms(void *arg)
{
	struct storm *st = arg;
	uint64_t canceled = 0, made = 0;
	set(ended, 0);
	set(counted, 0);
	pthread_t thread = outsider(canceller, st);
	for (int i = 0; i < rounds(1000); i++) {
		struct weft_scope s;
		check_eq(weft_scope_open(&s, i % 2 ? WEFT_SCOPE_FAIL_FAST : 0), 0);
		if (i % 4 == 3)
			check_eq(weft_scope_set_timeout(&s, WEFT_US(100)), 0);
		publish(st, (uintptr_t)&s);
		for (unsigned k = 0; k < 10; k++) {
			int err = scope_spawn(&s, k % 7 == 6 && i % 8 == 0 ? 3 : k % 3, drift, st);
			check(err == 0 || err == -ECANCELED);
			made += !err;
		}
		publish(st, 0);
		int err = weft_scope_close(&s);
		check(err == 0 || err == -ECANCELED || err == -ETIMEDOUT);
		canceled += err != 0;
		check_eq(get(ended), made);
		check_eq(get(counted), made);
		check_eq(weft_testcancel(), 0);
	}
	publish(st, 1);
	check_eq(pthread_join(thread, NULL), 0);
	printf("%llu canceled\n", (unsigned long long)canceled);
	return NULL;
}

START_TEST(storm)
{
	struct storm st = { .m = { .random = new_seed() } };
	run(storms, &st);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { storm, NULL };
	return run_tests("system/scope_storm", tests);
}
