/* SPDX-License-Identifier: MIT */
/*
 * What the port tests share: stacks between guard pages, a seed, libcheck's main, and calls with every callee-saved
 * register filled. They test whatever port the build chose, through arch/arch.h alone.
 */
#ifndef WEFT_TESTS_ARCH_ARCH_TEST_H
#define WEFT_TESTS_ARCH_ARCH_TEST_H

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "arch/arch.h"
#include "src/base/random.h"
#include "tests/arch/fill.h"

#define STACK_SIZE ((size_t)256 << 10)
#define GUARD_SIZE ((size_t)64 << 10)

/* For hot loops: ck_assert reports every success too, to a file. */
#define check(condition)                                                                                               \
	do {                                                                                                           \
		if (weft__unlikely(!(condition)))                                                                      \
			ck_abort_msg("not so: %s", #condition);                                                        \
	} while (0)

/* A fresh stack's top. It is never unmapped: a test is a process. */
static inline void *new_stack(void)
{
	char *base =
		mmap(NULL, STACK_SIZE + 2 * GUARD_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ck_assert(base != MAP_FAILED);
	ck_assert_int_eq(mprotect(base + GUARD_SIZE, STACK_SIZE, PROT_READ | PROT_WRITE), 0);
	return base + GUARD_SIZE + STACK_SIZE;
}

/* WEFT_TEST_SEED, or the clock; printed so that a failure can be replayed. */
static inline uint64_t new_seed(void)
{
	const char *given = getenv("WEFT_TEST_SEED");
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)now.tv_sec * 1000000007 + (uint64_t)now.tv_nsec;
	printf("WEFT_TEST_SEED=%llu\n", (unsigned long long)seed);
	fflush(stdout);
	return seed | 1;
}

static inline uint64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Run the named tests, each in a process of its own. Sanitizers that were not told of a switch cannot follow one. */
static inline int run_tests(const char *name, const TTest *const *tests)
{
	if (WEFT__TSAN || WEFT__ASAN) {
		printf("skipped: raw switches, which the sanitizer is not told of\n");
		return 77;
	}
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(WEFT_ARCH_NAME);
	tcase_set_timeout(tcase, 300);
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
