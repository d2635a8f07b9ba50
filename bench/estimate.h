/* SPDX-License-Identifier: MIT */
/*
 * What can be said of a median from some values, without a guess at how they are spread.
 *
 * The interval is that of the order statistics: of n values sorted, the k-th from either end enclose the median of what
 * they are drawn from unless fewer than k of them fell on one side of it, the chance of which is binomial. The largest k
 * is taken that leaves 95 % or more. Fewer than six values cannot: then the smallest and the largest are given, with the
 * confidence that they have, 1 - 2^(1-n).
 *
 * Whether two sets of values differ is asked of the test of Mann and Whitney: how often a value of the one is larger than
 * one of the other, and how likely that, or what is further off, would be if there were no difference; exact, by counting.
 */
#ifndef BENCH_ESTIMATE_H
#define BENCH_ESTIMATE_H

#include <stdbool.h>

struct estimate {
	double median, low, high;
	double confidence; /* 0: a single value, no interval */
};

/* Of n > 0 values, which get sorted. */
struct estimate estimate_median(double *values, unsigned n);

/* Half the width of the interval by the median; infinite if there is no interval. */
double estimate_spread(const struct estimate *e);

/* The probability of values as different as these, or more so, if they were of one kind: 1 if there is nothing to tell. At most 64 each. */
double estimate_same(const double *a, unsigned n, const double *b, unsigned m);

#endif
