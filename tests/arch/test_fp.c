/* SPDX-License-Identifier: MIT */
/* FP control words: each context has its own rounding mode, new ones inherit, and a runtime may opt out. */
#include <fenv.h>

#include "tests/arch/arch_test.h"

static void *here, *there;
static weft__a32 release;

/* What the mode does to a division, not only what fegetround says: floats by the vector unit, long doubles by x87. */
static void check_rounding(int mode)
{
	volatile float one = 1, three = 3;
	volatile long double lone = 1, lthree = 3;
	volatile float third = one / three, negative = -one / three;
	volatile long double lthird = lone / lthree, lnegative = -lone / lthree;
	ck_assert_int_eq(fegetround(), mode);
	ck_assert((third + negative > 0) == (mode == FE_UPWARD));
	ck_assert((third + negative < 0) == (mode == FE_DOWNWARD));
	ck_assert((lthird + lnegative > 0) == (mode == FE_UPWARD));
	ck_assert((lthird + lnegative < 0) == (mode == FE_DOWNWARD));
}

static struct weft__arch_next round_down(void *arg)
{
	check_rounding(arg ? FE_UPWARD : FE_TONEAREST); /* as it was at start or prepare */
	ck_assert_int_eq(fesetround(FE_DOWNWARD), 0);
	for (int i = 0; i < 1000; i++) {
		weft__arch_switch(&there, here, &release);
		check_rounding(FE_DOWNWARD);
	}
	return (struct weft__arch_next){ here, &release };
}

static void check_apart(void)
{
	ck_assert_int_eq(fesetround(FE_UPWARD), 0);
	for (int i = 0; i < 1000; i++) {
		weft__arch_switch(&here, there, &release);
		check_rounding(FE_UPWARD);
	}
}

START_TEST(started_context_inherits_then_keeps)
{
	ck_assert_int_eq(fesetround(FE_UPWARD), 0);
	weft__arch_start(&here, new_stack(), round_down, &there, &release);
	check_rounding(FE_UPWARD);
	check_apart();
}
END_TEST

START_TEST(prepared_context_inherits_then_keeps)
{
	there = weft__arch_prepare(new_stack(), round_down, NULL);
	ck_assert_int_eq(fesetround(FE_UPWARD), 0);
	weft__arch_switch(&here, there, &release);
	check_rounding(FE_UPWARD);
	check_apart();
}
END_TEST

static void check_after(void *arg)
{
	ck_assert_ptr_eq(arg, &there);
	check_rounding(FE_DOWNWARD); /* the new context's, on the new context's stack */
}

START_TEST(after_runs_in_the_new_mode)
{
	ck_assert_int_eq(fesetround(FE_UPWARD), 0);
	weft__arch_start(&here, new_stack(), round_down, &there, &release);
	weft__arch_switch_call(&here, there, check_after, &there);
	check_rounding(FE_UPWARD);
}
END_TEST

static struct weft__arch_next go_round(void *arg)
{
	for (uint64_t *count = arg; *count < 1000; ++*count)
		weft__arch_switch(&there, here, &release);
	return (struct weft__arch_next){ here, &release };
}

/* Switches work, and nothing is promised about modes. */
START_TEST(without_fp_control)
{
	uint64_t count = 0;
	weft__arch_fp_control = 0;
	there = weft__arch_prepare(new_stack(), go_round, &count);
	while (count < 1000)
		weft__arch_switch(&here, there, &release);
	check_rounding(FE_TONEAREST);
	count = 0;
	weft__arch_start(&here, new_stack(), go_round, &count, &release);
	while (count < 1000)
		weft__arch_switch(&here, there, &release);
	check_rounding(FE_TONEAREST);
}
END_TEST

int main(void)
{
	const TTest *const kept[] = { without_fp_control, started_context_inherits_then_keeps,
				      prepared_context_inherits_then_keeps, after_runs_in_the_new_mode, NULL };
	const TTest *const not_kept[] = { without_fp_control, NULL };
	return run_tests("arch/fp", WEFT_ARCH_HAS_FP_CONTROL ? kept : not_kept);
}
