/* SPDX-License-Identifier: MIT */
/*
 * The gate: hot paths on one worker, each as a ratio to a floor of the same run, so that a machine's clock does not count.
 * Of both the best batch counts, which other programs disturbed least. The ratios are held against those of a file, in
 * which a line is FIGURE FLOOR RATIO. Another kind of CPU has other ratios: then nothing is judged. A figure that is over
 * a second time, too, is for who calls: see dev.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

#define SLOWER 1.10 /* found: by a tenth, so that a slow-down of 15 % is seen through 5 % of noise */

static const struct {
	const char *figure, *model, *floor, *floor_model;
} hot[] = {
	{ "switch-raw", "green", "call", "floor" },
	{ "yield-2", "green", "switch-raw", "green" },
	{ "yield-1000", "green", "switch-raw", "green" },
	{ "create", "green", "switch-raw", "green" },
	{ "create-many", "green", "switch-raw", "green" },
	{ "pingpong", "green", "switch-raw", "green" },
	{ "mutex", "green", "call", "floor" },
	{ "sem", "green", "switch-raw", "green" },
	{ "condvar", "green", "switch-raw", "green" },
	{ "chan", "green", "switch-raw", "green" },
	{ "select-2", "green", "call", "floor" },
	{ "timer", "green", "call", "floor" },
	{ "local", "green", "call", "floor" },
	{ "scope-10", "green", "switch-raw", "green" },
	{ "pipe", "green", "syscall", "floor" },
	{ "socketpair", "green", "syscall", "floor" },
};
#define HOT (sizeof(hot) / sizeof(hot[0]))

void gate_options(struct options *options)
{
	static char list[512] = "call,syscall";

	options->only = list;
	options->models = "green";
	options->workers[0] = options->counts = 1;
	options->peers = false;
	for (size_t i = 0, used = strlen(list); i < HOT; i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, ",%s", hot[i].figure);
}

/* Of all batches the best, which nobody disturbed. 0: there is none. */
static double best(const struct rows *rows, const char *figure, const char *model)
{
	const struct row *row = rows_find(rows, figure, NULL, model, 1);

	return row ? row->min : 0;
}

/* 0: there is none. */
static double ratio_of(const struct rows *rows, size_t i)
{
	double floor = best(rows, hot[i].floor, hot[i].floor_model);

	return floor > 0 ? best(rows, hot[i].figure, hot[i].model) / floor : 0;
}

int gate_update(const char *path, const struct about *about, const struct rows *rows)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return 1;
	fprintf(f,
		"# What ./dev bench --gate holds the hot paths against; written by ./dev bench --gate-update.\n"
		"# cpu: %s\n# compiler: %s\n# figure, floor, ratio\n",
		about->cpu, about->compiler);
	for (size_t i = 0; i < HOT; i++)
		if (ratio_of(rows, i) > 0)
			fprintf(f, "%s %s %.3f\n", hot[i].figure, hot[i].floor, ratio_of(rows, i));
	return fclose(f) != 0;
}

/* True: it is as it was, or cannot be judged. */
static bool hold(const struct rows *rows, const char *figure, double recorded)
{
	for (size_t i = 0; i < HOT; i++) {
		double now = ratio_of(rows, i);

		if (strcmp(hot[i].figure, figure) != 0 || now <= 0)
			continue;
		printf("  %-14s %-12s %9.2f %9.2f %+7.1f %%%s\n", figure, hot[i].floor, recorded, now,
		       100 * (now / recorded - 1), now > SLOWER * recorded ? "  SLOWER" : "");
		return now <= SLOWER * recorded;
	}
	printf("  %-14s was not measured\n", figure);
	return true;
}

/* "# cpu: " and what is recorded. */
static bool same_cpu(const char *line, const struct about *about)
{
	size_t length = strlen("# cpu: "), model = strcspn(line + length, "\n");

	return strlen(about->cpu) == model && strncmp(line + length, about->cpu, model) == 0;
}

int gate_check(const char *path, const struct about *about, const struct rows *rows)
{
	char line[256], figure[64];
	bool judged = true, good = true;
	double recorded;
	FILE *f = fopen(path, "re");

	if (!f)
		return 1;
	printf("\nThe gate: best batches, as ratios to a floor of the same run\n  %-14s %-12s %9s %9s %9s\n", "figure",
	       "floor", "recorded", "now", "change");
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "# cpu: ", 7) == 0)
			judged = same_cpu(line, about);
		else if (line[0] != '#' && sscanf(line, "%63s %*s %lf", figure, &recorded) == 2 && recorded > 0)
			good &= hold(rows, figure, recorded);
	}
	fclose(f);
	if (!judged)
		printf("Recorded on another CPU, whose ratios are others: not judged. ./dev bench --gate COMMIT "
		       "compares with a commit "
		       "here.\n");
	return judged && !good ? 3 : 0;
}
