/* SPDX-License-Identifier: MIT */
/* What is being done, on stderr: one line that is rewritten on a terminal, a line for each bench elsewhere. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#define CLEAR "\r\033[K"

void progress(const char *bench, const char *model, unsigned workers)
{
	static const char *last = "";

	if (isatty(STDERR_FILENO))
		fprintf(stderr, CLEAR "%s: %s, %u worker%s", bench, model, workers, workers == 1 ? "" : "s");
	else if (strcmp(last, bench) != 0)
		fprintf(stderr, "running %s\n", bench);
	last = bench;
	fflush(stderr);
}

void progress_done(void)
{
	if (isatty(STDERR_FILENO))
		fputs(CLEAR, stderr);
	fflush(stderr);
}
