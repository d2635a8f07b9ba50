/* SPDX-License-Identifier: MIT */
/*
 * pingpong: a round trip between two units, each waking the other and then waiting. On one CPU that is the same core;
 * on two it is wherever scheduler or kernel puts them.
 *
 * pingpong-across: the same with the two kept apart, so that each handover goes to another core: kernel threads and
 * processes are pinned to a CPU each, green threads to a worker each. Before the clock runs, a thousand round trips are
 * watched: the two must never be seen on the same kernel thread.
 */
#include "harness.h"
#include "system.h"

struct table {
	struct seat seats[2];
	char pad[64];
	_Atomic bool stop;
	_Atomic uint64_t turns[2]; /* how often each has been woken */
	_Atomic long on[2];	   /* the kernel thread each was last seen on, while watched */
	_Atomic uint64_t together;
	_Atomic bool watched;
	bool across;
};

#define WATCHED_TRIPS 1000

static struct table *table;

MODEL_INLINE void pinned(const struct model *m, unsigned who)
{
	if (table->across && m->id != MODEL_GREEN)
		system_pin_to(who);
}

static void watch(unsigned self)
{
	long on = syscall(SYS_gettid);

	atomic_store(&table->on[self], on);
	if (atomic_load(&table->on[!self]) == on)
		atomic_fetch_add(&table->together, 1);
}

MODEL_INLINE void woken(unsigned self)
{
	uint64_t turn = atomic_load_explicit(&table->turns[self], memory_order_relaxed);

	if (table->across && atomic_load_explicit(&table->watched, memory_order_relaxed))
		watch(self);
	atomic_store_explicit(&table->turns[self], turn + 1, memory_order_release);
}

MODEL_INLINE void *partner(void *arg, const struct model *m)
{
	pinned(m, 1);
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

	table->watched = table->across;
	if (table->across)
		trips(m, WATCHED_TRIPS);
	table->watched = false;
	batch_check(b, table->together == 0, "the two were on one worker");
	while (batch_more(b)) {
		uint64_t before = table->turns[1];

		batch_start(b);
		trips(m, b->ops);
		batch_stop(b);
		batch_check(b, table->turns[1] - before == b->ops, "the partner was not woken each time");
	}
}

/* Spawn fn, kept apart if need be: a green thread by its attribute, the others pin themselves. */
MODEL_INLINE int spawn_side(union unit *unit, const struct model *m, unsigned side, void *(*fn)(void *), void *arg)
{
	struct weft_attr attr = WEFT_ATTR_INIT;

	if (!table->across || m->id != MODEL_GREEN)
		return m->spawn(unit, fn, arg);
	(void)weft_attr_set_worker(&attr, side);
	return weft_spawn(&unit->green, &attr, fn, arg);
}

MODEL_INLINE void *play(void *arg, const struct model *m)
{
	struct run *r = arg;
	union unit unit;
	int error;

	pinned(m, 0);
	m->sit(&table->seats[0]);
	error = spawn_side(&unit, m, 1, MODEL_OF(partner, m), table);
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

MODEL_INLINE void pingpong_of(struct run *r, const struct model *m, bool across)
{
	union unit unit;

	table = system_shared(sizeof(*table));
	if (!table) {
		batch_fail(&r->batch, "no shared memory");
		return;
	}
	table->across = across;
	if (across && system_cpus() < 2)
		batch_fail(&r->batch, "needs 2 CPUs, has 1");
	else if (!across || m->id != MODEL_GREEN)
		play(r, m);
	else if (spawn_side(&unit, m, 0, MODEL_OF(play, m), r) != 0 || m->join(unit) != (uintptr_t)r)
		batch_fail(&r->batch, "the pinned side was lost");
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
