/* SPDX-License-Identifier: MIT */
/*
 * Which figures are others than in an older file. A figure has moved if the medians differ by MOVED or more, and the
 * rounds of the two runs would differ so with a probability below SAME if nothing had changed (estimate_same) but for DRIFT, by
 * which all rounds of a run may be off. As many figures are looked at, both are asked for: the one alone would find noise, the
 * other what does not matter. A figure that is doubtful in either run is shown, but is no reason to fail. The machine and the
 * file have to be the same but for what is compared; that is the caller's business.
 *
 * CPUs change their clock, virtual ones most of all, and the fastest that a run has had is another's. So rounds are compared in
 * steps of their CPU where these are known (row_rounds_in_steps), and what is shown as before is at the clock of the newer run.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

#define MOVED 0.05
#define DRIFT 0.03
#define SAME 0.01

struct verdict {
	const struct row *old, *new;
	double given;  /* change of the median, as the files have it: 0.1 is a tenth more */
	double change; /* with the pace of the CPU taken out, where it is known */
	double same;   /* the probability */
	bool worse, doubtful, moved;
};

static const struct row *old_of(const struct row *row, const struct rows *old)
{
	const struct row *found = rows_find(old, row->bench, row->unit, row->model, row->workers);

	return found && found->workers == row->workers && found->size == row->size ? found : NULL;
}

static double change_of(double before, double now)
{
	return before != 0 ? now / before - 1 : 0;
}

/* As estimate_same, of rounds that come nearer to the old ones by what runs may drift. */
static double same_but_for_drift(const double *old, unsigned n, const double *new, unsigned m, double change)
{
	double nearer[ROW_ROUNDS];

	for (unsigned i = 0; i < m; i++)
		nearer[i] = change > 0 ? new[i] / (1 + DRIFT) : new[i] * (1 + DRIFT);
	return estimate_same(old, n, nearer, m);
}

/* Memory comes by the page: one more may be no more than what addresses this run was given. */
static bool is_a_page(const struct row *old, const struct row *new)
{
	double bytes = fabs(new->estimate.median - old->estimate.median) * (double)new->size;

	return strcmp(new->unit, "bytes") == 0 && new->size > 0 && bytes <= (double)sysconf(_SC_PAGESIZE);
}

/* At one clock. */
static void judge_rounds(struct verdict *v)
{
	double old[ROW_ROUNDS], new[ROW_ROUNDS];

	if (v->old->rounds == 0 || v->new->rounds == 0 || v->old->pace[0] <= 0 || v->new->pace[0] <= 0) {
		v->same = same_but_for_drift(v->old->round, v->old->rounds, v->new->round, v->new->rounds, v->change);
		return;
	}
	row_rounds_in_steps(v->old, old);
	row_rounds_in_steps(v->new, new);
	v->change = change_of(estimate_median(old, v->old->rounds).median, estimate_median(new, v->new->rounds).median);
	v->same = same_but_for_drift(old, v->old->rounds, new, v->new->rounds, v->change);
}

static struct verdict judge(const struct row *old, const struct row *new)
{
	struct verdict v = { .old = old, .new = new };

	v.given = v.change = change_of(old->estimate.median, new->estimate.median);
	judge_rounds(&v);
	v.worse = row_is_rate(new) || strcmp(new->unit, "survivors") == 0 ? v.change < 0 : v.change > 0;
	v.doubtful = old->doubt[0] || new->doubt[0];
	v.moved = fabs(v.change) >= MOVED && v.same < SAME && !is_a_page(old, new);
	return v;
}

/* At the clock of the newer run. */
static double before_of(const struct verdict *v)
{
	bool paced = (row_is_time(v->old) || row_is_rate(v->old)) && v->change != -1;

	return paced ? v->new->estimate.median / (1 + v->change) : v->old->estimate.median;
}

static void print_verdict(const struct verdict *v, bool headed)
{
	char label[48], before[32], now[32];

	if (!headed)
		printf("  %-34s %11s %11s %8s %6s\n", "figure, model, workers", "before", "now", "change", "p");
	snprintf(label, sizeof(label), "%s %s %u", v->new->bench, v->new->model, v->new->workers);
	printf("  %-34s %11s %11s %+6.1f %% %6.4f%s%s\n", label,
	       quantity(before_of(v), v->old->unit, before, sizeof(before)),
	       quantity(v->new->estimate.median, v->new->unit, now, sizeof(now)), 100 * v->change, v->same,
	       v->worse ? "" : " *", v->doubtful ? " ?" : "");
}

/* Too few rounds to tell anything by: 4 and 4 are the fewest that can be told apart at 5 %, 5 and 5 at 1 %. */
static bool can_tell(const struct row *old, const struct row *new)
{
	return old->rounds >= 5 && new->rounds >= 5;
}

/* How many medians are near each other, within MOVED. */
struct agreement {
	unsigned of, near, near_by_pace;
};

struct tally {
	unsigned untold, moved, worse; /* of the moved: worse beyond doubt */
	struct agreement all, steady;  /* all; those that can be told, and are doubtful in neither run */
};

static void agree(struct agreement *a, const struct verdict *v)
{
	a->of++;
	a->near += fabs(v->given) < MOVED;
	a->near_by_pace += fabs(v->change) < MOVED;
}

static void count(struct tally *t, const struct verdict *v)
{
	t->untold += !can_tell(v->old, v->new);
	t->moved += v->moved;
	t->worse += v->moved && v->worse && !v->doubtful;
	agree(&t->all, v);
	if (can_tell(v->old, v->new) && !v->doubtful)
		agree(&t->steady, v);
}

static void print_tally(const struct tally *t)
{
	printf("%u of %u figures moved by %.0f %% or more with p < %.2f, %u for the worse beyond doubt", t->moved,
	       t->all.of, 100 * MOVED, SAME, t->worse);
	printf(" (*: for the better, ?: doubtful).\n");
	if (t->all.of)
		printf("%u of %u medians are within %.0f %%, %u with the pace of the CPU taken out;\n"
		       "%u, %u of the %u that have rounds enough and are not doubtful.\n",
		       t->all.near, t->all.of, 100 * MOVED, t->all.near_by_pace, t->steady.near, t->steady.near_by_pace,
		       t->steady.of);
	if (t->untold)
		printf("%u have too few rounds in one of the two to tell.\n", t->untold);
	if (t->all.of == 0)
		printf("The two have no figure in common.\n");
}

int compare_print(const struct rows *old, const struct rows *new)
{
	struct tally t = { 0 };

	printf("\nCompared with the older figures:\n");
	for (size_t i = 0; i < new->count; i++) {
		const struct row *row = new->at[i], *before = old_of(row, old);
		struct verdict v;

		if (!before || row->samples == 0)
			continue;
		v = judge(before, row);
		if (v.moved)
			print_verdict(&v, t.moved > 0);
		count(&t, &v);
	}
	print_tally(&t);
	return t.worse ? 3 : 0;
}
