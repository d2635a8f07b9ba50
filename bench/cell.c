/* SPDX-License-Identifier: MIT */
/* Cells: a bench, a model, a number of workers; what is measured of them, round by round. See harness.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "system.h"

/* Where nothing else is said: 1, and 2 where that can differ. */
static unsigned usual_counts(const struct bench *bench, unsigned counts[COUNTS_MAX])
{
	unsigned n = 0;

	if (bench->flags & BENCH_SCALING) {
		for (unsigned w = 1; w <= 2 * system_cpus() && n < COUNTS_MAX; w *= 2)
			counts[n++] = w;
		return n;
	}
	counts[n++] = 1;
	counts[n++] = 2;
	return n;
}

/* Returns how many there are. */
unsigned cells_worker_counts(const struct bench *bench, const struct options *options, unsigned counts[COUNTS_MAX])
{
	unsigned given = options->counts, n = 0;

	if (given)
		memcpy(counts, options->workers, given * sizeof(*counts));
	else
		given = usual_counts(bench, counts);
	if (bench->flags & BENCH_ONE_WORKER) {
		counts[0] = 1;
		return 1;
	}
	if ((bench->flags & BENCH_MANY_CPUS) && !options->effort->full) {
		counts[0] = counts[given - 1];
		return 1;
	}
	for (unsigned i = 0; i < given; i++)
		if (!(bench->flags & BENCH_TWO_CPUS) || counts[i] >= 2)
			counts[n++] = counts[i];
	return n;
}

static struct row *row_of(const struct bench *bench, int figure, enum model_id model, unsigned workers,
			  struct rows *rows)
{
	struct row *row = rows_add(rows);

	row->bench = bench->rows[figure];
	row->unit = bench->units[figure];
	row->model = bench->instead ? bench->instead : model_names[model];
	row->workers = workers;
	return row;
}

static struct cell *make_cell(const struct bench *bench, const struct options *options, enum model_id model,
			      unsigned workers, struct rows *rows)
{
	struct cell *cell = calloc(1, sizeof(*cell));

	if (!cell)
		return NULL;
	cell->model = model;
	cell->workers = workers;
	for (int i = 0; i < BATCH_ROWS; i++)
		if (bench_wanted(options, bench->rows[i]))
			cell->rows[i] = row_of(bench, i, model, workers, rows);
	return cell;
}

/* There is none, and that has a reason. */
static void excuse(const struct bench *bench, const struct options *options, enum model_id model, unsigned workers,
		   struct rows *rows)
{
	for (int i = 0; i < BATCH_ROWS; i++)
		if (bench_wanted(options, bench->rows[i])) {
			struct row *row = row_of(bench, i, model, workers, rows);

			snprintf(row->note, sizeof(row->note), "%s", bench->without[model]);
		}
}

/* Models in the order in which they are shown. */
static const enum model_id shown[MODELS] = { MODEL_GREEN, MODEL_CONTAINED, MODEL_BOUND,	     MODEL_PTHREAD,
					     MODEL_FORK,  MODEL_VFORK,	   MODEL_POSIX_SPAWN };

unsigned cells_make(const struct bench *bench, const struct options *options, struct cell **cells, struct rows *rows)
{
	unsigned counts[COUNTS_MAX], n = cells_worker_counts(bench, options, counts), made = 0;

	for (unsigned w = 0; w < n; w++)
		for (unsigned i = 0; i < MODELS; i++) {
			enum model_id model = shown[i];

			if (!bench->instead && !model_wanted(options, model_names[model]))
				continue;
			if (bench->body[model] && (cells[made] = make_cell(bench, options, model, counts[w], rows)))
				made++;
			else if (!bench->body[model] && bench->without[model])
				excuse(bench, options, model, counts[w], rows);
		}
	return made;
}

/* Samples of another size are no use. */
static void resize(struct cell *cell, uint64_t size)
{
	for (int i = 0; i < BATCH_ROWS; i++)
		if (cell->rows[i]) {
			if (cell->size != size)
				row_restart(cell->rows[i]);
			cell->rows[i]->size = size;
		}
	cell->size = size;
}

static void collect(const struct bench *bench, struct cell *cell, struct run *run, uint64_t took)
{
	struct batch *b = &run->batch;
	struct beside beside = { noise_now(), (double)run->preempted * 1e9 / (double)took, 0 };

	resize(cell, run->size);
	cell->failed |= b->failed;
	for (int i = 0; i < BATCH_ROWS; i++) {
		struct row *row = cell->rows[i];

		if (!row)
			continue;
		if (b->note[0])
			memcpy(row->note, b->note, sizeof(row->note));
		beside.pace = bench->waits & 1u << i ? 0 : run->pace;
		if (b->failed)
			row_restart(row);
		else
			row_round(row, b->samples[i], b->count[i], &beside);
		row_estimate(row);
	}
}

bool cell_round(const struct bench *bench, struct cell *cell, struct run *run, const struct options *options)
{
	uint64_t begin = batch_now();

	progress(bench->rows[0], bench->instead ? bench->instead : model_names[cell->model], cell->workers);
	round_run(bench, run, cell, options->effort);
	if (!run_interrupted) /* else it was killed */
		collect(bench, cell, run, batch_now() - begin);
	return !cell->failed;
}

bool cell_narrow(const struct cell *cell, double narrow)
{
	if (cell->failed)
		return true;
	for (int i = 0; i < BATCH_ROWS; i++)
		if (cell->rows[i] && estimate_spread(&cell->rows[i]->estimate) > narrow)
			return false;
	return true;
}
