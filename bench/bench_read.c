/* SPDX-License-Identifier: MIT */
/*
 * read-cached: a read of 4 KiB at a random place of a file that is in memory, by weft_pread. Figures: its CPU time as a ratio to
 * pread, batches of both one after the other on the same green thread; and in microseconds.
 * read-uncached: the same of reads that the file's device has to serve, by sixteen green threads at a time; and by pread on one kernel
 * thread, one after the other. CPU time of the whole process; what the kernel does in interrupts is in neither.
 */
#include <fcntl.h>
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

static uint64_t cpu_now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ns of CPU time a read. 0: not each brought its block. */
MODEL_INLINE double measure(ssize_t (*read_at)(int, void *, size_t, int64_t), uint64_t *random)
{
	uint64_t buffer[BLOCK / sizeof(uint64_t)], begin = cpu_now(CLOCK_THREAD_CPUTIME_ID), good = 0;

	for (int i = 0; i < READS; i++) {
		uint64_t block = (*random = *random * 6364136223846793005u + 1442695040888963407u) >> 40 & (BLOCKS - 1);

		good += read_at(file, buffer, BLOCK, (int64_t)block * BLOCK) == BLOCK && buffer[0] == block;
	}
	return good == READS ? (double)(cpu_now(CLOCK_THREAD_CPUTIME_ID) - begin) / READS : 0;
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

/* --- uncached --- */

enum { READERS = 16, COLD_READS = 64, COLD_PAIRS = 6 }; /* of each reader, all of different blocks */

static atomic_uint good;

/* What it reads is in no order that the kernel could foresee. */
MODEL_INLINE void read_share(unsigned reader, ssize_t (*read_at)(int, void *, size_t, int64_t))
{
	_Alignas(BLOCK) uint64_t buffer[BLOCK / sizeof(uint64_t)];

	for (unsigned i = 0; i < COLD_READS; i++) {
		uint64_t block = (reader * COLD_READS + i) * 2654435761u & (BLOCKS - 1);

		good += read_at(file, buffer, BLOCK, (int64_t)block * BLOCK) == BLOCK && buffer[0] == block;
	}
}

static void *green_share(void *arg)
{
	read_share((unsigned)(uintptr_t)arg, weft_pread);
	return NULL;
}

static void by_green(void)
{
	weft_t readers[READERS];

	for (uintptr_t i = 0; i < READERS; i++)
		if (weft_spawn(&readers[i], WEFT_GREEN, green_share, (void *)i) != 0)
			readers[i] = WEFT_NONE;
	for (unsigned i = 0; i < READERS; i++)
		(void)weft_join(readers[i], NULL);
}

static void *plain_shares(void *arg)
{
	for (unsigned i = 0; i < READERS; i++)
		read_share(i, plain);
	return arg;
}

static void by_one_kernel_thread(void)
{
	weft_t thread;

	if (weft_spawn(&thread, WEFT_BOUND, plain_shares, NULL) == 0)
		(void)weft_join(thread, NULL);
}

/* ns of CPU time a read; adds to *wall. 0: not each brought its block. */
static double measure_cold(void (*read_all)(void), uint64_t *wall)
{
	uint64_t cpu, begin;

	posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
	good = 0;
	begin = batch_now();
	cpu = cpu_now(CLOCK_PROCESS_CPUTIME_ID);
	read_all();
	cpu = cpu_now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	*wall += batch_now() - begin;
	return good == READERS * COLD_READS ? (double)cpu / (READERS * COLD_READS) : 0;
}

static bool make_cold_file(struct run *r)
{
	bool ok = make_file() && fsync(file) == 0 && posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM) == 0;

	if (!ok)
		batch_fail(&r->batch, "a file in /var/tmp: %s", strerror(errno));
	return ok;
}

static void read_uncached(struct run *r)
{
	uint64_t base_wall = 0, own_wall = 0;

	if (!make_cold_file(r) || !batch_more(&r->batch))
		return;
	for (int i = 0; i <= COLD_PAIRS; i++) {
		double base = measure_cold(by_one_kernel_thread, &base_wall), own = measure_cold(by_green, &own_wall);

		batch_check(&r->batch, base > 0 && own > 0, "a read brought another block");
		if (i == 0 || base == 0)
			continue;
		batch_record(&r->batch, 0, own / base);
		batch_record(&r->batch, 1, own / 1000);
	}
	batch_note(&r->batch, "%.0f reads a second; pread, one after the other, %.0f",
		   (COLD_PAIRS + 1) * READERS * COLD_READS * 1e9 / (double)own_wall,
		   (COLD_PAIRS + 1) * READERS * COLD_READS * 1e9 / (double)base_wall);
	close(file);
}

const struct bench bench_read_cached = {
	.rows = { "read-cached", "read-cached" },
	.units = { "ratio", "us" },
	.what = "CPU time of a random read of 4 KiB from a file in memory; by pread's",
	.body = { read_cached },
	.flags = BENCH_ONE_WORKER | BENCH_COLD,
};

const struct bench bench_read_uncached = {
	.rows = { "read-uncached", "read-uncached" },
	.units = { "ratio", "us" },
	.what = "CPU time of a random read of 4 KiB from a file that is not in memory; by pread's",
	.body = { read_uncached },
	.flags = BENCH_ONE_WORKER | BENCH_COLD,
};
