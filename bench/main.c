/* SPDX-License-Identifier: MIT */
/* weft-bench: what processes, kernel threads and green threads cost. Measures, or reads figures; then reports. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "options.h"
#include "report.h"

static void print_tables(const struct options *options, const struct rows *rows)
{
	for (const struct bench *const *b = bench_all; *b; b++)
		if (bench_any_wanted(options, *b))
			table_print(*b, rows);
}

static void measure(const struct options *options, struct about *about, struct rows *rows)
{
	uint64_t begin = batch_now();

	about_here(about);
	snprintf(about->effort, sizeof(about->effort), "%s", options->effort->name);
	about->seed = options->seed;
	peers_find(options);
	if (options->peers)
		peers_versions(about->peers, sizeof(about->peers));
	(void)noise_now();
	table_head(about, options);
	bench_run_all(options, rows);
	about->pace = rows_settle(rows);
	if (run_interrupted)
		fputs("weft-bench: interrupted; what has been measured so far:\n", stderr);
	print_tables(options, rows);
	about->noise = noise_overall();
	about->seconds = (double)(batch_now() - begin) / 1e9;
}

static int from_file(const struct options *options, struct about *about, struct rows *rows)
{
	int error = json_read(options->from, about, rows);

	if (error)
		return error;
	table_head(about, options);
	print_tables(options, rows);
	return 0;
}

static int say(const char *path, int error)
{
	if (error)
		fprintf(stderr, "weft-bench: %s: %s\n", path, strerror(-error));
	return error ? 1 : 0;
}

static int compare(const struct about *about, const struct rows *rows, const struct about *before,
		   const struct rows *old)
{
	if (strcmp(about->cpu, before->cpu) != 0)
		printf("\nThe older figures are of another CPU (%s): they tell little.\n", before->cpu);
	return compare_print(old, rows);
}

/* The exit status. */
static int report(const struct options *o, const struct about *about, const struct rows *rows)
{
	int status = 0;

	table_foot(about, rows);
	if (o->json)
		status |= say(o->json, json_write(o->json, about, rows));
	if (o->csv)
		status |= say(o->csv, csv_write(o->csv, rows));
	if (o->html)
		status |= say(o->html, page_write(o->html, about, rows));
	if (status)
		return status;
	if (o->gate)
		return o->gate_update ? gate_update(o->gate, about, rows) : gate_check(o->gate, about, rows);
	return 0;
}

/* Before the minutes of measuring, not after; in a child, since the memory of a file that was read would make each fork dearer. */
static bool can_read(const char *path)
{
	struct rows rows = { NULL, 0 };
	struct about about;
	int status = -1;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(json_read(path, &about, &rows) != 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

int main(int argc, char **argv)
{
	struct options options = { .peers = true, .seed = batch_now() % 1000000 };
	struct rows rows = { NULL, 0 }, old = { NULL, 0 };
	struct about about, before;
	bool compares;
	int status;

	if (argc == 4 && strcmp(argv[1], ROUND_OPTION) == 0)
		round_main(argv[2], argv[3]);
	status = options_parse(argc, argv, &options);
	if (status >= 0)
		return status;
	if (options.compare && !can_read(options.compare))
		return 2;
	if (options.gate)
		gate_options(&options);
	if (options.from && from_file(&options, &about, &rows) != 0)
		return 2;
	if (!options.from)
		measure(&options, &about, &rows);
	compares = options.compare && json_read(options.compare, &before, &old) == 0; /* `report` may write there */
	status = report(&options, &about, &rows);
	if (status == 0 && options.compare)
		status = !compares ? 2 : compare(&about, &rows, &before, &old);
	if (run_interrupted)
		status = 128 + run_interrupted;
	rows_free(&rows);
	rows_free(&old);
	return status;
}
