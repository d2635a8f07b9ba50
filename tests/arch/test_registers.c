/* SPDX-License-Identifier: MIT */
/*
 * Every callee-saved register and the FP control words, filled with values that differ in each context and each round,
 * survive a million switches, whichever way a context leaves and comes back.
 */
#include "tests/arch/arch_test.h"

#define SWITCHES 1000000

static void *here, *there;
static weft__a32 release;
static uint64_t seed_there;
static uint64_t switches;
static void *child_parent, *child_top;

static void check_filled(struct filled_call *call, uint64_t *seed)
{
	fill_random(call, seed);
	if (!WEFT_ARCH_HAS_FP_CONTROL || !weft__arch_fp_control)
		fill_default_controls(call);
	fill_call(call);
	switches++;
	fill_check(call);
}

static void filled_switch(void **save, void *to, uint64_t *seed)
{
	struct filled_call call = { .function = (uintptr_t)weft__arch_switch,
				    .arg = { (uintptr_t)save, (uintptr_t)to, (uintptr_t)&release } };
	check_filled(&call, seed);
}

static int no_operation(void *arg)
{
	check(arg == &here);
	return 0;
}

static void filled_switch_call(void **save, void *to, uint64_t *seed)
{
	struct filled_call call = { .function = (uintptr_t)weft__arch_switch_call,
				    .arg = { (uintptr_t)save, (uintptr_t)to, (uintptr_t)no_operation,
					     (uintptr_t)&here } };
	check_filled(&call, seed);
}

/* A child that spoils every register, then ends. */
static struct weft__arch_next spoil(void *arg)
{
	struct filled_call call = { .function = (uintptr_t)no_operation, .arg = { (uintptr_t)&here } };
	check_filled(&call, arg);
	return (struct weft__arch_next){ child_parent, &release };
}

static void filled_start(uint64_t *seed)
{
	struct filled_call call = { .function = (uintptr_t)weft__arch_start,
				    .arg = { (uintptr_t)&child_parent, (uintptr_t)child_top, (uintptr_t)spoil,
					     (uintptr_t)seed, (uintptr_t)&release } };
	check_filled(&call, seed);
}

static void any_switch(void **save, void *to, uint64_t *seed)
{
	uint64_t choice = weft__random_next(seed) >> 60;
	if (choice < 2)
		filled_start(seed);
	if (choice & 1)
		filled_switch_call(save, to, seed);
	else
		filled_switch(save, to, seed);
}

static _Noreturn struct weft__arch_next other_side(void *arg)
{
	for (;;)
		any_switch(arg, here, &seed_there);
}

static void hammer(void)
{
	uint64_t seed = new_seed();
	seed_there = ~seed | 1;
	child_top = new_stack();
	there = weft__arch_prepare(new_stack(), other_side, &there);
	while (switches < SWITCHES)
		any_switch(&here, there, &seed);
}

START_TEST(all_registers_survive)
{
	hammer();
}
END_TEST

START_TEST(registers_survive_without_fp_control)
{
	weft__arch_fp_control = 0;
	hammer();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { all_registers_survive, registers_survive_without_fp_control, NULL };
	if (!FILL_WORDS) {
		printf("skipped: no tests/arch/fill_NAME.S for this machine\n");
		return 77;
	}
	return run_tests("arch/registers", tests);
}
