/* SPDX-License-Identifier: MIT */
/*
 * Peers: other libraries, each measured by a program of its own (bench/peers), weft-peer-NAME BENCH WORKERS. It prints
 *
 *	BENCH WORKERS UNIT N MEDIAN MIN MAX P99 [size=UNITS] [NOTE ...]
 *
 * for each figure and exits 0, or prints a reason and exits 77 if the peer cannot do that. weft-peer-NAME --version prints what it is.
 */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "system.h"

#ifndef WEFT_PEERS_DIR /* where they get installed */
#define WEFT_PEERS_DIR "/usr/local/libexec/weft"
#endif

#define LIMIT_SECONDS 6
#define CANNOT 77

static const char *const names[] = { "raw-uring", "boost-fiber", "st", "pth", "libuv", "go", "erlang" };
#define NAMES (sizeof(names) / sizeof(names[0]))

static struct peer {
	const char *name;
	char path[PATH_MAX];
} found[NAMES];
static unsigned count;

unsigned peers_count(void)
{
	return count;
}

const char *peers_name(unsigned index)
{
	return found[index].name;
}

bool peers_known(const char *name)
{
	for (size_t i = 0; i < NAMES; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void look_in(const char *dir)
{
	for (size_t i = 0; i < NAMES && dir; i++) {
		struct peer *p = &found[count];
		bool known = false;

		for (unsigned k = 0; k < count; k++)
			known |= found[k].name == names[i];
		if (known ||
		    snprintf(p->path, sizeof(p->path), "%s/weft-peer-%s", dir, names[i]) >= (int)sizeof(p->path))
			continue;
		if (access(p->path, X_OK) == 0) {
			p->name = names[i];
			count++;
		}
	}
}

/* --peers-dir alone; else $WEFT_PEERS_DIR, beside the program, below it, where they get installed. */
void peers_find(const struct options *options)
{
	char self[PATH_MAX], below[PATH_MAX + 16];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *beside;

	if (options->peers_dir) {
		look_in(options->peers_dir);
		return;
	}
	look_in(getenv("WEFT_PEERS_DIR"));
	self[length > 0 ? length : 0] = 0;
	beside = dirname(self);
	look_in(beside);
	snprintf(below, sizeof(below), "%s/peers", beside);
	look_in(below);
	look_in(WEFT_PEERS_DIR);
}

/* What it prints. */
static FILE *start(const struct peer *p, const char *first, const char *second, unsigned workers, pid_t *pid)
{
	int fds[2];

	fflush(NULL);
	if (pipe2(fds, O_CLOEXEC) != 0)
		return NULL;
	*pid = fork();
	if (*pid == 0) {
		setpgid(0, 0);
		alarm(LIMIT_SECONDS);
		system_pin_first(workers);
		dup2(fds[1], STDOUT_FILENO);
		execl(p->path, p->path, first, second, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	round_watch(*pid);
	return fdopen(fds[0], "r");
}

/* Its wait status. */
static int end(FILE *f, pid_t pid)
{
	int status = 0;

	if (f)
		fclose(f);
	if (pid > 0) {
		waitpid(pid, &status, 0);
		kill(-pid, SIGKILL);
	}
	round_watch(0);
	return status;
}

void peers_versions(char *text, size_t size)
{
	size_t length = 0;

	for (unsigned i = 0; i < count && length < size; i++) {
		char line[128] = "";
		pid_t pid = -1;
		FILE *f = start(&found[i], "--version", NULL, 1, &pid);

		if (f && fgets(line, sizeof(line), f)) {
			line[strcspn(line, "\n")] = 0;
			length += (size_t)snprintf(text + length, size - length, "%s%s", length ? ", " : "", line);
		}
		end(f, pid);
	}
}

/* Two figures may have the same name, in other units. */
static bool find_figure(const struct bench *bench, const char *name, const char *unit, int *index)
{
	for (*index = 0; *index < BATCH_ROWS && bench->rows[*index]; (*index)++)
		if (strcmp(bench->rows[*index], name) == 0 && strcmp(bench->units[*index], unit) == 0)
			return true;
	return false;
}

/* This round's, or a new one. */
static struct row *row_of(const struct bench *bench, const struct peer *p, unsigned workers, int index,
			  struct rows *rows)
{
	struct row *row;

	for (size_t i = 0; i < rows->count; i++) {
		row = rows->at[i];
		if (row->workers == workers && row->model == p->name && strcmp(row->bench, bench->rows[index]) == 0 &&
		    strcmp(row->unit, bench->units[index]) == 0)
			return row;
	}
	row = rows_add(rows);
	row->bench = bench->rows[index];
	row->unit = bench->units[index];
	row->model = p->name;
	row->workers = workers;
	row->size = bench->size[MODEL_GREEN];
	return row;
}

static void set_note(struct row *row, const char *note)
{
	if (strncmp(note, "size=", 5) == 0) {
		char *end;

		row->size = strtoull(note + 5, &end, 10);
		note = end + strspn(end, " ");
	}
	snprintf(row->note, sizeof(row->note), "%s", note);
}

/* A round is its median: the rest is what the peer says it is. */
static void add_round(struct row *row, const struct batch_stats *s, double pace)
{
	double low = row_in_steps(row, s->min, pace), high = row_in_steps(row, s->max, pace), median = s->median;
	double min = row->samples ? row->min : low, max = row->samples ? row->max : high;
	struct beside beside = { .noise = noise_now(), .pace = pace };

	row_round(row, &median, 1, &beside);
	row_estimate(row);
	row->min = low < min ? low : min;
	row->max = high > max ? high : max;
	row->p99 = row_in_steps(row, s->p99, pace);
}

/* A line of output: a row, if it is one that was asked for. */
static bool take(const char *line, const struct bench *bench, const struct options *options, const struct peer *p,
		 unsigned workers, struct rows *rows)
{
	char name[64], unit[16];
	struct batch_stats s;
	struct row *row;
	unsigned w;
	int index, end = 0;

	if (sscanf(line, "%63s %u %15s %u %lf %lf %lf %lf %n", name, &w, unit, &s.n, &s.median, &s.min, &s.max, &s.p99,
		   &end) != 8)
		return false;
	if (w != workers || !find_figure(bench, name, unit, &index))
		return false;
	if (!bench_wanted(options, name) || s.n == 0)
		return true;
	row = row_of(bench, p, workers, index, rows);
	set_note(row, line + end);
	add_round(row, &s, bench->waits & 1u << index ? 0 : batch_pace());
	return true;
}

static void failed(const struct bench *bench, const struct options *options, const struct peer *p, unsigned workers,
		   const char *why, struct rows *rows)
{
	for (int i = 0; i < BATCH_ROWS; i++)
		if (bench_wanted(options, bench->rows[i]))
			set_note(row_of(bench, p, workers, i, rows), why);
}

/* Of what it prints, as much as there is room for. */
static void read_all(FILE *f, char *text, size_t size)
{
	size_t length = f ? fread(text, 1, size - 1, f) : 0;
	char more[512];

	text[length] = 0;
	while (f && fread(more, 1, sizeof(more), f) > 0)
		;
}

/* Its figures are taken when it has ended: until then the kernel counts its time as another program's. */
static bool run_one(const struct bench *bench, const struct options *options, const struct peer *p, unsigned workers,
		    struct rows *rows)
{
	char text[4096], number[16], why[256] = "printed no figure", *rest;
	bool taken = false;
	int status;
	pid_t pid = -1;
	snprintf(number, sizeof(number), "%u", workers);
	FILE *f = start(p, bench->rows[0], number, workers, &pid);

	read_all(f, text, sizeof(text));
	status = end(f, pid);
	if (run_interrupted)
		return false;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (take(line, bench, options, p, workers, rows))
			taken = true;
		else
			snprintf(why, sizeof(why), "%.200s", line);
	}
	if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), WTERMSIG(status) == SIGALRM ? "gave up after %d s" : "died of signal %d",
			 WTERMSIG(status) == SIGALRM ? LIMIT_SECONDS : WTERMSIG(status));
	if (!taken && !(WIFEXITED(status) && WEXITSTATUS(status) == CANNOT))
		failed(bench, options, p, workers, why, rows);
	return taken;
}

bool peers_turn(const struct bench *bench, const struct options *options, unsigned index, unsigned workers,
		struct rows *rows)
{
	progress(bench->rows[0], found[index].name, workers);
	return run_one(bench, options, &found[index], workers, rows);
}
