/* SPDX-License-Identifier: MIT */
/*
 * memory-N, resident-N, tables-N, kernel-N, fill-N: N units are made and park, or as many as the model can have. Then, for each of
 * them: all memory; of that the resident memory of the program, without files (of processes their proportional share, with files);
 * its page tables; what else the kernel keeps, its stacks and its records, which is measured over the whole machine and so tells
 * little of few units. And how long it took to make them all.
 */
#include "crew.h"

MODEL_INLINE void *parker(void *arg, const struct model *m)
{
	struct member *self = arg;

	crew_sit(self, m);
	while (crew_wait(self, m))
		;
	return self;
}
MODEL_THREAD(parker)

#define ASKED_PROCESSES 50u

/* Of one process: by the mean of some of them. */
static uint64_t of_a_process(const struct crew *c, uint64_t n, uint64_t (*bytes_of)(int pid))
{
	uint64_t sum = 0, step = n > ASKED_PROCESSES ? n / ASKED_PROCESSES : 1, asked = 0;

	for (uint64_t i = 0; i < n; i += step, asked++)
		sum += bytes_of(c->units[i].fork.pid);
	return sum / asked;
}

struct usage {
	uint64_t resident, tables, kernel;
};

static struct usage usage_now(void)
{
	return (struct usage){ system_resident(), system_tables_of(0), system_kernel_bytes() };
}

static double each(uint64_t now, uint64_t before, uint64_t n)
{
	return now > before ? (double)(now - before) / (double)n : 0;
}

MODEL_INLINE void record(struct run *r, const struct crew *c, const struct model *m, const struct usage *before)
{
	struct usage now = usage_now();
	bool processes = m->id == MODEL_FORK;
	double resident = processes ? (double)of_a_process(c, r->size, system_resident_of)
				    : each(now.resident, before->resident, r->size);
	double tables = processes ? (double)of_a_process(c, r->size, system_tables_of)
				  : each(now.tables, before->tables, r->size);
	double kernel = each(now.kernel, before->kernel, r->size);

	batch_record(&r->batch, 0, resident + tables + kernel);
	batch_record(&r->batch, 1, resident);
	batch_record(&r->batch, 2, tables);
	batch_record(&r->batch, 3, kernel);
	batch_record(&r->batch, 4, (double)batch_elapsed(&r->batch) / 1e6);
}

MODEL_INLINE void parked(struct run *r, const struct model *m)
{
	struct batch *b = &r->batch;
	struct crew *c = crew_room(r);
	struct usage before = usage_now();
	bool all;

	if (!c || !batch_more(b))
		return;
	batch_start(b);
	all = crew_fill(c, m, MODEL_OF(parker, m));
	b->stopped = batch_now();
	if (!all)
		return;
	record(r, c, m, &before);
	batch_check(b, crew_end(c, m), "a parked unit was lost");
}
MODEL_BODY(parked)

#define MEMORY(id, name, n, threads, processes, text)                                                                  \
	const struct bench bench_memory_##id = {                                                                       \
		.rows = { "memory-" name, "resident-" name, "tables-" name, "kernel-" name, "fill-" name },            \
		.units = { "bytes", "bytes", "bytes", "bytes", "ms" },                                                 \
		.what = text " parked: all memory of each; resident, page tables, the kernel's; time to make all",     \
		.body = MODEL_BODIES(parked),                                                                          \
		.size = { n, n, n, n },                                                                                \
		.quick_size = { n, threads, processes },                                                               \
		.flags = BENCH_COLD | BENCH_ALL_ALIVE | BENCH_MANY_CPUS,                                               \
	}

MEMORY(1, "1", 1, 1, 1, "1 unit");
MEMORY(1k, "1k", 1000, 1000, 1000, "1,000 units");
MEMORY(30k, "30k", 30000, 10000, 3000, "30,000 units");
MEMORY(1m, "1m", 1000000, 1000000, 3000, "1,000,000 units");
