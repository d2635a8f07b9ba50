/* SPDX-License-Identifier: MIT */
/*
 * Which rounds are run, in which order, and until when. See harness.h.
 *
 * Whatever is measured, a cell or a peer's program, has its turns: at most one in each lap through all benches. So the rounds of
 * a figure lie apart, by what a lap takes: a machine that changes its pace changes the interval, and not the median of what
 * happened to be measured meanwhile. Within a bench the order is random (--seed).
 *
 * In the first lap all have a turn; then it is known what each costs. After that time is shared by deficit round robin: each lap
 * gives to all the same time, and who has been given enough for a round has one. So what is cheap has many rounds, what is dear
 * few or no more than its first, and no figure is given up for another. Whose interval is narrow leaves its time to the others.
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
	unsigned rounds;	/* that it has had */
	uint64_t cost;		/* of the last, in ns */
	uint64_t credit;	/* what it has been given since */
	bool over;		/* has no more */
};

struct suite {
	const struct options *options;
	struct rows *rows;
	struct run *run;
	struct plan *plans;
	struct turn *turns;
	unsigned benches, count;
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
	t->cost = batch_now() - begin;
	t->credit -= t->credit < t->cost ? t->credit : t->cost;
	t->rounds++;
}

/* A bench begins: its cells with their rows. */
static void plan_turns(struct suite *s, struct plan *p)
{
	unsigned counts[COUNTS_MAX], n = cells_worker_counts(p->bench, s->options, counts);

	p->cells = cells_make(p->bench, s->options, p->cell, s->rows);
	p->turns = &s->turns[s->count];
	for (unsigned i = 0; i < p->cells; i++)
		p->turns[p->count++] = (struct turn){ .plan = p, .cell = p->cell[i] };
	for (unsigned w = 0; w < n; w++)
		for (unsigned i = 0; s->options->peers && i < peers_count(); i++)
			if (model_wanted(s->options, peers_name(i)))
				p->turns[p->count++] = (struct turn){ .plan = p, .peer = i, .workers = counts[w] };
	s->count += p->count;
}

/* How many rounds it may have: one, of what takes long whenever it is asked for. */
static unsigned rounds_most(const struct turn *t, const struct effort *effort)
{
	if (t->cost > effort->long_ns || (t->plan->bench->flags & BENCH_ONCE))
		return 1;
	return t->cell ? effort->rounds_most : effort->rounds;
}

static bool is_narrow(const struct turn *t, const struct effort *effort)
{
	return t->rounds >= effort->rounds && (!t->cell || cell_narrow(t->cell, effort->narrow));
}

/* Another round is wanted, and there is time. */
static bool goes_on(const struct suite *s, const struct turn *t)
{
	const struct effort *effort = s->options->effort;

	return !t->over && t->rounds < rounds_most(t, effort) && !is_narrow(t, effort) &&
	       (!s->end || batch_now() + t->cost <= s->end);
}

/* --- laps --- */

static uint64_t lacks(const struct turn *t)
{
	return t->cost > t->credit ? t->cost - t->credit : 0;
}

/* What a lap gives to each: enough for one of them at the least. 0: nobody wants another. */
static uint64_t share_of_all(const struct suite *s)
{
	uint64_t share = UINT64_MAX;

	for (unsigned i = 0; i < s->count; i++)
		if (goes_on(s, &s->turns[i]) && lacks(&s->turns[i]) < share)
			share = lacks(&s->turns[i]);
	if (share == UINT64_MAX)
		return 0;
	return share > s->options->effort->lap_ns ? share : s->options->effort->lap_ns;
}

static void lap_of(struct suite *s, struct plan *p, uint64_t share)
{
	for (unsigned i = 0; i < p->count && !run_interrupted; i++) {
		struct turn *t = &p->turns[i];

		t->credit += share;
		if (t->rounds == 0 || (goes_on(s, t) && lacks(t) == 0))
			take(s, t);
	}
}

static void say_how_far(const struct suite *s, unsigned bench)
{
	double done = s->expected ? (double)(batch_now() - s->begun) / (double)s->expected
				  : (double)bench / s->benches / s->options->effort->rounds;

	progress_share(done < 1 ? done : 1);
}

/* The first: all have a turn, even if the time is up. The rows of peers are made in their order. */
static void first_lap(struct suite *s)
{
	for (unsigned i = 0; i < s->benches && !run_interrupted; i++) {
		struct plan *p = &s->plans[i];

		say_how_far(s, i);
		plan_turns(s, p);
		shuffle(p->turns, p->cells, &s->random);
		lap_of(s, p, 0);
	}
}

static void lap(struct suite *s, uint64_t share)
{
	for (unsigned i = 0; i < s->benches && !run_interrupted; i++) {
		struct plan *p = &s->plans[i];

		say_how_far(s, i);
		shuffle(p->turns, p->count, &s->random);
		lap_of(s, p, share);
	}
}

/* By what the first rounds have cost, and if no interval is narrow before all rounds have been run. */
static uint64_t expected(const struct suite *s)
{
	uint64_t whole = batch_now() - s->begun;

	for (unsigned i = 0; i < s->count; i++)
		if (!s->turns[i].over)
			whole += (rounds_most(&s->turns[i], s->options->effort) - 1) * s->turns[i].cost;
	return s->end && s->end - s->begun < whole ? s->end - s->begun : whole;
}

static void all_laps(struct suite *s)
{
	uint64_t share;

	first_lap(s);
	s->expected = expected(s);
	for (unsigned number = 1; !run_interrupted && (share = share_of_all(s)); number++) {
		progress_lap(number);
		lap(s, share);
	}
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
	struct suite s = { .options = options, .rows = rows, .begun = batch_now(), .random = options->seed };

	s.run = round_make();
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
	system_unshare(s.run, sizeof(*s.run));
}
