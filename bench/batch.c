/* SPDX-License-Identifier: MIT */
/* Batches: calibration, samples, statistics. See batch.h. */
#include "batch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define GROWTH_MAX 16.0

uint64_t batch_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t batch_clock_cost(void)
{
	static uint64_t least;

	if (least)
		return least;
	least = UINT64_MAX;
	for (int i = 0; i < 1000; i++) {
		uint64_t begin = batch_now(), took = batch_now() - begin;

		if (took > 0 && took < least)
			least = took;
	}
	return least;
}

static uint64_t at_least_one(uint64_t n)
{
	return n ? n : 1;
}

/* The size at which a batch should last target_ns, by how long the last one took. */
static uint64_t grown(const struct batch *b)
{
	uint64_t step = at_least_one(b->step);
	double factor = (double)b->target_ns / (double)at_least_one(batch_elapsed(b)) * 1.2;
	uint64_t ops;

	if (factor > GROWTH_MAX)
		factor = GROWTH_MAX;
	ops = ((uint64_t)((double)b->ops * factor) / step + 1) * step;
	return b->max_ops && ops > b->max_ops ? b->max_ops : ops;
}

static void calibrated(struct batch *b)
{
	b->calibrated = true;
	b->deadline = batch_now() + b->budget_ns;
}

double batch_pace(void)
{
	enum { TRIES = 5, STEPS = 20000 };
	uint64_t best = UINT64_MAX, value = 1;

	for (int i = 0; i < TRIES; i++) {
		uint64_t begin = batch_now(), took;

		for (int k = 0; k < STEPS; k++) {
			value = value * 6364136223846793005u + 1442695040888963407u;
			__asm__ volatile("" : "+r"(value));
		}
		took = batch_now() - begin;
		best = took < best ? took : best;
	}
	return (double)best / STEPS;
}

bool batch_more(struct batch *b)
{
	if (b->failed)
		return false;
	if (!b->started) {
		b->started = true;
		b->clock_cost = batch_clock_cost();
		b->ops = at_least_one(b->step);
		if (b->cold)
			calibrated(b);
		return true;
	}
	if (!b->calibrated) {
		if (batch_elapsed(b) < b->target_ns && b->ops != b->max_ops)
			b->ops = grown(b);
		else
			calibrated(b);
		return true;
	}
	return b->count[0] < at_least_one(b->min_samples) || (b->count[0] < BATCH_SAMPLES && batch_now() < b->deadline);
}

void batch_start(struct batch *b)
{
	b->begun = batch_now();
}

void batch_stop(struct batch *b)
{
	double ns_each;

	b->stopped = batch_now();
	b->stopped -= batch_elapsed(b) > b->clock_cost ? b->clock_cost : 0;
	ns_each = (double)at_least_one(batch_elapsed(b)) / (double)b->ops;
	batch_record(b, 0, b->rate ? 1000 / ns_each : ns_each);
}

uint64_t batch_elapsed(const struct batch *b)
{
	return b->stopped - b->begun;
}

void batch_record(struct batch *b, unsigned row, double value)
{
	if (b->calibrated && b->count[row] < BATCH_SAMPLES)
		b->samples[row][b->count[row]++] = value;
}

static void note(struct batch *b, const char *format, va_list args)
{
	if (!b->note[0])
		vsnprintf(b->note, sizeof(b->note), format, args);
}

void batch_note(struct batch *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note(b, format, args);
	va_end(args);
}

void batch_fail(struct batch *b, const char *format, ...)
{
	va_list args;

	b->failed = true;
	b->note[0] = 0;
	va_start(args, format);
	note(b, format, args);
	va_end(args);
}

void batch_check(struct batch *b, bool ok, const char *what)
{
	if (!ok && !b->failed)
		batch_fail(b, "check failed: %s", what);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct batch_stats batch_stats(double *samples, unsigned n)
{
	struct batch_stats s = { .n = n };

	if (n == 0)
		return s;
	qsort(samples, n, sizeof(*samples), ascending);
	s.median = n % 2 ? samples[n / 2] : (samples[n / 2 - 1] + samples[n / 2]) / 2;
	s.min = samples[0];
	s.max = samples[n - 1];
	s.p99 = samples[(n * 99u + 99u) / 100u - 1];
	return s;
}
