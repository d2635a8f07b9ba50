/* SPDX-License-Identifier: MIT */
/*
 * Tables for people: a block for each bench, a line for each model, 80 columns; in colour on a terminal, unless NO_COLOR is
 * set. The ratio is to the green threads of the same number of workers; where a model had fewer units (it says so), per
 * unit, and marked "~". For a rate it is the inverse, so that more is dearer there, too. A "?" is a figure to doubt.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

#define WIDTH 80
#define NOTE_WIDTH 74
#define REASON_WIDTH 48

enum style { PLAIN, BOLD, DIM, WARN };

/* The escape sequence, or nothing. */
static const char *style(enum style s)
{
	static const char *const codes[] = { "\033[0m", "\033[1m", "\033[2m", "\033[33m" };
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	bool on = isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;

	return on ? codes[s] : "";
}

void table_head(const struct about *about, const struct options *options)
{
	printf("weft-bench %s: %s, %u CPU%s", about->version, about->cpu, about->cpus, about->cpus == 1 ? "" : "s");
	if (!options->from && peers_count() > 0 && options->peers)
		for (unsigned i = 0; i < peers_count(); i++)
			printf("%s %s", i ? "," : ", peers:", peers_name(i));
	printf("\nA model runs on as many CPUs as it has workers; two kernel threads or processes\n"
	       "that answer each other have one each. +-: 95 %% interval of the median; once: had\n"
	       "one round; min, p99: of batches; x green: by how much dearer than green;\n"
	       "?: doubtful.\n");
	fflush(stdout);
}

/* Green's row to compare with: the same figure and workers, else the fewest workers there are. */
static const struct row *green_of(const struct row *row, const struct rows *rows)
{
	const struct row *green = rows_find(rows, row->bench, row->unit, "green", row->workers);

	return green ? green : rows_find(rows, row->bench, row->unit, "green", 0);
}

static void print_ratio(const struct row *row, const struct row *green)
{
	bool fewer = green && row->size && green->size && row->size != green->size;
	bool per_unit = fewer && strcmp(row->unit, "ms") == 0;
	bool sleeps = strcmp(row->bench, "sleepers-wall") == 0; /* no time a unit: the longest sleep is in it */
	char text[32];
	double ratio;

	if (!green || green->estimate.median <= 0 || row->estimate.median <= 0 || strcmp(row->unit, "survivors") == 0 ||
	    (fewer && sleeps)) {
		printf(" %9s", "-");
		return;
	}
	ratio = row->estimate.median / green->estimate.median;
	if (row_is_rate(row))
		ratio = 1 / ratio;
	if (per_unit)
		ratio *= (double)green->size / (double)row->size;
	if (ratio < 0.095)
		snprintf(text, sizeof(text), "%.2g", ratio);
	else
		snprintf(text, sizeof(text), "%s%.*f", per_unit ? "~" : "", ratio < 100 ? 2 : 0, ratio);
	printf(" %9s", text);
}

/* How much of it fits in a line of that width, broken at a space. */
static size_t fitting(const char *note, size_t width)
{
	size_t cut = strlen(note);

	if (cut <= width)
		return cut;
	for (cut = width; cut > 1 && note[cut] != ' '; cut--)
		;
	return cut;
}

static void print_note(const char *note, enum style how)
{
	while (*note) {
		size_t cut = fitting(note, NOTE_WIDTH);

		printf("      %s%.*s%s\n", style(how), (int)cut, note, style(PLAIN));
		note += cut;
		note += strspn(note, " ");
	}
}

/* Where a model had other units than the green threads. */
static void print_size(const struct bench *bench, const struct row *row, const struct row *green)
{
	uint64_t usual = green ? green->size : bench->size[MODEL_GREEN];

	if (row->size == usual || row->size == 0 || strstr(row->note, "instead of"))
		return;
	printf("      %s", style(DIM));
	printf(bench->size_is_n ? "n = %llu" : "%llu units", (unsigned long long)row->size);
	printf("%s\n", style(PLAIN));
}

static void print_interval(const struct row *row)
{
	double spread = 100 * estimate_spread(&row->estimate);
	char text[16] = "";

	if (row->rounds == 1)
		snprintf(text, sizeof(text), "once");
	else if (isfinite(spread))
		snprintf(text, sizeof(text), "+-%.*f%%", spread < 9.95 ? 1 : 0, spread);
	printf("%s%s%s %7s", style(WARN), row->doubt[0] ? "?" : " ", style(PLAIN), text);
}

/* Has the first figure of the same run said it already? */
static bool is_said(const struct bench *bench, const struct row *row, const struct rows *rows)
{
	const struct row *first = rows_find(rows, bench->rows[0], bench->units[0], row->model, row->workers);

	return first && first != row && strcmp(first->note, row->note) == 0;
}

static void print_row(const struct bench *bench, const struct row *row, const struct rows *rows)
{
	const struct row *green = green_of(row, rows);
	char label[32], number[32];

	if (bench->instead)
		snprintf(label, sizeof(label), "%s", row->model);
	else
		snprintf(label, sizeof(label), "%.12s %u", row->model, row->workers);
	if (row->samples == 0) {
		size_t cut = fitting(row->note, REASON_WIDTH);

		printf("  %-15s %11s  %.*s\n", label, "-", (int)cut, row->note);
		print_note(row->note + cut + strspn(row->note + cut, " "), DIM);
		return;
	}
	printf("  %-15s %s%11s%s", label, style(BOLD),
	       quantity(row->estimate.median, row->unit, number, sizeof(number)), style(PLAIN));
	print_interval(row);
	printf(" %11s", quantity(row->min, row->unit, number, sizeof(number)));
	printf(" %11s", quantity(row->p99, row->unit, number, sizeof(number)));
	print_ratio(row, green);
	printf("\n");
	print_size(bench, row, green);
	if (!is_said(bench, row, rows))
		print_note(row->note, DIM);
}

/* On a line, or what it is on the next ones. */
static void print_title(const char *name, const char *what)
{
	bool fits = strlen(name) + strlen(what) + 2 <= WIDTH;

	printf("\n%s%s%s:%s%s\n", style(BOLD), name, style(PLAIN), fits ? " " : "", fits ? what : "");
	if (!fits)
		print_note(what, PLAIN);
}

static void print_columns(const char *first)
{
	printf("  %s%-15s %11s  %7s %11s %11s %9s%s\n", style(DIM), first, "median", "+-", "min", "p99", "x green",
	       style(PLAIN));
}

/* Figures that share a name have one heading, and their units below it. */
static void print_heading(const struct bench *bench, unsigned figure)
{
	const char *before = figure ? bench->rows[figure - 1] : "";
	char unit[32];

	snprintf(unit, sizeof(unit), "in %s", bench->units[figure]);
	if (strcmp(bench->rows[figure], before) == 0) {
		print_columns(unit);
		return;
	}
	print_title(bench->rows[figure], figure ? "of the same runs" : bench->what);
	print_columns("model, workers");
}

static void print_figure(const struct bench *bench, unsigned figure, const struct rows *rows)
{
	bool headed = false;

	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = rows->at[i];

		if (strcmp(row->bench, bench->rows[figure]) != 0 || strcmp(row->unit, bench->units[figure]) != 0)
			continue;
		if (!headed)
			print_heading(bench, figure);
		headed = true;
		print_row(bench, row, rows);
	}
}

void table_print(const struct bench *bench, const struct rows *rows)
{
	for (unsigned figure = 0; figure < BATCH_ROWS && bench->rows[figure]; figure++)
		print_figure(bench, figure, rows);
	fflush(stdout);
}

void table_foot(const struct about *about, const struct rows *rows)
{
	size_t empty = 0, doubtful = 0, once = 0;

	for (size_t i = 0; i < rows->count; i++) {
		empty += rows->at[i]->samples == 0;
		doubtful += rows->at[i]->doubt[0] != 0;
		once += rows->at[i]->rounds == 1;
	}
	printf("\n%zu figures in %.0f s.", rows->count - empty, about->seconds);
	if (empty)
		printf(" %zu could not be taken: the notes say why.", empty);
	printf("\n");
	if (once)
		printf("%zu had one round: how far apart rounds of these lie is not known.\n", once);
	if (doubtful)
		printf("%s%zu are doubtful (?).%s Other programs took %.2f of %u CPUs, the hypervisor %.1f %%.\n",
		       style(WARN), doubtful, style(PLAIN), about->noise.others, about->cpus,
		       100 * about->noise.stolen);
}
