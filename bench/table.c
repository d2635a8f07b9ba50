/* SPDX-License-Identifier: MIT */
/*
 * Tables for people: a block for each bench, a line for each model, 80 columns. The ratio is to the green threads of
 * the same number of workers; where a model had fewer units (it says so), per unit, and marked "~". For a rate it is
 * the inverse, so that more is dearer there, too.
 */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "system.h"

#define NOTE_WIDTH 74

void table_head(const struct options *options)
{
	printf("weft-bench %s: %s, %u CPU%s", weft_version(), system_cpu_model(), system_cpus(),
	       system_cpus() == 1 ? "" : "s");
	if (!options->peers)
		printf(", no peers");
	else if (peers_count() > 0)
		printf(", peers:");
	for (unsigned i = 0; options->peers && i < peers_count(); i++)
		printf("%s %s", i ? "," : "", peers_name(i));
	printf("\nA model runs on as many CPUs as it has workers. min, p99: of batches.\n");
	fflush(stdout);
}

static bool is_rate(const char *unit)
{
	return strcmp(unit, "Mops") == 0 || strcmp(unit, "Melem") == 0;
}

static int decimals(double value)
{
	if (value < 10)
		return 2;
	return value < 100 ? 1 : 0;
}

/* Four digits, and the unit that a person would use. */
static const char *quantity(double value, const char *unit, char *buffer, size_t size)
{
	static const char *const times[] = { "ns", "us", "ms", "s" };
	size_t scale = strcmp(unit, "ms") == 0 ? 2 : strcmp(unit, "us") == 0;

	if (strcmp(unit, "bytes") == 0 || strcmp(unit, "survivors") == 0) {
		snprintf(buffer, size, "%.0f%s", value, *unit == 'b' ? " B" : "");
		return buffer;
	}
	if (strcmp(unit, "ratio") == 0) {
		snprintf(buffer, size, "%.3f", value);
		return buffer;
	}
	if (is_rate(unit)) {
		snprintf(buffer, size, "%.*f %s", value < 1 ? 3 : decimals(value), value, unit);
		return buffer;
	}
	for (; value >= 10000 && scale < 3; scale++)
		value /= 1000;
	snprintf(buffer, size, "%.*f %s", decimals(value), value, times[scale]);
	return buffer;
}

/* Green's row to compare with: the same bench and workers, else the fewest workers there are. */
static const struct row *green_of(const struct row *row, const struct rows *rows, size_t first)
{
	const struct row *found = NULL;

	for (size_t i = first; i < rows->count; i++) {
		const struct row *r = &rows->at[i];

		if (strcmp(r->bench, row->bench) != 0 || strcmp(r->unit, row->unit) != 0 ||
		    strcmp(r->model, "green") != 0 || r->stats.n == 0)
			continue;
		if (!found || r->workers == row->workers)
			found = r;
	}
	return found;
}

static void print_ratio(const struct row *row, const struct row *green)
{
	bool fewer = green && row->size && green->size && row->size != green->size;
	bool per_unit = fewer && strcmp(row->unit, "ms") == 0;
	bool sleeps = strcmp(row->bench, "sleepers-wall") == 0; /* no time a unit: the longest sleep is in it */
	char text[32];
	double ratio;

	if (!green || green->stats.median == 0 || strcmp(row->unit, "survivors") == 0 || (fewer && sleeps)) {
		printf(" %9s", "-");
		return;
	}
	ratio = row->stats.median / green->stats.median;
	if (is_rate(row->unit))
		ratio = 1 / ratio;
	if (per_unit)
		ratio *= (double)green->size / (double)row->size;
	snprintf(text, sizeof(text), "%s%.*f", per_unit ? "~" : "", ratio < 100 ? 2 : 0, ratio);
	printf(" %9s", text);
}

/* In lines of NOTE_WIDTH, broken at spaces. */
static void print_note(const char *note)
{
	while (*note) {
		size_t cut = strlen(note);

		if (cut > NOTE_WIDTH) {
			cut = NOTE_WIDTH;
			while (cut > 1 && note[cut] != ' ')
				cut--;
		}
		printf("      %.*s\n", (int)cut, note);
		note += cut;
		note += strspn(note, " ");
	}
}

/* Where a model had other units than the bench is about. */
static void print_size(const struct bench *bench, const struct row *row)
{
	if (row->size == bench->size[MODEL_GREEN])
		return;
	printf(bench->size_is_n ? "  n = %llu" : "  %llu units", (unsigned long long)row->size);
}

static void print_row(const struct bench *bench, const struct row *row, const struct row *green)
{
	char label[64], median[32], min[32], p99[32];

	snprintf(label, sizeof(label), "%s %u", row->model, row->workers);
	if (row->stats.n == 0) {
		printf("  %-16s %11s  %s\n", label, "-", row->note);
		return;
	}
	printf("  %-16s %11s %11s %11s", label, quantity(row->stats.median, row->unit, median, sizeof(median)),
	       quantity(row->stats.min, row->unit, min, sizeof(min)),
	       quantity(row->stats.p99, row->unit, p99, sizeof(p99)));
	print_ratio(row, green);
	print_size(bench, row);
	printf("\n");
	print_note(row->note);
}

static void print_figure(const struct bench *bench, int figure, const struct rows *rows, size_t first)
{
	bool headed = false;

	for (size_t i = first; i < rows->count; i++) {
		const struct row *row = &rows->at[i];

		if (strcmp(row->bench, bench->rows[figure]) != 0 || strcmp(row->unit, bench->units[figure]) != 0)
			continue;
		if (!headed)
			printf("\n%s: %s\n  %-16s %11s %11s %11s %9s\n", row->bench, bench->what, "model, workers",
			       "median", "min", "p99", "x green");
		headed = true;
		print_row(bench, row, green_of(row, rows, first));
	}
}

void table_print(const struct bench *bench, const struct rows *rows, size_t first)
{
	progress_done();
	for (int figure = 0; figure < BATCH_ROWS && bench->rows[figure]; figure++)
		print_figure(bench, figure, rows, first);
	fflush(stdout);
}
