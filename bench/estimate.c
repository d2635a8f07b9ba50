/* SPDX-License-Identifier: MIT */
/* Intervals of medians, and whether two differ. See estimate.h. */
#include "estimate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CONFIDENCE 0.95
#define EXACT_MOST 400u /* values: beyond, the binomial distribution is taken for a normal one */
#define NORMAL_95 1.959964
#define VALUES_MOST 64u

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The chance of fewer than k of n on one side: the sum of the first k terms of (1/2 + 1/2)^n. */
static double tail(unsigned n, unsigned k)
{
	double term = ldexp(1, -(int)n), sum = 0;

	for (unsigned i = 0; i < k; i++) {
		sum += term;
		term = term * (n - i) / (i + 1);
	}
	return sum;
}

/* The largest k that leaves CONFIDENCE; 1 if none does. */
static unsigned depth(unsigned n, double *confidence)
{
	unsigned k = 1;

	*confidence = CONFIDENCE;
	if (n > EXACT_MOST) {
		k = (unsigned)((n - NORMAL_95 * sqrt(n)) / 2);
		return k;
	}
	while (2 * (k + 1) <= n && 1 - 2 * tail(n, k + 1) >= CONFIDENCE)
		k++;
	*confidence = 1 - 2 * tail(n, k);
	return k;
}

struct estimate estimate_median(double *values, unsigned n)
{
	struct estimate e;
	unsigned k = depth(n, &e.confidence);

	qsort(values, n, sizeof(*values), ascending);
	e.median = n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
	e.low = values[k - 1];
	e.high = values[n - k];
	if (n < 2)
		e.confidence = 0;
	return e;
}

double estimate_spread(const struct estimate *e)
{
	if (e->confidence <= 0)
		return INFINITY;
	return e->median != 0 ? (e->high - e->low) / 2 / fabs(e->median) : (e->high > e->low ? INFINITY : 0);
}

/* Twice the number of pairs of which a's is the larger; equal ones count half. */
static unsigned twice_larger(const double *a, unsigned n, const double *b, unsigned m)
{
	unsigned u = 0;

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < m; k++)
			u += a[i] > b[k] ? 2 : a[i] == b[k];
	return u;
}

/*
 * ways[u]: in how many orders of n + m values u pairs are inverted. It is the coefficient of x^u in the product of
 * (1 - x^(m+i)) / (1 - x^i) for i = 1 ... n, as the product of one factor after the other.
 */
static void count_orders(double *ways, unsigned n, unsigned m)
{
	memset(ways, 0, (n * m + 1) * sizeof(*ways));
	ways[0] = 1;
	for (unsigned i = 1; i <= n; i++) {
		for (unsigned u = n * m; u >= m + i; u--)
			ways[u] -= ways[u - m - i];
		for (unsigned u = i; u <= n * m; u++)
			ways[u] += ways[u - i];
	}
}

double estimate_same(const double *a, unsigned n, const double *b, unsigned m)
{
	static double ways[VALUES_MOST * VALUES_MOST + 1];
	double all = 0, rare = 0;
	unsigned least;

	if (n == 0 || m == 0 || n > VALUES_MOST || m > VALUES_MOST)
		return 1;
	least = twice_larger(a, n, b, m);
	if (least > n * m)
		least = 2 * n * m - least;
	count_orders(ways, n, m);
	for (unsigned u = 0; u <= n * m; u++) {
		all += ways[u];
		if (2 * u <= least)
			rare += ways[u];
	}
	return 2 * rare < all ? 2 * rare / all : 1;
}
