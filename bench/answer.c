/* SPDX-License-Identifier: MIT */
/*
 * "Which should I use?": for each need the model with the best figure, by the figures alone; those within a tenth of it, or whose
 * intervals meet, are as good. And the usual claims, beside what was measured.
 */
#include <math.h>
#include <string.h>

#include "page.h"

#define AS_GOOD 1.10

static const char *const candidates[] = { "green", "contained", "pthread", "fork" };
#define CANDIDATES (sizeof(candidates) / sizeof(candidates[0]))

static const char *const names[] = { "green threads", "contained green threads", "kernel threads", "processes" };

/* What somebody needs, and the figure that tells. */
static const struct need {
	const char *need, *figure, *unit, *what;
} needs[] = {
	{ "One may crash by a bad pointer, and the others must live on", "crash-null", "survivors",
	  "of 99 others live on (--full: of 999)" },
	{ "One may do anything: abort, exit, scribble over memory", "crash-abort", "survivors",
	  "of 99 others live on after an abort (--full: of 999)" },
	{ "A service, of which a request in a hundred is deadly", "crash-service-100", "req/s", "get served" },
	{ "Many short tasks, each in a thread of its own", "create", "ns", "to make one, run it and wait for it" },
	{ "Very many that mostly wait", "memory-1k", "bytes", "of memory for one of a thousand" },
	{ "They talk to each other all the time", "chan", "ns", "for a round trip" },
	{ "They hand over large pieces of data", "copy-1m", "MB/s", "by the best of their own means" },
	{ "One for each request", "request-each", "Mops", "of requests (millions a second)" },
	{ "A fixed crew that serves requests", "request-pool", "Mops", "of requests (millions a second)" },
	{ "Plain computing on all cores", "scale-cpu", "Mops", "of steps (millions a second), in eight units" },
};
#define NEEDS (sizeof(needs) / sizeof(needs[0]))

/* A rate on as many workers as there are CPUs, as far as two; the rest on one, or the fewest. NULL if there is none. */
static const struct row *figure_of(const struct rows *rows, const char *figure, const char *unit, const char *model)
{
	const struct row *row = rows_find(rows, figure, unit, model, 0);
	const struct row *two = rows_find(rows, figure, unit, model, 2);

	return row && two && row_is_rate(row) ? two : row;
}

static bool more_is_better(const struct row *row)
{
	return row_is_rate(row) || strcmp(row->unit, "survivors") == 0;
}

/* How many times worse than the best: 1 is it. */
static double worse_by(const struct row *row, const struct row *best)
{
	double a = row->estimate.median, b = best->estimate.median;

	if (more_is_better(row))
		return a > 0 ? b / a : INFINITY;
	return b > 0 ? a / b : INFINITY;
}

/* Within a tenth of it, or as near as the intervals can tell. */
static bool as_good(const struct row *row, const struct row *best)
{
	bool overlaps = more_is_better(row) ? row->estimate.high >= best->estimate.low
					    : row->estimate.low <= best->estimate.high;

	return worse_by(row, best) <= AS_GOOD || overlaps;
}

static const struct row *best_of(const struct row *const *found)
{
	const struct row *best = NULL;

	for (size_t i = 0; i < CANDIDATES; i++)
		if (found[i] && (!best || worse_by(found[i], best) < 1))
			best = found[i];
	return best;
}

static void one_value(FILE *f, const struct row *row, const char *name, bool first)
{
	char text[32];

	fprintf(f, "%s%s %s%s", first ? "" : ", ", name, quantity(row->estimate.median, row->unit, text, sizeof(text)),
		row->doubt[0] ? "&nbsp;?" : "");
}

static void print_choice(FILE *f, const struct row *const *found, const struct row *best)
{
	unsigned good = 0, there = 0;

	for (size_t i = 0; i < CANDIDATES; i++) {
		there += found[i] != NULL;
		if (!found[i] || !as_good(found[i], best))
			continue;
		fprintf(f, "%s%s", good++ ? " or " : "", names[i]);
	}
	if (good > 1 && good == there)
		fputs(" – it makes no difference", f);
}

static void one_need(FILE *f, const struct need *need, const struct rows *rows)
{
	const struct row *found[CANDIDATES], *best;
	bool first = true;

	for (size_t i = 0; i < CANDIDATES; i++)
		found[i] = figure_of(rows, need->figure, need->unit, candidates[i]);
	best = best_of(found);
	if (!best)
		return;
	fprintf(f, "<tr><td>%s</td><td><b>", need->need);
	print_choice(f, found, best);
	fputs("</b></td><td>", f);
	for (size_t i = 0; i < CANDIDATES; i++)
		if (found[i]) {
			one_value(f, found[i], names[i], first);
			first = false;
		}
	fprintf(f, " %s</td></tr>\n", need->what);
}

/* Three digits or all of them: no powers of ten for people. */
static const char *times(double value, char *text, size_t size)
{
	snprintf(text, size, "× %.*f", value < 10 ? 2 : value < 100 ? 1 : 0, value);
	return text;
}

static void one_in_short(FILE *f, const struct row *row, const struct row *green)
{
	char value[32], factor[32];

	fprintf(f, "%s <b>%s</b>", page_model(row->model),
		quantity(row->estimate.median, row->unit, value, sizeof(value)));
	if (row != green)
		fprintf(f, " (%s)", times(worse_by(row, green), factor, sizeof(factor)));
}

static void in_short(FILE *f, const struct rows *rows, const char *figure, const char *unit, const char *verb)
{
	const struct row *green = figure_of(rows, figure, unit, "green");

	if (!green)
		return;
	fprintf(f, "%s: ", verb);
	for (size_t i = 0; i < CANDIDATES; i++) {
		const struct row *row = figure_of(rows, figure, unit, candidates[i]);

		if (!row)
			continue;
		fputs(i ? ", " : "", f);
		one_in_short(f, row, green);
	}
	fputs(".<br>\n", f);
}

void answer_write(FILE *f, const struct rows *rows)
{
	fputs("<section class=\"answer\"><h2>Which should I use?</h2>\n<p>", f);
	in_short(f, rows, "create", "ns", "To make one");
	in_short(f, rows, "pingpong", "ns", "To wake another and be woken by it");
	in_short(f, rows, "memory-1k", "bytes", "Memory of one of a thousand, with what the kernel keeps for it");
	fputs("</p>\n<div class=\"scroll\"><table class=\"prose\"><thead><tr><th>what you "
	      "need</th><th>use</th><th>because, on this "
	      "machine</th></tr></thead><tbody>\n",
	      f);
	for (size_t i = 0; i < NEEDS; i++)
		one_need(f, &needs[i], rows);
	fputs("</tbody></table></div>\n<p class=\"dim\">By the figures below; what is within a tenth of the best is as "
	      "good, and so is what the measurement cannot tell from it. They do not know "
	      "your program: one that waits for disks or databases will not feel any of this.</p></section>\n",
	      f);
}

/* The usual claims: a range for one figure, or for the ratio of two. */
static const struct claim {
	const char *claim, *figure, *unit, *model, *of; /* of: the model that it is a multiple of */
	double divide;
	double low, high;
	const char *below, *within, *above;
} claims[] = {
	{ "making a process: 1–10 ms", "create", "ns", "fork", NULL, 1, 1e6, 1e7,
	  "fork copies page tables, not memory: a small parent has few. See the figures with 64 MB and 1 GB.",
	  "most of it is copying page tables, taking them apart, and first touches of pages.",
	  "the machine is slow, or its memory management is emulated." },
	{ "making a process of 1 GB: 1–10 ms", "create-1gb", "ns", "fork", NULL, 1, 1e6, 1e7,
	  "huge pages have few page tables to be copied.",
	  "a quarter of a million page table entries are copied and taken apart.",
	  "the page tables of 1 GB are copied for the child, and each page gets write-protected." },
	{ "making a thread: 10–100 µs", "create", "ns", "pthread", NULL, 1, 1e4, 1e5,
	  "its stack is kept for the next one, and clone is quick.",
	  "clone, a wake-up, an end and a join are four trips to the kernel.", "the wake-up of another CPU is in it." },
	{ "switching processes: 1–10 µs", "pingpong", "ns", "fork", NULL, 2, 1e3, 1e4,
	  "address spaces have tags in the TLB today, so that little is lost.",
	  "a futex wake, a wait, and the scheduler in between.", "waking another CPU out of its sleep is in it." },
	{ "switching threads: 0.1–1 µs", "pingpong", "ns", "pthread", NULL, 2, 1e2, 1e3,
	  "less than a system call takes elsewhere.", "which is a futex wake, a wait, and the scheduler in between.",
	  "a futex wake and a wait, with the scheduler in between: the claim is of the switch alone, which nobody can "
	  "have alone." },
	{ "memory of a process: 10–100 MB", "memory-1k", "bytes", "fork", NULL, 1, 1e7, 1e8,
	  "a forked child shares what it does not write, and has page tables; the claim is of programs, with libraries "
	  "and heaps.",
	  "it has written that much.", "it has written that much." },
	{ "memory of a thread: 1–8 MB", "memory-1k", "bytes", "pthread", NULL, 1, 1 << 20, 8 << 20,
	  "the stack's megabytes are addresses: memory is what has been touched, and the kernel's own stack.",
	  "its stack has been touched.", "its stack has been touched." },
	{ "a process is about 100 times as dear as a thread: to make", "create", "ns", "fork", "pthread", 1, 50, 200,
	  "the kernel makes both by clone; a process adds its page tables.", "page tables make the difference.",
	  "page tables make the difference." },
	{ "… to switch", "pingpong", "ns", "fork", "pthread", 1, 50, 200,
	  "both are the same scheduler's; a process adds another page table.", "", "" },
	{ "… in memory", "memory-1k", "bytes", "fork", "pthread", 1, 50, 200,
	  "both have little of their own, and the same in the kernel; a process adds page tables.", "", "" },
	{ "a kernel thread is about 100 times as dear as a green one: to make", "create", "ns", "pthread", "green", 1,
	  50, 200, "kernel threads are quick here.", "no trip to the kernel.",
	  "no trip to the kernel, and a warm stack at hand." },
	{ "… to switch", "pingpong", "ns", "pthread", "green", 1, 50, 200, "", "no trip to the kernel.",
	  "no trip to the kernel." },
};
#define CLAIMS (sizeof(claims) / sizeof(claims[0]))

/* On one worker: how the claims are meant. */
static void one_claim(FILE *f, const struct claim *c, const struct rows *rows)
{
	const struct row *row = rows_find(rows, c->figure, c->unit, c->model, 0);
	const struct row *of = c->of ? rows_find(rows, c->figure, c->unit, c->of, 0) : NULL;
	double value;
	char text[32];

	fprintf(f, "<tr><td>%s</td>", c->claim);
	if (!row || (c->of && !of)) {
		fputs("<td>not measured</td><td></td><td></td></tr>\n", f);
		return;
	}
	value = row->estimate.median / (of ? of->estimate.median : c->divide);
	if (of)
		times(value, text, sizeof(text));
	else
		quantity(value, c->unit, text, sizeof(text));
	fprintf(f, "<td>%s%s</td><td><b>%s</b></td><td>%s</td></tr>\n", text, row->doubt[0] ? "&nbsp;?" : "",
		value < c->low	   ? "no, less"
		: value <= c->high ? "holds"
				   : "no, more",
		value < c->low	   ? c->below
		: value <= c->high ? c->within
				   : c->above);
}

void claims_write(FILE *f, const struct rows *rows)
{
	fputs("<section id=\"claims\"><h2>What is usually said</h2>\n<div class=\"scroll\"><table "
	      "class=\"prose\"><thead><tr><th>the "
	      "claim</th><th>measured</th><th>here</th><th>because</th></tr></thead><tbody>\n",
	      f);
	for (size_t i = 0; i < CLAIMS; i++)
		one_claim(f, &claims[i], rows);
	fputs("</tbody></table></div></section>\n", f);
}
