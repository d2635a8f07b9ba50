/* SPDX-License-Identifier: MIT */
/* The parts of the page of --html. */
#ifndef BENCH_PAGE_H
#define BENCH_PAGE_H

#include "question.h"
#include "report.h"

/* The models that there are figures of, as columns: those of weft-bench first, then peers. */
#define COLUMNS_MOST 16
struct columns {
	const char *model[COLUMNS_MOST];
	unsigned count;
};

/* A line of a table or a plot: a figure on some number of workers. */
struct line {
	const char *bench, *unit;
	unsigned workers;
	bool alone; /* it is the only number of workers of this figure */
};
#define LINES_MOST 256

/* page.c */
void page_text(FILE *f, const char *text); /* escaped */
const char *page_model(const char *model); /* as it is called in headings */
int page_class(const char *model);	   /* its number among the colours */

/* page_table.c: the models that there are rows of; those of some lines; the lines of a question, of which it returns the number */
void page_columns(struct columns *columns, const struct rows *rows);
struct columns page_columns_of(const struct columns *all, const struct line *lines, unsigned count,
			       const struct rows *rows);
unsigned page_lines(const struct question *question, const struct rows *rows, struct line *lines);
void page_table(FILE *f, const struct line *lines, unsigned count, const struct columns *columns,
		const struct rows *rows);

/* answer.c */
void answer_write(FILE *f, const struct rows *rows);
void claims_write(FILE *f, const struct rows *rows);

/* plot.c: those of the lines that have units of one kind, time, memory, rate or count; each kind is a plot. */
void plots_write(FILE *f, const struct line *lines, unsigned count, const struct columns *columns,
		 const struct rows *rows);

#endif
