/* SPDX-License-Identifier: MIT */
/* Rows: how they grow, and what there is to doubt of them. See row.h. */
#include "row.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "system.h"

#define OTHERS_MOST 0.15 /* CPUs */
#define STOLEN_MOST 0.02
#define SPREAD_MOST 0.10

/*
 * Zeroed memory for good, which no child has: what has been measured so far would cost a fork more and more, and a child that
 * scribbles could spoil it.
 */
static void *own_memory(size_t size)
{
	enum { CHUNK = 1 << 22 };
	static char *chunk;
	static size_t left;

	size = (size + 15) / 16 * 16;
	if (size > left) {
		left = size > CHUNK ? size : CHUNK;
		chunk = mmap(NULL, left, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		system_must(chunk == MAP_FAILED ? NULL : chunk);
		(void)madvise(chunk, left, MADV_DONTFORK);
	}
	left -= size;
	return chunk + left;
}

struct row *rows_add(struct rows *rows)
{
	if (rows->count % 64 == 0)
		rows->at = system_must(realloc(rows->at, (rows->count + 64) * sizeof(*rows->at)));
	return rows->at[rows->count++] = own_memory(sizeof(struct row));
}

void rows_free(struct rows *rows)
{
	free(rows->at);
	*rows = (struct rows){ 0 };
}

static void keep(struct row *row, const double *samples, unsigned n)
{
	if (row->samples + n > row->room) {
		double *all = row->all;

		row->room = 4 * (row->samples + n);
		row->all = own_memory(row->room * sizeof(double));
		if (row->samples)
			memcpy(row->all, all, row->samples * sizeof(double));
	}
	memcpy(row->all + row->samples, samples, n * sizeof(double));
	row->samples += n;
}

static double mean(double old, double value, unsigned n)
{
	return old + (value - old) / n;
}

double row_in_steps(const struct row *row, double value, double pace)
{
	if (pace <= 0)
		return value;
	return row_is_time(row) ? value / pace : row_is_rate(row) ? value * pace : value;
}

void row_round(struct row *row, double *samples, unsigned n, const struct beside *beside)
{
	if (n == 0)
		return;
	if (row->rounds < ROW_ROUNDS) {
		row->pace[row->rounds] = beside->pace;
		row->round[row->rounds++] = batch_stats(samples, n).median;
	}
	for (unsigned i = 0; i < n; i++)
		samples[i] = row_in_steps(row, samples[i], beside->pace);
	keep(row, samples, n);
	row->noise.others = mean(row->noise.others, beside->noise.others, row->rounds);
	row->noise.stolen = mean(row->noise.stolen, beside->noise.stolen, row->rounds);
	row->preempted = mean(row->preempted, beside->preempted, row->rounds);
}

void row_restart(struct row *row)
{
	row->rounds = row->samples = 0;
}

static __attribute__((format(printf, 2, 3))) void doubt(struct row *row, const char *format, ...)
{
	char more[ROW_DOUBT];
	size_t used = strlen(row->doubt);
	va_list args;

	va_start(args, format);
	vsnprintf(more, sizeof(more), format, args);
	va_end(args);
	snprintf(row->doubt + used, sizeof(row->doubt) - used, "%s%s", used ? "; " : "", more);
}

static void find_doubts(struct row *row)
{
	double spread = estimate_spread(&row->estimate);
	bool timed = strcmp(row->unit, "survivors") != 0; /* who lives is no matter of who else uses the CPUs */

	row->doubt[0] = 0;
	if (timed && row->noise.others > OTHERS_MOST)
		doubt(row, "other programs took %.1f CPUs", row->noise.others);
	if (timed && row->noise.stolen > STOLEN_MOST)
		doubt(row, "the hypervisor took %.0f %% of the CPUs", 100 * row->noise.stolen);
	if (row_is_time(row) && row->estimate.median < 0)
		doubt(row, "a difference that is lost in the noise");
	else if (isfinite(spread) && spread > SPREAD_MOST)
		doubt(row, "wide interval, +-%.0f %%", 100 * spread);
}

void row_rounds_in_steps(const struct row *row, double values[ROW_ROUNDS])
{
	for (unsigned i = 0; i < row->rounds; i++)
		values[i] = row_in_steps(row, row->round[i], row->pace[i]);
}

void row_estimate(struct row *row)
{
	double rounds[ROW_ROUNDS];
	struct batch_stats s;

	if (row->samples == 0)
		return;
	s = batch_stats(row->all, row->samples);
	row->min = s.min;
	row->max = s.max;
	row->p99 = s.p99;
	row_rounds_in_steps(row, rounds);
	row->estimate =
		row->rounds == 1 ? estimate_median(row->all, row->samples) : estimate_median(rounds, row->rounds);
	find_doubts(row);
}

static void settle(struct row *row, double pace)
{
	double *const values[] = {
		&row->estimate.median, &row->estimate.low, &row->estimate.high, &row->min, &row->max, &row->p99
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		*values[i] = row_in_steps(row, *values[i], 1 / pace);
}

double rows_settle(struct rows *rows)
{
	double fastest = 0;

	for (size_t i = 0; i < rows->count; i++)
		for (unsigned k = 0; k < rows->at[i]->rounds; k++) {
			double pace = rows->at[i]->pace[k];

			fastest = pace > 0 && (fastest <= 0 || pace < fastest) ? pace : fastest;
		}
	for (size_t i = 0; i < rows->count && fastest > 0; i++)
		if (rows->at[i]->rounds > 0 && rows->at[i]->pace[0] > 0)
			settle(rows->at[i], fastest);
	return fastest;
}

bool row_is_rate(const struct row *row)
{
	return strcmp(row->unit, "Mops") == 0 || strcmp(row->unit, "Melem") == 0 || strcmp(row->unit, "MB/s") == 0 ||
	       strcmp(row->unit, "req/s") == 0;
}

bool row_is_time(const struct row *row)
{
	return strcmp(row->unit, "ns") == 0 || strcmp(row->unit, "us") == 0 || strcmp(row->unit, "ms") == 0;
}

const struct row *rows_find(const struct rows *rows, const char *bench, const char *unit, const char *model,
			    unsigned workers)
{
	const struct row *found = NULL;

	for (size_t i = 0; i < rows->count; i++) {
		const struct row *r = rows->at[i];

		if (strcmp(r->bench, bench) != 0 || (unit && strcmp(r->unit, unit) != 0) ||
		    strcmp(r->model, model) != 0 || r->samples == 0)
			continue;
		if (r->workers == workers)
			return r;
		if (workers == 0 && (!found || r->workers < found->workers))
			found = r;
	}
	return found;
}

static int decimals(double value)
{
	if (value < 10)
		return 2;
	return value < 100 ? 1 : 0;
}

static const char *scaled(double value, const char *const *units, size_t scale, size_t last, double step, char *buffer,
			  size_t size)
{
	for (; fabs(value) >= (step < 1024 ? 10000 : 10240) && scale < last; scale++)
		value /= step;
	snprintf(buffer, size, "%.*f %s", decimals(fabs(value)), value, units[scale]);
	return buffer;
}

const char *quantity(double value, const char *unit, char *buffer, size_t size)
{
	static const char *const times[] = { "ns", "us", "ms", "s" }, *const bytes[] = { "B", "KiB", "MiB", "GiB" };

	if (strcmp(unit, "bytes") == 0)
		return scaled(value, bytes, 0, 3, 1024, buffer, size);
	if (strcmp(unit, "ns") == 0 || strcmp(unit, "us") == 0 || strcmp(unit, "ms") == 0)
		return scaled(value, times, strcmp(unit, "ms") == 0 ? 2 : strcmp(unit, "us") == 0, 3, 1000, buffer,
			      size);
	if (strcmp(unit, "survivors") == 0)
		snprintf(buffer, size, "%.0f", value);
	else if (strcmp(unit, "ratio") == 0)
		snprintf(buffer, size, "%.3f", value);
	else
		snprintf(buffer, size, "%.*f %s", value < 1 ? 3 : decimals(value), value, unit);
	return buffer;
}
