/* SPDX-License-Identifier: MIT */
/*
 * sleepers-wall, sleepers-cpu: a million units, each of which sleeps once for 1 to 1000 ms, pseudo-random by a fixed
 * seed. From the first spawn to the last join. Every unit looks at the clock: none may wake too early.
 */
#include "crew.h"

#define SEED 0x9e3779b97f4a7c15u

/* splitmix64 of the index: the same delays for every model and every run, whoever runs first. */
static uint64_t delay_of(uint64_t index)
{
	uint64_t z = SEED * (index + 1);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (1 + (z ^ z >> 31) % 1000) * 1000000u;
}

MODEL_INLINE void *sleeper(void *arg, const struct model *m)
{
	uint64_t index = (uintptr_t)arg, until = batch_now() + delay_of(index);

	m->sleep(delay_of(index));
	return (void *)(uintptr_t)(batch_now() >= until ? index : MODEL_LOST);
}
MODEL_THREAD(sleeper)

MODEL_INLINE void sleepers(struct run *r, const struct model *m)
{
	struct batch *b = &r->batch;
	union unit *units = system_shared(r->size * sizeof(*units));
	uint64_t got = 0, cpu = system_cpu_time();
	bool ok = true;
	int error = 0;

	if (!units || !batch_more(b))
		return;
	batch_start(b);
	while (got < r->size && !error) {
		error = m->spawn(&units[got], MODEL_OF(sleeper, m), (void *)(uintptr_t)got);
		got += error == 0;
	}
	for (uint64_t i = 0; i < got; i++)
		ok &= m->join(units[i]) == (uintptr_t)i;
	b->stopped = batch_now();
	batch_record(b, 0, (double)batch_elapsed(b) / 1e6);
	batch_record(b, 1, (double)(system_cpu_time() - cpu) / 1e6);
	batch_check(b, ok, "a unit was lost, or woke too early");
	if (error)
		(void)bench_shrink(r, got, error);
}
MODEL_BODY(sleepers)

const struct bench bench_sleepers = {
	.rows = { "sleepers-wall", "sleepers-cpu" },
	.units = { "ms", "ms" },
	.what = "1,000,000 sleeps of 1 to 1000 ms: wall time, CPU time",
	.body = MODEL_BODIES(sleepers),
	.size = { 1000000, 10000, 1000 },
	.quick_size = { 1000000, 4000, 500 },
	.flags = BENCH_COLD | BENCH_ALL_ALIVE | BENCH_MANY_CPUS,
	.waits = 1,
};
