/* SPDX-License-Identifier: MIT */
/*
 * pingpong: a round trip between two units, each waking the other and then waiting. On one CPU that is the same core;
 * on two it is wherever scheduler or kernel puts them.
 *
 * pingpong-across: the same with the two kept apart (pair.h).
 */
#include "pair.h"

struct table {
	struct pair pair;
	struct seat seats[2];
	char pad[64];
	_Atomic bool stop;
	_Atomic uint64_t turns[2]; /* how often each has been woken */
};

static struct table *table;

MODEL_INLINE void woken(unsigned self)
{
	uint64_t turn = atomic_load_explicit(&table->turns[self], memory_order_relaxed);

	pair_turn(&table->pair, self);
	atomic_store_explicit(&table->turns[self], turn + 1, memory_order_release);
}

MODEL_INLINE void *partner(void *arg, const struct model *m)
{
	pair_enter(m, 1);
	m->sit(&table->seats[1]);
	m->unpark(&table->seats[0]);
	for (;;) {
		m->park(&table->seats[1]);
		if (atomic_load_explicit(&table->stop, memory_order_relaxed))
			return arg;
		woken(1);
		m->unpark(&table->seats[0]);
	}
}
MODEL_THREAD(partner)

MODEL_INLINE void trips(const struct model *m, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		m->unpark(&table->seats[1]);
		m->park(&table->seats[0]);
		woken(0);
	}
}

MODEL_INLINE void rally(struct run *r, const struct model *m)
{
	struct batch *b = &r->batch;

	table->pair.watched = table->pair.apart;
	if (table->pair.apart)
		trips(m, PAIR_WATCHED);
	table->pair.watched = false;
	batch_check(b, table->pair.together == 0, "the two were on one worker");
	while (batch_more(b)) {
		uint64_t before = table->turns[1];

		batch_start(b);
		trips(m, b->ops);
		batch_stop(b);
		batch_check(b, table->turns[1] - before == b->ops, "the partner was not woken each time");
	}
}

MODEL_INLINE void *play(void *arg, const struct model *m)
{
	struct run *r = arg;
	union unit unit;
	int error;

	pair_enter(m, 0);
	m->sit(&table->seats[0]);
	error = pair_spawn(&table->pair, m, &unit, 1, MODEL_OF(partner, m), table);
	if (error) {
		batch_fail(&r->batch, "spawn: error %d", -error);
		return arg;
	}
	m->park(&table->seats[0]);
	rally(r, m);
	atomic_store(&table->stop, true);
	m->unpark(&table->seats[1]);
	batch_check(&r->batch, m->join(unit) == (uintptr_t)table, "the partner was lost");
	return arg;
}
MODEL_THREAD(play)

MODEL_INLINE void pingpong_of(struct run *r, const struct model *m, bool apart)
{
	table = system_shared(sizeof(*table));
	if (!table) {
		batch_fail(&r->batch, "no shared memory");
		return;
	}
	table->pair.apart = apart;
	pair_run(&table->pair, m, r, MODEL_OF(play, m));
}

MODEL_INLINE void pingpong(struct run *r, const struct model *m)
{
	pingpong_of(r, m, false);
}
MODEL_BODY(pingpong)

MODEL_INLINE void across(struct run *r, const struct model *m)
{
	pingpong_of(r, m, true);
}
MODEL_BODY(across)

const struct bench bench_pingpong = {
	.rows = { "pingpong" },
	.units = { "ns" },
	.what = "a round trip: unpark and park, each the other",
	.body = MODEL_BODIES(pingpong),
};

const struct bench bench_pingpong_across = {
	.rows = { "pingpong-across" },
	.units = { "ns" },
	.what = "the same, each handover forced to another core",
	.body = MODEL_BODIES(across),
	.flags = BENCH_TWO_CPUS,
};
