/* SPDX-License-Identifier: MIT */
/*
 * yield-2, yield-1000, yield-100000: so many units that do nothing but yield; wall time by the number of yields of all
 * (on two workers therefore the aggregate). The units live on between batches. The clock starts when the last of them
 * has come to the start and stops when the last is done.
 */
#include "crew.h"

#define LAPS 20 /* of each unit at the least, so that coming to the start does not count */

MODEL_INLINE void laps(struct crew *c, const struct model *m)
{
	if (atomic_fetch_add(&c->arrived, 1) + 1 == c->run->size) {
		batch_start(&c->run->batch);
		atomic_store(&c->go, true);
	}
	while (!atomic_load_explicit(&c->go, memory_order_acquire))
		m->yield();
	for (uint64_t i = 0; i < c->rounds; i++)
		m->yield();
	atomic_fetch_add_explicit(&c->done, c->rounds, memory_order_relaxed);
	if (atomic_fetch_sub(&c->left, 1) == 1) {
		batch_stop(&c->run->batch);
		m->unpark(&c->boss);
	}
}

MODEL_INLINE void *yielder(void *arg, const struct model *m)
{
	struct member *self = arg;

	crew_sit(self, m);
	while (crew_wait(self, m))
		laps(self->crew, m);
	return self;
}
MODEL_THREAD(yielder)

MODEL_INLINE void yield(struct run *r, const struct model *m)
{
	struct batch *b = &r->batch;
	struct crew *c = crew_make(r, m, MODEL_OF(yielder, m));

	while (c && batch_more(b)) {
		c->rounds = b->ops / r->size;
		c->arrived = 0;
		c->done = 0;
		c->left = r->size;
		atomic_store(&c->go, false);
		crew_call(c, m);
		m->park(&c->boss);
		batch_check(b, c->done == b->ops, "not every yield was made");
	}
	if (c)
		batch_check(b, crew_end(c, m), "a unit was lost");
}
MODEL_BODY(yield)

const struct bench bench_yield_2 = {
	.rows = { "yield-2" },
	.units = { "ns" },
	.what = "a yield, 2 units",
	.body = MODEL_BODIES(yield),
	.size = { 2, 2, 2 },
	.per_unit = LAPS,
};

const struct bench bench_yield_1000 = {
	.rows = { "yield-1000" },
	.units = { "ns" },
	.what = "a yield, 1,000 units",
	.body = MODEL_BODIES(yield),
	.size = { 1000, 1000, 1000 },
	.per_unit = LAPS,
};

/* Green only: no machine at hand has so many kernel threads, and fewer are yield-1000 again. */
const struct bench bench_yield_100000 = {
	.rows = { "yield-100000" },
	.units = { "ns" },
	.what = "a yield, 100,000 units",
	.body = { yield_green },
	.size = { 100000 },
	.flags = BENCH_ONCE | BENCH_ALL_ALIVE,
	.per_unit = LAPS,
};
