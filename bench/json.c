/* SPDX-License-Identifier: MIT */
/* The rows as a JSON object, with what is needed to know where they come from. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "arch/arch.h"
#include "harness.h"
#include "system.h"

#ifndef WEFT_COMMIT /* by configure: git describe --always --dirty */
#define WEFT_COMMIT "unknown"
#endif

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

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

static void head(FILE *f)
{
	struct utsname u;
	char text[256];
	time_t now = time(NULL);
	struct tm tm;

	uname(&u);
	member(f, "machine", u.machine);
	member(f, "cpu", system_cpu_model());
	fprintf(f, "  \"cpus\": %u,\n", system_cpus());
	snprintf(text, sizeof(text), "%.60s %.120s", u.sysname, u.release);
	member(f, "kernel", text);
	member(f, "compiler", COMPILER);
	member(f, "version", weft_version());
	member(f, "arch", WEFT_ARCH_NAME);
	member(f, "commit", WEFT_COMMIT);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	member(f, "date", text);
}

static void figures(FILE *f, const struct batch_stats *s)
{
	if (s->n == 0)
		fputs("\"median\": null, \"min\": null, \"max\": null, \"p99\": null", f);
	else
		fprintf(f, "\"median\": %.6g, \"min\": %.6g, \"max\": %.6g, \"p99\": %.6g", s->median, s->min, s->max,
			s->p99);
}

static void one_row(FILE *f, const struct row *row)
{
	fprintf(f, "    {\"bench\": \"%s\", \"model\": \"%s\", \"workers\": %u, \"unit\": \"%s\", \"n\": %u, ",
		row->bench, row->model, row->workers, row->unit, row->stats.n);
	figures(f, &row->stats);
	if (row->size)
		fprintf(f, ", \"size\": %llu", (unsigned long long)row->size);
	if (row->note[0]) {
		fputs(", \"note\": ", f);
		string(f, row->note);
	}
	fputc('}', f);
}

int json_write(const char *path, const struct rows *rows)
{
	FILE *f = fopen(path, "we");
	bool failed;

	if (!f)
		return -errno;
	fputs("{\n", f);
	head(f);
	fputs("  \"rows\": [\n", f);
	for (size_t i = 0; i < rows->count; i++) {
		one_row(f, &rows->at[i]);
		fputs(i + 1 < rows->count ? ",\n" : "\n", f);
	}
	fputs("  ]\n}\n", f);
	failed = ferror(f) != 0;
	return fclose(f) != 0 || failed ? -EIO : 0;
}
