/* SPDX-License-Identifier: MIT */
/* The harness: which rounds are run, and the rows that come of them. See harness.h; a round is in round.c. */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system.h"

#define ROUNDS 3
#define ROUNDS_COLD 2
#define LONG_ROUND_NS 3000000000u /* no second one of this */

const char *const model_names[MODELS] = { "green", "pthread", "fork" };

bool bench_wanted(const struct options *options, const char *row)
{
	size_t length;

	if (!row)
		return false;
	if (!options->only)
		return true;
	for (const char *s = options->only; *s; s += length + (s[length] == ',')) {
		length = strcspn(s, ",");
		if (length == strlen(row) && strncmp(s, row, length) == 0)
			return true;
	}
	return false;
}

struct row *rows_add(struct rows *rows)
{
	if (rows->count % 64 == 0) {
		rows->at = realloc(rows->at, (rows->count + 64) * sizeof(*rows->at));
		if (!rows->at) {
			fputs("weft-bench: no memory for the rows\n", stderr);
			exit(1);
		}
	}
	rows->at[rows->count] = (struct row){ 0 };
	return &rows->at[rows->count++];
}

/* The samples of all rounds of one model and number of workers. */
struct cell {
	enum model_id model;
	unsigned workers;
	uint64_t size;
	uint64_t took; /* the last round, with its set-up */
	unsigned count[BATCH_ROWS];
	char note[BATCH_NOTE];
	bool failed;
	double samples[BATCH_ROWS][ROUNDS * BATCH_SAMPLES];
};

static void collect(struct cell *cell, const struct run *run)
{
	const struct batch *b = &run->batch;

	if (cell->size != run->size) /* samples of another size are no use */
		memset(cell->count, 0, sizeof(cell->count));
	cell->size = run->size;
	if (b->note[0])
		memcpy(cell->note, b->note, sizeof(cell->note));
	if (b->failed)
		cell->failed = true;
	for (int i = 0; i < BATCH_ROWS && !b->failed; i++) {
		memcpy(cell->samples[i] + cell->count[i], b->samples[i], b->count[i] * sizeof(double));
		cell->count[i] += b->count[i];
	}
}

static void cell_round(const struct bench *bench, struct cell *cell, struct run *run)
{
	uint64_t begin = batch_now();

	if (cell->failed || cell->took > LONG_ROUND_NS)
		return;
	progress(bench->rows[0], model_names[cell->model], cell->workers);
	round_run(bench, run, cell->model, cell->workers, cell->size);
	collect(cell, run);
	cell->took = batch_now() - begin;
}

static void cell_rows(const struct bench *bench, struct cell *cell, const struct options *options, struct rows *rows)
{
	for (int i = 0; i < BATCH_ROWS; i++) {
		struct row *row;

		if (!bench_wanted(options, bench->rows[i]))
			continue;
		row = rows_add(rows);
		row->bench = bench->rows[i];
		row->unit = bench->units[i];
		row->model = model_names[cell->model];
		row->workers = cell->workers;
		row->size = cell->size;
		row->stats = batch_stats(cell->samples[i], cell->failed ? 0 : cell->count[i]);
		memcpy(row->note, cell->note, sizeof(row->note));
	}
}

/* The worker counts a bench is run with: returns how many. */
static unsigned worker_counts(const struct bench *bench, const struct options *options, unsigned counts[2])
{
	unsigned n = 0;

	for (unsigned w = options->workers ? options->workers : 1; w <= (options->workers ? options->workers : 2);
	     w++) {
		if ((bench->flags & BENCH_TWO_CPUS) && w < 2)
			continue;
		if ((bench->flags & BENCH_ONE_WORKER) && n > 0)
			continue;
		counts[n++] = bench->flags & BENCH_ONE_WORKER ? 1 : w;
	}
	return n;
}

static unsigned make_cells(const struct bench *bench, const unsigned *counts, unsigned n, struct cell *cells[])
{
	unsigned made = 0;

	for (unsigned w = 0; w < n; w++)
		for (enum model_id model = 0; model < MODELS; model++) {
			if (!bench->body[model])
				continue;
			cells[made] = calloc(1, sizeof(**cells));
			if (!cells[made])
				break;
			cells[made]->model = model;
			cells[made++]->workers = counts[w];
		}
	return made;
}

/* Long runs are repeated for green threads only. */
static int rounds_of(const struct bench *bench, enum model_id model)
{
	if (bench->flags & BENCH_ONCE)
		return 1;
	if (bench->flags & BENCH_COLD)
		return model == MODEL_GREEN ? ROUNDS_COLD : 1;
	return ROUNDS;
}

void bench_run(const struct bench *bench, const struct options *options, struct rows *rows)
{
	struct cell *cells[2 * MODELS];
	unsigned counts[2], workers = worker_counts(bench, options, counts);
	unsigned made = make_cells(bench, counts, workers, cells);
	struct run *run = system_shared(sizeof(*run));

	model_boxes = system_shared(sizeof(*model_boxes));
	if (!run || !model_boxes) {
		fputs("weft-bench: no shared memory\n", stderr);
		exit(1);
	}
	signal(SIGINT, round_interrupted);
	signal(SIGTERM, round_interrupted);
	for (int round = 0; round < ROUNDS; round++)
		for (unsigned i = 0; i < made; i++)
			if (round < rounds_of(bench, cells[i]->model))
				cell_round(bench, cells[i], run);
	for (unsigned i = 0; i < made; i++) {
		cell_rows(bench, cells[i], options, rows);
		free(cells[i]);
	}
	for (unsigned w = 0; w < workers; w++)
		peers_run(bench, options, counts[w], rows);
	system_unshare(model_boxes, sizeof(*model_boxes));
	system_unshare(run, sizeof(*run));
}
