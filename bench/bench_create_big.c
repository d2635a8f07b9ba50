/* SPDX-License-Identifier: MIT */
/*
 * create-64mb, create-1gb: as create, by a parent that has so much memory resident, in pages of 4 KiB. What differs is what
 * fork copies: page tables.
 */
#include <sys/mman.h>

#include "harness.h"
#include "system.h"

static void *empty(void *arg)
{
	return arg;
}

/* Private memory of so many MiB, all of it touched: false, and a note, if there is not so much. */
static bool fill(struct run *r)
{
	size_t size = (size_t)r->size << 20;
	char *memory = MAP_FAILED;

	if (system_available() / 5 * 4 > size)
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		batch_fail(&r->batch, "no memory for so large a parent");
		return false;
	}
	(void)madvise(memory, size, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < size; i += 4096)
		memory[i] = 1;
	return true;
}

MODEL_INLINE void create(struct run *r, const struct model *m)
{
	struct batch *b = &r->batch;
	bool ok = fill(r);

	while (ok && batch_more(b)) {
		uint64_t sum = 0;
		union unit unit;

		batch_start(b);
		for (uint64_t i = 0; i < b->ops; i++)
			sum += m->spawn(&unit, empty, (void *)1) == 0 ? m->join(unit) : 0;
		batch_stop(b);
		batch_check(b, sum == b->ops, "not every unit ran");
	}
}
MODEL_BODY(create)
MODEL_PROCESS_BODY(create)

#define BIG(id, name, mib, text, more)                                                                                 \
	const struct bench bench_create_##id = {                                                                       \
		.rows = { name },                                                                                      \
		.units = { "ns" },                                                                                     \
		.what = "create, by a parent that has " text " resident",                                              \
		.body = MODEL_PROCESS_BODIES(create),                                                                  \
		.size = { mib, mib, mib, mib, mib, mib },                                                              \
		.flags = BENCH_ONE_WORKER | (more),                                                                    \
	}

BIG(64mb, "create-64mb", 64, "64 MB", 0);
BIG(1gb, "create-1gb", 1024, "1 GB", BENCH_ONCE);
