/* SPDX-License-Identifier: MIT */
/*
 * create: a unit is made, runs an empty function, is joined; one after the other.
 * create-1000, create-many: the same, all made before the first is joined.
 * create-1m-alive: as create, while a million others (as many as the model can have) are parked.
 */
#include "crew.h"

static void *empty(void *arg)
{
	return arg;
}

MODEL_INLINE void one_by_one(struct run *r, const struct model *m)
{
	struct batch *b = &r->batch;

	while (batch_more(b)) {
		uint64_t sum = 0;
		int error = 0;

		batch_start(b);
		for (uint64_t i = 0; i < b->ops && !error; i++) {
			union unit unit;

			error = m->spawn(&unit, empty, (void *)1);
			if (!error)
				sum += m->join(unit);
		}
		batch_stop(b);
		if (error)
			batch_fail(b, "spawn: error %d", -error);
		batch_check(b, sum == b->ops, "not every unit ran");
	}
}
MODEL_BODY(one_by_one)
MODEL_PROCESS_BODY(one_by_one)

MODEL_INLINE void many(struct run *r, const struct model *m)
{
	struct batch *b = &r->batch;
	union unit *units = system_shared(r->size * sizeof(*units));

	while (units && batch_more(b)) {
		uint64_t sum = 0, got = 0;
		int error = 0;

		batch_start(b);
		while (got < b->ops && !error) {
			error = m->spawn(&units[got], empty, (void *)1);
			got += error == 0;
		}
		for (uint64_t i = 0; i < got; i++)
			sum += m->join(units[i]);
		if (got < b->ops && bench_shrink(r, got, error))
			b->ops = got;
		batch_stop(b);
		batch_check(b, sum == b->ops, "not every unit ran");
	}
}
MODEL_BODY(many)
MODEL_PROCESS_BODY(many)

MODEL_INLINE void *sitter(void *arg, const struct model *m)
{
	struct member *self = arg;

	crew_sit(self, m);
	while (crew_wait(self, m))
		;
	return self;
}
MODEL_THREAD(sitter)

MODEL_INLINE void among_parked(struct run *r, const struct model *m)
{
	struct crew *c = crew_make(r, m, MODEL_OF(sitter, m));

	if (!c)
		return;
	one_by_one(r, m);
	batch_check(&r->batch, crew_end(c, m), "a parked unit was lost");
}
MODEL_BODY(among_parked)

const struct bench bench_create = {
	.rows = { "create" },
	.units = { "ns" },
	.what = "create + run empty + join, one by one",
	.body = MODEL_PROCESS_BODIES(one_by_one),
};

const struct bench bench_create_1000 = {
	.rows = { "create-1000" },
	.units = { "ns" },
	.what = "the same, 1,000 made before the first is joined: time for each",
	.body = MODEL_PROCESS_BODIES(many),
	.size = { 1000, 1000, 1000 },
	.quick_size = { 1000, 1000, 250 },
	.per_unit = 1,
	.fixed = true,
};

const struct bench bench_create_many = {
	.rows = { "create-many" },
	.units = { "ns" },
	.what = "the same, 10,000 made before the first is joined",
	.body = MODEL_BODIES(many),
	.size = { 10000, 10000, 10000 },
	.quick_size = { 10000, 4000, 1000 },
	.per_unit = 1,
	.fixed = true,
};

const struct bench bench_create_1m_alive = {
	.rows = { "create-1m-alive" },
	.units = { "ns" },
	.what = "create + run + join while 1,000,000 others are parked",
	.body = MODEL_BODIES(among_parked),
	.size = { 1000000, 10000, 1000 },
	.quick_size = { 100000, 2000, 500 },
	.flags = BENCH_ONCE | BENCH_ALL_ALIVE | BENCH_MANY_CPUS,
};
