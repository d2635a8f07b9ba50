/* SPDX-License-Identifier: MIT */
/* Plain computing, and units made for it. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include "harness.h"
#include "system.h"

/* Steps that depend each on the one before, about a nanosecond each: never 0. */
static __attribute__((noinline)) uint64_t work(uint64_t steps, uint64_t seed)
{
	uint64_t x = seed | 1;

	for (uint64_t i = 0; i < steps; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(x));
	}
	return x | 1;
}

/* Batches of tasks that each return 1: run->size of them at a time, each in a unit of its own. */
MODEL_INLINE void work_fan_out(struct run *r, const struct model *m, void *(*task)(void *))
{
	struct batch *b = &r->batch;
	union unit *units = system_shared(r->size * sizeof(*units));

	b->step = r->size;
	while (units && batch_more(b)) {
		uint64_t done = 0;

		batch_start(b);
		for (uint64_t left = b->ops; left; left -= r->size) {
			uint64_t got = 0;

			while (got < r->size && m->spawn(&units[got], task, (void *)(uintptr_t)(left + got)) == 0)
				got++;
			for (uint64_t i = 0; i < got; i++)
				done += m->join(units[i]) == 1;
		}
		batch_stop(b);
		batch_check(b, done == b->ops, "not every task was done");
	}
}

#endif
