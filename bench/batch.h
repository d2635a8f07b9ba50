/* SPDX-License-Identifier: MIT */
/*
 * Batches: how every figure is taken, in weft-bench and in the C and C++ peers (so this file knows nothing of weft).
 *
 *	while (batch_more(b)) {
 *		batch_start(b);
 *		... b->ops operations ...
 *		batch_stop(b);
 *		batch_check(b, got == expected, "what went wrong");
 *	}
 *
 * The first batches grow until one lasts target_ns; they warm up and are thrown away. From then on every batch gives
 * one sample, the mean nanoseconds an operation of that batch, until budget_ns have passed. min, max and p99 are over
 * such samples: reading the clock around single operations of a few nanoseconds would measure the clock. What the two
 * readings cost is taken off each batch.
 */
#ifndef BENCH_BATCH_H
#define BENCH_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BATCH_ROWS 5
#define BATCH_SAMPLES 8192
#define BATCH_NOTE 256

struct batch {
	/* set by whoever makes the batch, before the first batch_more; zero is allowed everywhere */
	uint64_t step;	      /* ops is a multiple of this; 0: 1 */
	uint64_t max_ops;     /* 0: no limit; equal to step: every batch is the same size */
	uint64_t target_ns;   /* how long a batch should last */
	uint64_t budget_ns;   /* how long to go on taking samples */
	unsigned min_samples; /* take so many whatever the budget says */
	bool cold;	      /* keep the first batch too: the cold run is the figure */
	bool rate;	      /* samples are millions of operations a second, not nanoseconds each */

	/* read by the body */
	uint64_t ops;

	/* inner state of batch_more, batch_start and batch_stop */
	uint64_t begun, stopped, deadline, clock_cost;
	bool started, calibrated;

	/* results */
	bool failed;
	unsigned count[BATCH_ROWS];
	char note[BATCH_NOTE];
	double samples[BATCH_ROWS][BATCH_SAMPLES];
};

struct batch_stats {
	unsigned n;
	double median, min, max, p99;
};

uint64_t batch_now(void);

/* What reading the clock adds to a batch, in ns: the least of some tries. */
uint64_t batch_clock_cost(void);

/* How fast this CPU computes at the moment: ns of a step of a loop, the best of some tries that take 0.2 ms together. */
double batch_pace(void);

/* Shall another batch be run? Sets b->ops. */
bool batch_more(struct batch *b);

/* Around the measured part; from any thread of the body, one after the other. */
void batch_start(struct batch *b);
void batch_stop(struct batch *b);

/* The nanoseconds between the two. */
uint64_t batch_elapsed(const struct batch *b);

/* A sample of one's own, for a body whose figure is no mean time: row 0 to BATCH_ROWS - 1. Then batch_stop is not called. */
void batch_record(struct batch *b, unsigned row, double value);

/* The work was not done, or cannot be done here: no figure is given, the note says why. */
void batch_check(struct batch *b, bool ok, const char *what);
void batch_fail(struct batch *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Something that the reader of the figure must know. Once: the first note stays. */
void batch_note(struct batch *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Statistics of n samples, which get sorted. */
struct batch_stats batch_stats(double *samples, unsigned n);

#ifdef __cplusplus
}
#endif

#endif
