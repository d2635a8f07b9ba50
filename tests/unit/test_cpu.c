/* SPDX-License-Identifier: MIT */
/* src/os/cpu.h: the count follows the affinity mask; no quota lowers it below 1. */
#include "src/os/cpu.h"

#include <sched.h>

#include "tests/support/support.h"

START_TEST(counts_the_affinity_mask)
{
	cpu_set_t all, one;
	ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
	unsigned before = weft__os_cpus();
	ck_assert_uint_ge(before, 1);
	ck_assert_uint_le(before, (unsigned)CPU_COUNT(&all));
	int cpu = 0;
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
	ck_assert_uint_eq(weft__os_cpus(), 1);
	ck_assert_int_eq(sched_setaffinity(0, sizeof all, &all), 0);
	ck_assert_uint_eq(weft__os_cpus(), before);
}
END_TEST

/* The kernel may move us at any time: but not from the only one. */
START_TEST(the_word_is_the_cpu)
{
	cpu_set_t all, one;
	const volatile uint32_t *word = weft__os_cpu_word();
	ck_assert(weft__os_may_run_on(&all));
	for (int cpu = 0; word && cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		ck_assert(weft__os_run_on(&one));
		ck_assert_uint_eq(*word, (unsigned)cpu);
		ck_assert_int_eq(sched_getcpu(), cpu);
	}
	CPU_ZERO(&one);
	ck_assert(!weft__os_run_on(&one));
	ck_assert(weft__os_run_on(&all));
}
END_TEST

static void *nothing(void *arg)
{
	*(unsigned *)arg = weft_workers();
	return NULL;
}

START_TEST(is_the_default_of_a_runtime)
{
	unsigned workers = 0;
	unsetenv("WEFT_WORKERS");
	run(nothing, &workers);
	ck_assert_uint_eq(workers, weft__os_cpus());
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { counts_the_affinity_mask, the_word_is_the_cpu, is_the_default_of_a_runtime,
				       NULL };
	return run_tests("unit/cpu", tests);
}
