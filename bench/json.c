/* SPDX-License-Identifier: MIT */
/* The rows as a JSON object, with what is needed to know where they come from: docs/bench-schema.md. */
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "report.h"
#include "schema.h"

static void string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			fprintf(f, "\\u%04x", (unsigned)*s);
		else
			fputc(*s, f);
	}
	fputc('"', f);
}

static void member(FILE *f, const char *name, const char *value)
{
	fprintf(f, "  \"%s\": ", name);
	string(f, value);
	fputs(",\n", f);
}

static void head(FILE *f, const struct about *about)
{
	struct about copy = *about;
	struct about_text texts[ABOUT_TEXTS];

	member(f, "schema", SCHEMA);
	about_texts(&copy, texts);
	for (int i = 0; i < ABOUT_TEXTS; i++)
		member(f, texts[i].name, texts[i].text);
	fprintf(f, "  \"cpus\": %u,\n  \"seconds\": %.1f,\n  \"clock_ns\": %.0f,\n  \"seed\": %llu,\n", about->cpus,
		about->seconds, about->clock_ns, (unsigned long long)about->seed);
	fprintf(f, "  \"pace\": %.4g,\n  \"others\": %.3f,\n  \"stolen\": %.4f,\n", about->pace, about->noise.others,
		about->noise.stolen);
}

/* As much as is measured: what follows is noise. JSON has no word for what is not finite. */
static void number(FILE *f, const char *name, double value)
{
	fprintf(f, isfinite(value) ? ", \"%s\": %.7g" : ", \"%s\": null", name, value);
}

static void numbers(FILE *f, const char *name, const double *values, unsigned n, int digits)
{
	fprintf(f, ", \"%s\": [", name);
	for (unsigned i = 0; i < n; i++)
		fprintf(f, "%s%.*g", i ? ", " : "", digits, values[i]);
	fputc(']', f);
}

static void figures(FILE *f, const struct row *row)
{
	const struct estimate *e = &row->estimate;

	if (row->samples == 0) {
		fputs(", \"median\": null, \"low\": null, \"high\": null, \"confidence\": null, \"min\": null, "
		      "\"max\": null, "
		      "\"p99\": null, \"rounds\": []",
		      f);
		return;
	}
	number(f, "median", e->median);
	number(f, "low", e->low);
	number(f, "high", e->high);
	fprintf(f, ", \"confidence\": %.4f", e->confidence);
	number(f, "min", row->min);
	number(f, "max", row->max);
	number(f, "p99", row->p99);
	numbers(f, "rounds", row->round, row->rounds, 7);
	numbers(f, "paces", row->pace, row->rounds, 4);
	fprintf(f, ", \"others\": %.3f, \"stolen\": %.4f, \"preempted\": %.1f", row->noise.others, row->noise.stolen,
		row->preempted);
}

static void one_row(FILE *f, const struct row *row)
{
	fprintf(f, "    {\"bench\": \"%s\", \"model\": \"%s\", \"workers\": %u, \"unit\": \"%s\", \"n\": %u",
		row->bench, row->model, row->workers, row->unit, row->samples);
	figures(f, row);
	if (row->size)
		fprintf(f, ", \"size\": %llu", (unsigned long long)row->size);
	if (row->doubt[0]) {
		fputs(", \"doubt\": ", f);
		string(f, row->doubt);
	}
	if (row->note[0]) {
		fputs(", \"note\": ", f);
		string(f, row->note);
	}
	fputc('}', f);
}

int json_write(const char *path, const struct about *about, const struct rows *rows)
{
	FILE *f = fopen(path, "we");
	bool failed;

	if (!f)
		return -errno;
	fputs("{\n", f);
	head(f, about);
	fputs("  \"rows\": [\n", f);
	for (size_t i = 0; i < rows->count; i++) {
		one_row(f, rows->at[i]);
		fputs(i + 1 < rows->count ? ",\n" : "\n", f);
	}
	fputs("  ]\n}\n", f);
	failed = ferror(f) != 0;
	return fclose(f) != 0 || failed ? -EIO : 0;
}
