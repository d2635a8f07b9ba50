/* SPDX-License-Identifier: MIT */
/* weft-bench: compares green threads, kernel threads, processes and other libraries. The command line. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "system.h"

#define WORKERS_MAX 256

static const char usage[] =
	"usage: weft-bench [options]\n"
	"Measures what green threads, pthreads and processes (and the peers found) cost, and what a crash costs them.\n"
	"  --only NAME,NAME   only these figures (see --list)\n"
	"  --workers N        on N workers (1 to 256); default: on 1 and on 2\n"
	"  --json FILE        write the figures to FILE too\n"
	"  --peers-dir DIR    look for weft-peer-* programs here only\n"
	"  --no-peers         leave the peers out\n"
	"  --list             name the figures and end\n"
	"  --help             this text\n";

static int wrong(const char *format, const char *what)
{
	fputs("weft-bench: ", stderr);
	fprintf(stderr, format, what);
	fputs("; --help tells more\n", stderr);
	return 2;
}

static int list(void)
{
	for (const struct bench *const *b = bench_all; *b; b++)
		for (int i = 0; i < BATCH_ROWS && (*b)->rows[i]; i++)
			printf("%-18s %-9s %s\n", (*b)->rows[i], (*b)->units[i], (*b)->what);
	return 0;
}

static bool is_row(const char *name, size_t length)
{
	for (const struct bench *const *b = bench_all; *b; b++)
		for (int i = 0; i < BATCH_ROWS && (*b)->rows[i]; i++)
			if (strlen((*b)->rows[i]) == length && strncmp((*b)->rows[i], name, length) == 0)
				return true;
	return false;
}

/* The first name in the list that is no figure; NULL if all are. */
static const char *unknown(const char *only)
{
	static char name[64];

	for (size_t length; *only; only += length + (only[length] == ',')) {
		length = strcspn(only, ",");
		if (is_row(only, length))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)length, only);
		return name;
	}
	return NULL;
}

static int number(const char *text, unsigned *n)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value < 1 || value > WORKERS_MAX)
		return -EINVAL;
	*n = (unsigned)value;
	return 0;
}

/* -1: go on; else the exit status. */
static int parse(int argc, char **argv, struct options *o)
{
	/* clang-format off */
	static const struct option longs[] = {
		{ "only", required_argument, NULL, 'o' }, { "workers", required_argument, NULL, 'w' },
		{ "json", required_argument, NULL, 'j' }, { "peers-dir", required_argument, NULL, 'p' },
		{ "no-peers", no_argument, NULL, 'n' },   { "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },       { NULL, 0, NULL, 0 },
	};
	/* clang-format on */
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", longs, NULL)) != -1)
		switch (c) {
		case 'o':
			o->only = optarg;
			if (unknown(optarg))
				return wrong("no figure is called '%s': --list names them", unknown(optarg));
			if (!*optarg)
				return wrong("--only wants names%s", "");
			break;
		case 'w':
			if (number(optarg, &o->workers) != 0)
				return wrong("--workers wants a number from 1 to 256, not '%s'", optarg);
			break;
		case 'j':
			o->json = optarg;
			break;
		case 'p':
			o->peers_dir = optarg;
			break;
		case 'n':
			o->peers = false;
			break;
		case 'l':
			return list();
		case 'h':
			fputs(usage, stdout);
			return 0;
		case ':':
			return wrong("%s wants a value", argv[optind - 1]);
		default:
			return wrong("what is '%s'?", argv[optind - 1]);
		}
	return optind < argc ? wrong("what is '%s'?", argv[optind]) : -1;
}

/* Fail before the minutes of measuring, not after. */
static int can_write(const char *path)
{
	FILE *f = path ? fopen(path, "ae") : NULL;

	if (f)
		fclose(f);
	return path && !f ? wrong("cannot write '%s'", path) : 0;
}

static int finish(const struct options *options, const struct rows *rows)
{
	size_t empty = 0;
	int error;

	for (size_t i = 0; i < rows->count; i++)
		empty += rows->at[i].stats.n == 0;
	if (empty)
		printf("\n%zu of %zu figures could not be taken: the notes say why.\n", empty, rows->count);
	if (!options->json)
		return 0;
	error = json_write(options->json, rows);
	if (error)
		fprintf(stderr, "weft-bench: %s: %s\n", options->json, strerror(-error));
	return error ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct options options = { .peers = true };
	struct rows rows = { NULL, 0 };
	int status = parse(argc, argv, &options);

	if (status >= 0)
		return status;
	if (can_write(options.json) != 0)
		return 2;
	(void)system_cpus(); /* as it is now: measurements are confined later */
	peers_find(&options);
	table_head(&options);
	for (const struct bench *const *b = bench_all; *b; b++) {
		size_t first = rows.count;

		if (!bench_wanted(&options, (*b)->rows[0]) && !bench_wanted(&options, (*b)->rows[1]))
			continue;
		bench_run(*b, &options, &rows);
		table_print(*b, &rows, first);
	}
	status = finish(&options, &rows);
	free(rows.at);
	return status;
}
