/* SPDX-License-Identifier: MIT */
/* Rows: one figure each, measured here or read from a file. */
#ifndef BENCH_ROW_H
#define BENCH_ROW_H

#include <stdbool.h>
#include <stdio.h>

#include "batch.h"
#include "estimate.h"
#include "noise.h"

#define ROW_ROUNDS 64u
#define ROW_DOUBT 160

/* samples == 0: there is no figure, and the note says why. Strings live as long as the program. */
struct row {
	const char *bench, *model, *unit;
	unsigned workers;
	uint64_t size;
	unsigned rounds;	  /* of which the figures are known: the first ROW_ROUNDS */
	double round[ROW_ROUNDS]; /* the median of each, as it was measured */
	double pace[ROW_ROUNDS];  /* of the CPU meanwhile (batch_pace); 0: does not count, or is unknown */
	unsigned samples;

	/* In steps of the CPU until rows_settle. */
	struct estimate estimate; /* of the rounds; of a single one's samples */
	double min, max, p99;	  /* of the samples */
	struct noise noise;	  /* the mean over its rounds */
	double preempted;	  /* involuntary context switches a second */
	char doubt[ROW_DOUBT];	  /* why not to rely on it; empty: nothing is known against it */
	char note[BATCH_NOTE];

	/* while it is measured */
	double *all; /* samples, of room for so many */
	unsigned room;
};

struct rows {
	struct row **at;
	size_t count;
};

struct row *rows_add(struct rows *rows);
void rows_free(struct rows *rows);

/* What there was beside a round. */
struct beside {
	struct noise noise;
	double preempted, pace;
};

/* A round is done: its samples get sorted. */
void row_round(struct row *row, double *samples, unsigned n, const struct beside *beside);

/* Another size: what was taken so far is no use. */
void row_restart(struct row *row);

/* The estimate, and what there is to doubt, of what has been taken so far. */
void row_estimate(struct row *row);

/* All has been taken: the estimates are of a CPU that always has the fastest pace of all rounds. Returns that; 0: none is known. */
double rows_settle(struct rows *rows);

/* Is more of it better: a rate? Is it a time? */
bool row_is_rate(const struct row *row);
bool row_is_time(const struct row *row);

/*
 * What a value is with the pace of the CPU taken out, if that was known: times in its steps (batch_pace), rates by them, all else as it
 * is; and what all its rounds are. With 1 / pace it comes back.
 */
double row_in_steps(const struct row *row, double value, double pace);
void row_rounds_in_steps(const struct row *row, double values[ROW_ROUNDS]);

/* The row of this figure, model and number of workers (0: any, the least); NULL if there is none, or it has no figure. */
const struct row *rows_find(const struct rows *rows, const char *bench, const char *unit, const char *model,
			    unsigned workers);

/* Four digits, and the unit that a person would use. */
const char *quantity(double value, const char *unit, char *buffer, size_t size);

#endif
