/* SPDX-License-Identifier: MIT */
/*
 * What unit, system and fault tests share: checks that cost nothing while they hold, a seed that is printed, waiting for
 * a condition, the configured number of workers, and libcheck's main. tests/support/child.h runs things that die.
 *
 * Environment: WEFT_WORKERS     how many workers (as for any program)
 *              WEFT_TEST_SEED   replays a random test
 *              WEFT_TEST_MODE   barrier | mprotect | tiny: the same tests without membarrier, without guard regions,
 *                               with lanes of two slots; tests/fault/modes.sh runs the system tests so
 */
#ifndef WEFT_TESTS_SUPPORT_H
#define WEFT_TESTS_SUPPORT_H

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/atomic.h"
#include "src/base/compiler.h"
#include "src/os/fault.h"
#include "src/os/memory.h"
#include "src/sched/tune.h"
#include "weft.h"

/* For green threads and hot loops: ck_assert reports every success too, to a file. */
#define check(condition)                                                                                               \
	do {                                                                                                           \
		if (weft__unlikely(!(condition)))                                                                      \
			ck_abort_msg("not so: %s", #condition);                                                        \
	} while (0)

#define check_eq(actual, expected)                                                                                     \
	do {                                                                                                           \
		long long is_ = (long long)(actual), not_ = (long long)(expected);                                     \
		if (weft__unlikely(is_ != not_))                                                                       \
			ck_abort_msg("%s is %lld, not %lld (%s)", #actual, is_, not_, #expected);                      \
	} while (0)

/* Wait, on whatever thread, until the condition holds; a minute is a failure. */
#define wait_until(condition)                                                                                          \
	do {                                                                                                           \
		uint64_t limit_ = weft_now() + WEFT_S(60);                                                             \
		while (!(condition)) {                                                                                 \
			if (weft_now() > limit_)                                                                       \
				ck_abort_msg("did not come: %s", #condition);                                          \
			weft_sleep(WEFT_US(100));                                                                      \
		}                                                                                                      \
	} while (0)

/* A counter or flag between threads of any kind. */
typedef _Atomic(uint64_t) shared;

#define get(x) atomic_load_explicit(&(x), memory_order_acquire)
#define set(x, v) atomic_store_explicit(&(x), (v), memory_order_release)
#define add(x, n) add_to(&(x), (n))

/* What it is then. */
static inline uint64_t add_to(shared *x, uint64_t n)
{
	return atomic_fetch_add_explicit(x, n, memory_order_acq_rel) + n;
}

static inline uint64_t new_seed(void)
{
	const char *given = getenv("WEFT_TEST_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : weft_now() * 0x9e3779b97f4a7c15u;
	printf("WEFT_TEST_SEED=%llu\n", (unsigned long long)seed);
	fflush(stdout);
	return seed | 1;
}

/* Sanitizers and emulators are slow: rounds of a loop that only wants many. */
static inline int rounds(int n)
{
	return WEFT__TSAN || WEFT__ASAN ? n / 10 + 1 : n;
}

/* As many workers as the environment says, but at least so many. */
static inline struct weft_config workers_at_least(unsigned least)
{
	struct weft_config config = WEFT_CONFIG_INIT;
	const char *given = getenv("WEFT_WORKERS");
	unsigned n = given ? (unsigned)atoi(given) : 0;
	if (n < least)
		check_eq(weft_config_set_workers(&config, least), 0);
	return config;
}

static inline struct weft_config workers_exactly(unsigned n)
{
	struct weft_config config = WEFT_CONFIG_INIT;
	check_eq(weft_config_set_workers(&config, n), 0);
	return config;
}

/* And nobody who steps in for the one worker, wherever the kernel holds it up, as where it touches a page first: so what runs
 * when is known. */
static inline struct weft_config one_worker_alone(void)
{
	weft__tune.spare_workers = 0;
	return workers_exactly(1);
}

/* A runtime around fn(arg), with the configuration given or the default. */
static inline void *run_with(const struct weft_config *config, void *(*fn)(void *), void *arg)
{
	void *result = NULL;
	check_eq(weft_run(config, fn, arg, &result), 0);
	check_eq(weft_workers(), 0);
	return result;
}

static inline void *run(void *(*fn)(void *), void *arg)
{
	return run_with(NULL, fn, arg);
}

static inline weft_t spawn(const struct weft_attr *attr, void *(*fn)(void *), void *arg)
{
	weft_t thread = WEFT_NONE;
	check_eq(weft_spawn(&thread, attr, fn, arg), 0);
	check(thread != WEFT_NONE);
	return thread;
}

static inline void *join(weft_t thread)
{
	void *result = NULL;
	check_eq(weft_join(thread, &result), 0);
	return result;
}

/* Joined or not. */
static inline bool has_ended(weft_t thread)
{
	char name[16];
	return weft_name_get(thread, name, sizeof name) == -ESRCH;
}

/* A plain pthread that weft knows nothing of. */
static inline pthread_t outsider(void *(*fn)(void *), void *arg)
{
	pthread_t thread;
	check_eq(pthread_create(&thread, NULL, fn, arg), 0);
	return thread;
}

/* Between two looks of a loop in which a kernel thread waits for another: quick if that one runs, and out of its way if not. */
static inline void look_again(unsigned *looks)
{
	if (++*looks % 64)
		weft__cpu_relax();
	else
		sched_yield();
}

static inline int no_barrier(enum weft__os_site site)
{
	return site == WEFT__OS_BARRIER ? -ENOSYS : 0;
}

static inline int no_map(enum weft__os_site site)
{
	return site == WEFT__OS_MAP ? -ENOMEM : 0;
}

/* Of a green thread that runs on this worker only. */
static inline struct weft_attr pinned_to(unsigned worker)
{
	struct weft_attr attr = WEFT_ATTR_INIT;
	check_eq(weft_attr_set_worker(&attr, worker), 0);
	return attr;
}

/* Guards by mprotect from here on: without memory for the proof, guard regions are not believed in. */
static inline void use_mprotect(void)
{
	weft__os_fault_hook = no_map;
	if (weft__os_guards_are_cheap()) {
		fprintf(stderr, "guard regions are believed in without a proof\n");
		exit(99);
	}
	weft__os_fault_hook = NULL;
}

static inline void use_tiny_lanes(void)
{
	weft__tune.ring_initial = 2;
	weft__tune.ring_max = 2;
	weft__tune.uring_entries = 2;
	weft__tune.uring_completions = 8;
	weft__tune.uring_batch = 1;
	weft__tune.gather_row = 1; /* ever and again */
	weft__tune.gather_slack = 0;
	weft__tune.carry_ns = 0;
	weft__tune.spread_look_ns = 0;
	weft__tune.spread_ns = 1000000000;
}

static inline void set_mode(const char *mode)
{
	if (strcmp(mode, "barrier") == 0)
		weft__os_fault_hook = no_barrier;
	else if (strcmp(mode, "mprotect") == 0)
		use_mprotect();
	else if (strcmp(mode, "tiny") == 0)
		use_tiny_lanes();
	else
		fprintf(stderr, "WEFT_TEST_MODE=%s: no such mode\n", mode), exit(99);
}

/* Run the tests, each in a process of its own. What main returns. */
static inline int run_tests(const char *name, const TTest *const *tests)
{
	const char *mode = getenv("WEFT_TEST_MODE");
	if (mode && *mode)
		set_mode(mode);
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(mode && *mode ? mode : "plain");
	tcase_set_timeout(tcase, 120);
	for (; *tests; tests++)
		tcase_add_test(tcase, *tests);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

#endif
