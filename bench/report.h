/* SPDX-License-Identifier: MIT */
/* What becomes of the rows: tables, files, comparisons. A file function returns 0 or a negative errno value. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "about.h"
#include "harness.h"

/* table.c: on stdout, for people */
void table_head(const struct about *about, const struct options *options);
void table_print(const struct bench *bench, const struct rows *rows);
void table_foot(const struct about *about, const struct rows *rows);

/* json.c, csv.c, page.c */
int json_write(const char *path, const struct about *about, const struct rows *rows);
int csv_write(const char *path, const struct rows *rows);
int page_write(const char *path, const struct about *about, const struct rows *rows);

/* read.c: a file of json_write. What is wrong with it has been said on stderr if the answer is not 0. */
int json_read(const char *path, struct about *about, struct rows *rows);

/* compare.c: print which figures moved. The exit status: 0, or 3 if some are worse. */
int compare_print(const struct rows *old, const struct rows *new);

/* gate.c: hot paths by their ratio to a floor of the same run, against a file, or into it. An exit status. */
int gate_check(const char *path, const struct about *about, const struct rows *rows);
int gate_update(const char *path, const struct about *about, const struct rows *rows);
void gate_options(struct options *options); /* measure what it needs */

#endif
