/* SPDX-License-Identifier: MIT */
/*
 * read-cached: a read of 4 KiB at a random place of a file that is in memory, by weft_pread. Figures: its CPU time as a ratio to
 * pread, batches of both one after the other on the same green thread; and in microseconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

enum { BLOCK = 4096, BLOCKS = 4096, READS = 1000, PAIRS = 60 };

static int file = -1;

/* Each block begins with its number. */
static bool make_file(void)
{
	char path[] = "/var/tmp/weft-bench-XXXXXX";
	uint64_t block[BLOCK / sizeof(uint64_t)] = { 0 };
	bool ok = (file = mkstemp(path)) >= 0 && unlink(path) == 0;

	for (block[0] = 0; ok && block[0] < BLOCKS; block[0]++)
		ok = write(file, block, BLOCK) == BLOCK;
	return ok;
}

static uint64_t cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ns of CPU time a read. 0: not each brought its block. */
MODEL_INLINE double measure(ssize_t (*read_at)(int, void *, size_t, int64_t), uint64_t *random)
{
	uint64_t buffer[BLOCK / sizeof(uint64_t)], begin = cpu_now(), good = 0;

	for (int i = 0; i < READS; i++) {
		uint64_t block = (*random = *random * 6364136223846793005u + 1442695040888963407u) >> 40 & (BLOCKS - 1);

		good += read_at(file, buffer, BLOCK, (int64_t)block * BLOCK) == BLOCK && buffer[0] == block;
	}
	return good == READS ? (double)(cpu_now() - begin) / READS : 0;
}

static ssize_t plain(int fd, void *buffer, size_t size, int64_t offset)
{
	return pread(fd, buffer, size, offset);
}

static void read_cached(struct run *r)
{
	uint64_t random = 1;

	if (!make_file()) {
		batch_fail(&r->batch, "a file in /var/tmp: %s", strerror(errno));
		return;
	}
	if (!batch_more(&r->batch))
		return;
	for (int i = 0; i <= PAIRS; i++) {
		double base = measure(plain, &random), own = measure(weft_pread, &random);

		batch_check(&r->batch, base > 0 && own > 0, "a read brought another block");
		if (i == 0 || base == 0)
			continue;
		batch_record(&r->batch, 0, own / base);
		batch_record(&r->batch, 1, own / 1000);
	}
	close(file);
}

const struct bench bench_read_cached = {
	.rows = { "read-cached", "read-cached" },
	.units = { "ratio", "us" },
	.what = "CPU time of a random read of 4 KiB from a file in memory; by pread's",
	.body = { read_cached },
	.flags = BENCH_ONE_WORKER | BENCH_COLD,
};
