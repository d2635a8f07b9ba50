/* SPDX-License-Identifier: MIT */
/* What weft-bench says of medians: intervals, and whether two sets of values differ. */
#include <math.h>

#include "bench/estimate.h"
#include "tests/support/support.h"

static double values[1000];

/* 1 ... n, in another order. */
static struct estimate of_first(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		values[i] = (i * 7 + 3) % n + 1;
	return estimate_median(values, n);
}

START_TEST(a_single_value_has_no_interval)
{
	struct estimate e = of_first(1);

	ck_assert(e.median == 1 && e.confidence == 0);
	ck_assert(isinf(estimate_spread(&e)));
}
END_TEST

START_TEST(few_values_have_the_confidence_that_is_in_them)
{
	struct estimate e = of_first(5);

	ck_assert(e.median == 3 && e.low == 1 && e.high == 5);
	ck_assert(fabs(e.confidence - 0.9375) < 1e-9);
}
END_TEST

/* By the tables of the sign test: of 6 the extremes, of 9 the second from either end, of 20 the sixth. */
START_TEST(ranks_are_those_of_the_sign_test)
{
	static const struct {
		unsigned n, low, high;
		double confidence;
	} known[] = { { 6, 1, 6, 0.96875 }, { 8, 1, 8, 0.9921875 }, { 9, 2, 8, 0.9609375 }, { 20, 6, 15, 0.958611 } };

	for (unsigned i = 0; i < 4; i++) {
		struct estimate e = of_first(known[i].n);

		ck_assert(e.low == known[i].low && e.high == known[i].high);
		ck_assert(fabs(e.confidence - known[i].confidence) < 1e-6);
	}
}
END_TEST

START_TEST(an_even_number_has_its_median_between)
{
	ck_assert(of_first(8).median == 4.5);
}
END_TEST

START_TEST(many_values_are_near_the_normal_distribution)
{
	struct estimate e = of_first(999);

	ck_assert(e.median == 500);
	ck_assert(e.low > 465 && e.low < 472 && e.high > 528 && e.high < 535);
}
END_TEST

/* An outlier moves neither median nor interval. */
START_TEST(an_outlier_does_not_count)
{
	double calm[9] = { 10, 11, 12, 13, 14, 15, 16, 17, 18 }, wild[9] = { 10, 11, 12, 13, 14, 15, 16, 17, 1e9 };
	struct estimate a = estimate_median(calm, 9), b = estimate_median(wild, 9);

	ck_assert(a.median == b.median && a.low == b.low && a.high == b.high);
}
END_TEST

/* Of the 924 orders of 6 and 6, two are as extreme as full separation; 2 of 20 for 3 and 3. */
START_TEST(separate_sets_differ_by_as_much_as_their_number_can_tell)
{
	double low[] = { 1, 2, 3, 4, 5, 6 }, high[] = { 7, 8, 9, 10, 11, 12 };

	ck_assert(fabs(estimate_same(low, 6, high, 6) - 2 / 924.0) < 1e-9);
	ck_assert(fabs(estimate_same(high, 6, low, 6) - 2 / 924.0) < 1e-9);
	ck_assert(fabs(estimate_same(low, 3, high, 3) - 0.1) < 1e-9);
}
END_TEST

START_TEST(equal_sets_do_not_differ)
{
	double a[] = { 1, 2, 3, 4, 5, 6 }, b[] = { 1.5, 2.5, 3.5, 4.5, 5.5, 0.5 };

	ck_assert(estimate_same(a, 6, a, 6) == 1);
	ck_assert(estimate_same(a, 6, b, 6) > 0.5);
	ck_assert(estimate_same(a, 6, b, 0) == 1);
}
END_TEST

/* A table of critical values has U = 5 for 6 and 6 at 5 %: the chance of 5 or less, from either end, is 0.041. */
START_TEST(values_in_between_are_those_of_the_tables)
{
	double a[] = { 1, 2, 3, 4, 8, 9 }, b[] = { 5, 6, 7, 10, 11, 12 };
	double p = estimate_same(a, 6, b, 6); /* U = 6 */

	ck_assert(p > 0.05 && p < 0.07);
	a[4] = 6.5; /* U = 5 */
	p = estimate_same(a, 6, b, 6);
	ck_assert(p > 0.035 && p < 0.05);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_single_value_has_no_interval,
				       few_values_have_the_confidence_that_is_in_them,
				       ranks_are_those_of_the_sign_test,
				       an_even_number_has_its_median_between,
				       many_values_are_near_the_normal_distribution,
				       an_outlier_does_not_count,
				       separate_sets_differ_by_as_much_as_their_number_can_tell,
				       equal_sets_do_not_differ,
				       values_in_between_are_those_of_the_tables,
				       NULL };
	return run_tests("unit/estimate", tests);
}
