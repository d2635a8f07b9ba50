/* SPDX-License-Identifier: MIT */
/*
 * What the programs that measure other libraries share: the command lines weft-peer-NAME BENCH WORKERS, and --version, and
 * the line of figures that weft-bench reads (see bench/peers.c). C and C++. The work itself is in operations.h.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "../batch.h"

#ifdef __cplusplus
extern "C" {
#endif

struct peer_bench {
	const char *rows[BATCH_ROWS];
	const char *units[BATCH_ROWS];
	void (*body)(struct batch *);
	uint64_t step; /* as in struct batch */
	bool fixed;    /* all batches have ops == step */
	bool cold;     /* one run, no warm-up */
};

/* Call body(b) in the library's world, on so many workers: each peer defines it. */
void peer_enter(unsigned workers, void (*body)(struct batch *), struct batch *b);

/* The library and its version: each peer defines it. */
extern const char *const peer_version;

/* Find the bench, run it, print. The list ends with a zero. Returns the exit status. */
int peer_main(int argc, char **argv, const struct peer_bench *benches, unsigned workers_max);

#ifdef __cplusplus
}
#endif

#endif
