/* SPDX-License-Identifier: MIT */
/*
 * Which rounds are run, in which order, and until when. See harness.h.
 *
 * Whatever is measured, a cell or a peer's program, has its turns: one in each lap through all benches. So the rounds of a figure
 * lie apart, by what a lap takes: a machine that changes its pace changes the interval, and not the median of what happened to
 * be measured meanwhile. Within a bench the order is random (--seed).
 *
 * In the first lap all have a turn; then it is known what each costs. Where the time is limited as many as fit into what is left
 * of it have all their rounds, the cheapest first, and the others have had their one. After the rounds that all should
 * have, those go on whose interval is not narrow yet.
 */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system.h"

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

/* --- turns --- */

struct plan {
	const struct bench *bench;
	struct cell *cell[COUNTS_MAX * MODELS];
	unsigned cells;
	struct turn *turns; /* of its cells and of its peers, in the suite's */
	unsigned count;
};

struct turn {
	struct plan *plan;
	struct cell *cell;	/* NULL: a peer's */
	unsigned peer, workers; /* of that */
	uint64_t cost;		/* of the first, in ns */
	unsigned rounds;	/* that it should have */
	bool over;		/* has no more */
};

struct suite {
	const struct options *options;
	struct rows *rows;
	struct run *run;
	struct plan *plans;
	struct turn *turns;
	unsigned benches, count, laps;
	uint64_t begun, end; /* 0: none */
	uint64_t expected;   /* ns that it will take; 0: not known yet */
	uint64_t random;
};

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

static void shuffle(struct turn *turns, unsigned n, uint64_t *random)
{
	for (unsigned i = n; i > 1; i--) {
		unsigned k = (unsigned)(next_random(random) % i);
		struct turn swapped = turns[k];

		turns[k] = turns[i - 1];
		turns[i - 1] = swapped;
	}
}

/* One that fails is not tried again. */
static void take(struct suite *s, struct turn *t)
{
	uint64_t begin = batch_now();
	const struct bench *bench = t->plan->bench;

	if (t->cell)
		t->over = !cell_round(bench, t->cell, s->run, s->options);
	else
		t->over = !peers_turn(bench, s->options, t->peer, t->workers, s->rows);
	if (!t->cost)
		t->cost = batch_now() - begin;
}

static bool fits(const struct suite *s, const struct turn *t)
{
	return !s->end || batch_now() + t->cost <= s->end;
}

/* A bench begins: its cells with their rows. */
static void plan_turns(struct suite *s, struct plan *p)
{
	unsigned counts[COUNTS_MAX], n = cells_worker_counts(p->bench, s->options, counts);

	p->cells = cells_make(p->bench, s->options, p->cell, s->rows);
	p->turns = &s->turns[s->count];
	for (unsigned i = 0; i < p->cells; i++)
		p->turns[p->count++] = (struct turn){ .plan = p, .cell = p->cell[i], .rounds = 1 };
	for (unsigned w = 0; w < n; w++)
		for (unsigned i = 0; s->options->peers && i < peers_count(); i++)
			if (model_wanted(s->options, peers_name(i)))
				p->turns[p->count++] =
					(struct turn){ .plan = p, .peer = i, .workers = counts[w], .rounds = 1 };
	s->count += p->count;
}

/* --- laps --- */

/* Each has the first, even if the time is up; after those that all should have come laps for what is still wide. */
static bool is_due(const struct suite *s, const struct turn *t, unsigned lap)
{
	if (t->over || (lap > 0 && !fits(s, t)))
		return false;
	if (lap < s->laps)
		return lap < t->rounds;
	return t->cell && t->rounds == s->laps && !cell_narrow(t->cell, s->options->effort->narrow);
}

/* False: none was due. */
static bool lap_of(struct suite *s, struct plan *p, unsigned lap)
{
	bool any = false;

	shuffle(p->turns, lap == 0 ? p->cells : p->count, &s->random); /* the rows of peers are made in their order */
	for (unsigned i = 0; i < p->count && !run_interrupted; i++)
		if (is_due(s, &p->turns[i], lap)) {
			take(s, &p->turns[i]);
			any = true;
		}
	return any;
}

static bool lap(struct suite *s, unsigned number)
{
	bool any = false;

	progress_lap(number);
	for (unsigned i = 0; i < s->benches && !run_interrupted; i++) {
		double done = s->expected ? (double)(batch_now() - s->begun) / (double)s->expected
					  : (double)i / s->benches / s->laps;

		progress_share(done < 1 ? done : 1);
		if (number == 0)
			plan_turns(s, &s->plans[i]);
		any |= lap_of(s, &s->plans[i], number);
	}
	return any;
}

static int cheapest_first(const void *a, const void *b)
{
	const struct turn *x = *(struct turn *const *)a, *y = *(struct turn *const *)b;

	return (x->cost > y->cost) - (x->cost < y->cost);
}

/* How many rounds, if the time allows it: what is cold has its figure whole each time. */
static unsigned rounds_of(const struct turn *t, const struct effort *effort)
{
	if (t->cost > effort->long_ns || (t->plan->bench->flags & BENCH_ONCE))
		return 1;
	return !t->cell || (t->plan->bench->flags & BENCH_COLD) ? effort->rounds_cold : effort->rounds;
}

/* Who has more rounds than the first. */
static void choose(struct suite *s)
{
	struct turn **order = system_must(calloc(s->count, sizeof(struct turn *)));
	uint64_t now = batch_now(), rest = 0;

	for (unsigned i = 0; i < s->count; i++)
		order[i] = &s->turns[i];
	qsort(order, s->count, sizeof(struct turn *), cheapest_first);
	for (unsigned i = 0; i < s->count; i++) {
		struct turn *t = order[i];
		unsigned rounds = rounds_of(t, s->options->effort);

		t->rounds = 1;
		if (t->over || (s->end && now + rest + (rounds - 1) * t->cost > s->end))
			continue;
		t->rounds = rounds;
		rest += (rounds - 1) * t->cost;
	}
	s->expected = s->end ? s->end - s->begun : now - s->begun + rest;
	free(order);
}

static void all_laps(struct suite *s)
{
	unsigned number = 0;

	while (number < s->options->effort->rounds_most && !run_interrupted && lap(s, number))
		if (number++ == 0)
			choose(s);
}

/* --- the whole --- */

static void plan_all(struct suite *s)
{
	unsigned most = 0;

	for (const struct bench *const *b = bench_all; *b; b++)
		most++;
	s->plans = system_must(calloc(most, sizeof(*s->plans)));
	s->turns = system_must(calloc((size_t)most * COUNTS_MAX * (MODELS + peers_count()), sizeof(*s->turns)));
	for (const struct bench *const *b = bench_all; *b; b++)
		if (bench_any_wanted(s->options, *b))
			s->plans[s->benches++].bench = *b;
}

void bench_run_all(const struct options *options, struct rows *rows)
{
	const struct effort *effort = options->effort;
	struct suite s = {
		.options = options, .rows = rows, .laps = effort->rounds, .begun = batch_now(), .random = options->seed
	};

	s.run = system_must(system_shared(sizeof(*s.run)));
	model_boxes = system_must(system_shared(sizeof(*model_boxes)));
	s.expected = effort->total_ns;
	s.end = s.expected ? s.begun + s.expected : 0;
	signal(SIGINT, round_interrupt);
	signal(SIGTERM, round_interrupt);
	plan_all(&s);
	progress_begin();
	all_laps(&s);
	progress_done();
	for (size_t i = 0; run_interrupted && i < rows->count; i++)
		if (rows->at[i]->samples == 0 && !rows->at[i]->note[0])
			snprintf(rows->at[i]->note, sizeof(rows->at[i]->note), "interrupted");
	for (unsigned i = 0; i < s.benches; i++)
		for (unsigned k = 0; k < s.plans[i].cells; k++)
			free(s.plans[i].cell[k]);
	free(s.plans);
	free(s.turns);
	system_unshare(model_boxes, sizeof(*model_boxes));
	system_unshare(s.run, sizeof(*s.run));
}
