/* SPDX-License-Identifier: MIT */
/*
 * Which rounds are run, in which order, and until when. See harness.h.
 *
 * A bench has a share of the time that is left, by its weight: the rounds that it should have at least. In each round its
 * cells are run in a random order (--seed). After the rounds that all have, those cells go on whose interval is not narrow
 * yet, while the share lasts. A bench that is late after half of its rounds has no more, and after one round
 * if all the time is up: its rows then have the confidence that is in so many.
 */
#include "harness.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "system.h"

#define ROUND_COST_NS 6000000u /* what a round takes besides its samples: a process, a warm-up */
#define COLD_COST_NS 300000000u

const char *const model_names[MODELS] = { "green", "pthread", "fork", "bound", "vfork", "posix_spawn", "contained" };

static bool listed(const char *list, const char *name)
{
	size_t length;

	for (const char *s = list; *s; s += length + (s[length] == ',')) {
		length = strcspn(s, ",");
		if (length == strlen(name) && strncmp(s, name, length) == 0)
			return true;
	}
	return false;
}

bool bench_wanted(const struct options *options, const char *row)
{
	return row && (!options->only || listed(options->only, row));
}

bool bench_any_wanted(const struct options *options, const struct bench *bench)
{
	if ((bench->flags & BENCH_FULL) && !options->effort->full && !options->only)
		return false;
	for (int i = 0; i < BATCH_ROWS; i++)
		if (bench_wanted(options, bench->rows[i]))
			return true;
	return false;
}

bool model_wanted(const struct options *options, const char *model)
{
	return !options->models || listed(options->models, model);
}

const struct bench *bench_of(const char *row)
{
	for (const struct bench *const *b = bench_all; *b; b++)
		for (int i = 0; i < BATCH_ROWS && (*b)->rows[i]; i++)
			if (strcmp((*b)->rows[i], row) == 0)
				return *b;
	return NULL;
}

static unsigned rounds_of(const struct bench *bench, const struct effort *effort)
{
	if (bench->flags & BENCH_ONCE)
		return 1;
	return bench->flags & BENCH_COLD ? effort->rounds_cold : effort->rounds;
}

/* About how long it takes, in ns. */
static double weight(const struct bench *bench, const struct options *options)
{
	unsigned counts[COUNTS_MAX], cells = 0;
	bool cold = bench->flags & (BENCH_COLD | BENCH_ONCE);

	if (!bench_any_wanted(options, bench))
		return 0;
	for (unsigned i = 0; i < MODELS; i++)
		cells += bench->body[i] && (bench->instead || model_wanted(options, model_names[i]));
	cells *= cells_worker_counts(bench, options, counts);
	return (double)cells * rounds_of(bench, options->effort) *
	       (double)(cold ? COLD_COST_NS : options->effort->round_ns + ROUND_COST_NS);
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

static void shuffle(struct cell **cells, unsigned n, uint64_t *random)
{
	for (unsigned i = n; i > 1; i--) {
		unsigned k = (unsigned)(next_random(random) % i);
		struct cell *swapped = cells[k];

		cells[k] = cells[i - 1];
		cells[i - 1] = swapped;
	}
}

struct plan {
	const struct bench *bench;
	const struct options *options;
	struct cell **cells;
	unsigned made;
	uint64_t deadline, end; /* of the bench, of all; 0: none */
	uint64_t random;
	double begin, share; /* of the progress: where the bench begins, how much it is */
};

/* One of all cells, or of those that are not narrow yet. False: there was none. */
static bool one_round(struct plan *p, struct run *run, bool all)
{
	bool any = false;

	shuffle(p->cells, p->made, &p->random);
	for (unsigned i = 0; i < p->made; i++) {
		if (!all && cell_narrow(p->cells[i], p->options->effort->narrow))
			continue;
		cell_round(p->bench, p->cells[i], run, p->options);
		any = true;
	}
	return any;
}

static bool late(const struct plan *p)
{
	return p->deadline && batch_now() > p->deadline;
}

/* Shall the bench have no round after so many of those that it should have? */
static bool enough(const struct plan *p, unsigned done, unsigned rounds)
{
	return late(p) && done >= (batch_now() > p->end ? 1 : (rounds + 1) / 2);
}

static void peers(struct plan *p, struct rows *rows, size_t first)
{
	unsigned counts[COUNTS_MAX], n = cells_worker_counts(p->bench, p->options, counts);

	for (unsigned w = 0; w < n; w++)
		peers_round(p->bench, p->options, counts[w], rows, first);
}

static void all_rounds(struct plan *p, struct run *run, struct rows *rows, size_t first)
{
	const struct effort *effort = p->options->effort;
	unsigned rounds = rounds_of(p->bench, effort);
	bool fixed = p->bench->flags & (BENCH_ONCE | BENCH_COLD);

	for (unsigned i = 0; i < rounds && !enough(p, i, rounds); i++) {
		progress_share(p->begin + p->share * i / rounds);
		one_round(p, run, true);
		if (i < effort->rounds_cold)
			peers(p, rows, first);
	}
	for (unsigned i = rounds; i < effort->rounds_most && !fixed && !late(p); i++)
		if (!one_round(p, run, false))
			break;
}

static void *shared_or_die(size_t size)
{
	void *memory = system_shared(size);

	if (memory)
		return memory;
	fputs("weft-bench: no shared memory\n", stderr);
	exit(1);
}

/* Its share of what is left of the time. */
static uint64_t deadline_of(uint64_t end, double own, double left)
{
	uint64_t now = batch_now();

	if (!end)
		return 0;
	return end > now ? now + (uint64_t)((double)(end - now) * own / left) : now;
}

static void run_bench(struct plan *p, struct run *run, struct rows *rows)
{
	struct cell *cells[COUNTS_MAX * MODELS];
	size_t first = rows->count;

	p->cells = cells;
	p->made = cells_make(p->bench, p->options, cells, rows);
	all_rounds(p, run, rows, first);
	for (unsigned i = 0; i < p->made; i++)
		free(cells[i]);
}

void bench_run_all(const struct options *options, struct rows *rows,
		   void (*each)(const struct bench *, const struct rows *, size_t first))
{
	struct run *run = shared_or_die(sizeof(*run));
	double all = 0, done = 0;
	uint64_t end = options->effort->total_ns ? batch_now() + options->effort->total_ns : 0;

	model_boxes = shared_or_die(sizeof(*model_boxes));
	signal(SIGINT, round_interrupted);
	signal(SIGTERM, round_interrupted);
	for (const struct bench *const *b = bench_all; *b; b++)
		all += weight(*b, options);
	progress_begin();
	for (const struct bench *const *b = bench_all; *b; b++) {
		double own = weight(*b, options);
		struct plan p = { .bench = *b, .options = options, .end = end, .random = options->seed };
		size_t first = rows->count;

		if (!bench_any_wanted(options, *b))
			continue;
		p.deadline = deadline_of(end, own, all - done);
		p.begin = done / all;
		p.share = own / all;
		run_bench(&p, run, rows);
		done += own;
		each(*b, rows, first);
	}
	system_unshare(model_boxes, sizeof(*model_boxes));
	system_unshare(run, sizeof(*run));
}
