/* SPDX-License-Identifier: MIT */
/*
 * What is being done, on stderr: on a terminal one line that is rewritten, with a bar and the time left by the pace so
 * far; elsewhere a line for each bench in the first lap, and one for each other lap.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#define CLEAR "\r\033[K"
#define BAR 24

static uint64_t begun;
static double share;
static unsigned lap;

void progress_begin(void)
{
	begun = batch_now();
	share = 0;
	lap = 0;
}

void progress_lap(unsigned number)
{
	lap = number;
	if (number > 0 && !isatty(STDERR_FILENO))
		fprintf(stderr, "running all once more, %u\n", number);
}

void progress_share(double done)
{
	share = done;
}

static void print_left(double seconds)
{
	if (share < 0.02)
		fputs(" -:--", stderr);
	else
		fprintf(stderr, " %u:%02u", (unsigned)seconds / 60, (unsigned)seconds % 60);
}

static void print_bar(void)
{
	static const char full[] = "########################", empty[] = "........................";
	int done = (int)(share * BAR);
	double took = (double)(batch_now() - begun) / 1e9;

	fprintf(stderr, CLEAR "[%.*s%.*s] %3.0f %%", done, full, BAR - done, empty, 100 * share);
	print_left(share > 0 ? took / share * (1 - share) : 0);
	fputs(" left  ", stderr);
}

void progress(const char *bench, const char *model, unsigned workers)
{
	static const char *last = "";

	if (isatty(STDERR_FILENO)) {
		print_bar();
		fprintf(stderr, "%.18s: %s %u", bench, model, workers);
	} else if (lap == 0 && strcmp(last, bench) != 0) {
		fprintf(stderr, "running %s\n", bench);
	}
	last = bench;
	fflush(stderr);
}

void progress_done(void)
{
	if (isatty(STDERR_FILENO))
		fputs(CLEAR, stderr);
	fflush(stderr);
}
