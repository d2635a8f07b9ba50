/* SPDX-License-Identifier: MIT */
/* The command line. Every mistake in it is found before anything is measured. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system.h"

enum { LIST_NAMES = 24 }; /* columns */

static const char usage[] =
	"usage: weft-bench [options]\n"
	"What processes, kernel threads and green threads cost on this machine, and what a crash costs each.\n"
	"\n"
	"  --quick            two minutes (the default)\n"
	"  --full             all sizes, more rounds, narrower intervals: half an hour\n"
	"  --bench NAME,...   only these figures (--list names them)\n"
	"  --model NAME,...   only these models: green, contained, bound, pthread, fork, vfork,\n"
	"                     posix_spawn, and peers\n"
	"  --workers N,...    on so many workers, 1 to 256; default: on 1 and on 2\n"
	"  --pin LIST         use only these CPUs, for instance 0-3,6\n"
	"  --seed N           of the order in which models have their turns\n"
	"  --peers-dir DIR    look for weft-peer-* programs here only\n"
	"  --no-peers         leave the peers out\n"
	"\n"
	"  --html FILE        write one page that answers, with tables and plots\n"
	"  --json FILE        write the figures for other programs\n"
	"  --csv FILE         the same as a table\n"
	"  --compare OLD      which figures are others than in OLD, a file of --json; exit status 3: some are worse\n"
	"  --from FILE        measure nothing, take the figures of FILE, a file of --json\n"
	"\n"
	"  --list             name the figures and end\n"
	"  --help             this text\n";

static const struct effort efforts[] = {
	{ .name = "quick",
	  .total_ns = 114000000000u,
	  .round_ns = 2000000u,
	  .lap_ns = 8000000u,
	  .long_ns = 400000000u,
	  .rounds = 6,
	  .rounds_most = 60,
	  .narrow = 0.02,
	  .limit_seconds = 20 },
	{ .name = "full",
	  .full = true,
	  .round_ns = 60000000u,
	  .lap_ns = 100000000u,
	  .long_ns = 4000000000u,
	  .rounds = 10,
	  .rounds_most = 40,
	  .narrow = 0.01,
	  .limit_seconds = 60 },
};

int options_wrong(const char *format, const char *what)
{
	fputs("weft-bench: ", stderr);
	fprintf(stderr, format, what);
	fputs("; --help tells more\n", stderr);
	return 2;
}

/* A name and its unit, or another unit of the same name. */
static int list_figure(const struct bench *bench, unsigned i)
{
	const char *before = i ? bench->rows[i - 1] : "";

	if (strcmp(bench->rows[i], before) == 0)
		return printf("|%s", bench->units[i]);
	return printf(i ? " %s %s" : "%s %s", bench->rows[i], bench->units[i]);
}

/* Its figures, and what it is. */
static void list_one(const struct bench *bench)
{
	int used = 0;

	for (unsigned i = 0; i < BATCH_ROWS && bench->rows[i]; i++)
		used += list_figure(bench, i);
	if (used > LIST_NAMES)
		printf("\n%*s", LIST_NAMES, "");
	else
		printf("%*s", LIST_NAMES - used, "");
	printf(" %s\n", bench->what);
}

static int list(void)
{
	for (const struct bench *const *b = bench_all; *b; b++)
		list_one(*b);
	return 0;
}

/* The first name in the list that is none; NULL if all are, and there are some. */
static const char *unknown(const char *names, bool (*known)(const char *))
{
	static char name[64];

	do {
		size_t length = strcspn(names, ",");

		snprintf(name, sizeof(name), "%.*s", (int)length, names);
		if (!known(name))
			return name;
		names += length;
	} while (*names++);
	return NULL;
}

static bool is_row(const char *name)
{
	return bench_of(name) != NULL;
}

static bool is_model(const char *name)
{
	for (int i = 0; i < MODELS; i++)
		if (strcmp(model_names[i], name) == 0)
			return true;
	return peers_known(name);
}

static bool number(const char *text, unsigned long long most, unsigned long long *n, char **end)
{
	errno = 0;
	*n = strtoull(text, end, 10);
	return *text >= '0' && *text <= '9' && errno == 0 && *n <= most;
}

static bool worker_list(const char *text, struct options *o)
{
	unsigned long long n;
	char *end;

	for (o->counts = 0;; text = end + 1) {
		if (o->counts == COUNTS_MAX || !number(text, WORKERS_MAX, &n, &end) || n == 0 || (*end && *end != ','))
			return false;
		o->workers[o->counts++] = (unsigned)n;
		if (!*end)
			return true;
	}
}

static int set_names(const char *text, const char **names, bool (*known)(const char *), const char *complaint)
{
	const char *bad = unknown(text, known);

	*names = text;
	return bad ? options_wrong(complaint, bad) : -1;
}

static int set_seed(const char *text, struct options *o)
{
	unsigned long long n;
	char *end;

	if (!number(text, UINT64_MAX, &n, &end) || *end)
		return options_wrong("--seed wants a number, not '%s'", text);
	o->seed = n;
	return -1;
}

/* Opened once before: a file that cannot be read or written ends it before the minutes of measuring, not after. */
static int set_file(const char *path, const char *mode, const char **where)
{
	FILE *f = fopen(path, mode);

	*where = path;
	if (!f)
		return options_wrong(*mode == 'r' ? "cannot read '%s'" : "cannot write '%s'", path);
	fclose(f);
	return -1;
}

static int set_effort(const struct effort *effort, struct options *o)
{
	if (o->effort && o->effort != effort)
		return options_wrong("%s", "--quick or --full, not both");
	o->effort = effort;
	return -1;
}

static const struct option longs[] = {
	{ "bench", required_argument, NULL, 'b' },
	{ "compare", required_argument, NULL, 'c' },
	{ "csv", required_argument, NULL, 'v' },
	{ "from", required_argument, NULL, 'f' },
	{ "full", no_argument, NULL, 'F' },
	{ "gate", required_argument, NULL, 'g' },
	{ "gate-update", required_argument, NULL, 'u' },
	{ "help", no_argument, NULL, 'h' },
	{ "html", required_argument, NULL, 't' },
	{ "json", required_argument, NULL, 'j' },
	{ "list", no_argument, NULL, 'l' },
	{ "model", required_argument, NULL, 'm' },
	{ "no-peers", no_argument, NULL, 'n' },
	{ "only", required_argument, NULL, 'b' },
	{ "peers-dir", required_argument, NULL, 'p' },
	{ "pin", required_argument, NULL, 'i' },
	{ "quick", no_argument, NULL, 'q' },
	{ "seed", required_argument, NULL, 's' },
	{ "workers", required_argument, NULL, 'w' },
	{ NULL, 0, NULL, 0 },
};

static int take_selection(int c, struct options *o)
{
	switch (c) {
	case 'b':
		return set_names(optarg, &o->only, is_row, "no figure is called '%s': --list names them");
	case 'm':
		return set_names(optarg, &o->models, is_model, "no model is called '%s'");
	case 'w':
		return worker_list(optarg, o)
			       ? -1
			       : options_wrong("--workers wants up to 8 numbers from 1 to 256, not '%s'", optarg);
	case 'i':
		return system_allow(optarg)
			       ? -1
			       : options_wrong("--pin wants CPUs that there are, for instance 0-1, not '%s'", optarg);
	case 's':
		return set_seed(optarg, o);
	case 'q':
		return set_effort(&efforts[0], o);
	case 'F':
		return set_effort(&efforts[1], o);
	default:
		return options_wrong("what is '%s'?", "");
	}
}

static int take(int c, struct options *o)
{
	switch (c) {
	case 'j':
		return set_file(optarg, "ae", &o->json);
	case 'v':
		return set_file(optarg, "ae", &o->csv);
	case 't':
		return set_file(optarg, "ae", &o->html);
	case 'c':
		return set_file(optarg, "re", &o->compare);
	case 'f':
		return set_file(optarg, "re", &o->from);
	case 'u':
		o->gate_update = true;
		return set_file(optarg, "ae", &o->gate);
	case 'g':
		return set_file(optarg, "re", &o->gate);
	case 'p':
		o->peers_dir = optarg;
		return -1;
	case 'n':
		o->peers = false;
		return -1;
	case 'l':
		return list();
	case 'h':
		fputs(usage, stdout);
		return 0;
	default:
		return take_selection(c, o);
	}
}

int options_parse(int argc, char **argv, struct options *o)
{
	int c, status = -1;

	opterr = 0;
	(void)system_cpus(); /* as it is now: measurements are confined later */
	while (status < 0 && (c = getopt_long(argc, argv, ":", longs, NULL)) != -1)
		if (c == ':')
			status = options_wrong("%s wants a value", argv[optind - 1]);
		else if (c == '?')
			status = options_wrong("what is '%s'?", argv[optind - 1]);
		else
			status = take(c, o);
	if (status < 0 && optind < argc)
		status = options_wrong("what is '%s'?", argv[optind]);
	if (!o->effort)
		o->effort = &efforts[0];
	return status;
}
