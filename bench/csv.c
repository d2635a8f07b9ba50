/* SPDX-License-Identifier: MIT */
/* The rows as comma-separated values (RFC 4180, but for plain newlines): a header, then a line for each. */
#include <errno.h>
#include <stdio.h>

#include "report.h"

static void quoted(FILE *f, const char *s)
{
	fputs(",\"", f);
	for (; *s; s++) {
		if (*s == '"')
			fputc('"', f);
		fputc(*s, f);
	}
	fputc('"', f);
}

static void one_row(FILE *f, const struct row *row)
{
	const struct estimate *e = &row->estimate;

	fprintf(f, "%s,%s,%u,%s,%llu,%u,%u", row->bench, row->model, row->workers, row->unit,
		(unsigned long long)row->size, row->rounds, row->samples);
	if (row->samples)
		fprintf(f, ",%.7g,%.7g,%.7g,%.4f,%.7g,%.7g,%.7g", e->median, e->low, e->high, e->confidence, row->min,
			row->max, row->p99);
	else
		fputs(",,,,,,,", f);
	quoted(f, row->doubt);
	quoted(f, row->note);
	fputc('\n', f);
}

int csv_write(const char *path, const struct rows *rows)
{
	FILE *f = fopen(path, "we");
	bool failed;

	if (!f)
		return -errno;
	fputs("bench,model,workers,unit,size,rounds,samples,median,low,high,confidence,min,max,p99,doubt,note\n", f);
	for (size_t i = 0; i < rows->count; i++)
		one_row(f, rows->at[i]);
	failed = ferror(f) != 0;
	return fclose(f) != 0 || failed ? -EIO : 0;
}
