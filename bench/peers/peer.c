/* SPDX-License-Identifier: MIT */
/* The frame of a peer's program. See peer.h. */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CANNOT 77
#define TARGET_NS 500000u
#define BUDGET_NS 9000000u

static const struct peer_bench *find(const struct peer_bench *benches, const char *name)
{
	for (; benches->body; benches++)
		for (int i = 0; i < BATCH_ROWS; i++)
			if (benches->rows[i] && strcmp(benches->rows[i], name) == 0)
				return benches;
	return NULL;
}

static void print(const struct peer_bench *bench, struct batch *b, unsigned workers)
{
	for (int i = 0; i < BATCH_ROWS && bench->rows[i]; i++) {
		struct batch_stats s = batch_stats(b->samples[i], b->count[i]);

		printf("%s %u %s %u %.6g %.6g %.6g %.6g %s\n", bench->rows[i], workers, bench->units[i], s.n, s.median,
		       s.min, s.max, s.p99, b->note);
	}
}

static int cannot(const char *why)
{
	puts(why);
	return CANNOT;
}

int peer_main(int argc, char **argv, const struct peer_bench *benches, unsigned workers_max)
{
	static struct batch b;
	const struct peer_bench *bench = argc == 3 ? find(benches, argv[1]) : NULL;
	unsigned workers = argc == 3 ? (unsigned)atoi(argv[2]) : 0;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts(peer_version);
		return 0;
	}
	if (argc != 3 || workers == 0) {
		fprintf(stderr, "usage: %s BENCH WORKERS\n", argv[0]);
		return 2;
	}
	if (!bench)
		return cannot("no driver for that");
	if (workers > workers_max)
		return cannot("not on so many workers");
	b.step = bench->step ? bench->step : 1;
	b.max_ops = bench->fixed ? b.step : 0;
	b.cold = bench->cold;
	b.target_ns = TARGET_NS;
	b.budget_ns = bench->cold ? 0 : BUDGET_NS;
	b.min_samples = 1;
	peer_enter(workers, bench->body, &b);
	if (b.failed) {
		puts(b.note);
		return 1;
	}
	print(bench, &b, workers);
	return 0;
}
