/* SPDX-License-Identifier: MIT */
/*
 * switch-0, switch-32k, switch-256k, switch-2m; turn-0 ...: two units on one CPU hand over to each other, and each reads and writes a line in
 * 64 bytes of a working set of its own before it does. What the same touching takes without a switch is measured between and taken
 * off: what is left is the switch, and the caches and TLBs that the other has emptied. It is half a round trip. A turn is all of it, with
 * the touching.
 */
#include <stdlib.h>

#include "pair.h"

enum { LINE_BYTES = 64 };

static struct touching {
	struct seat seats[2];
	_Atomic bool stop;
	_Atomic uint64_t turns;
	uint64_t size;
} * t;

/* Touched once already, and by its owner. */
static char *working_set(void)
{
	char *set = aligned_alloc(4096, t->size + 4096);

	for (uint64_t i = 0; set && i < t->size; i++)
		set[i] = 0;
	return set;
}

static void touch(char *set)
{
	volatile char *line = set;

	for (uint64_t i = 0; i < t->size; i += LINE_BYTES)
		line[i]++;
}

MODEL_INLINE void *partner(void *arg, const struct model *m)
{
	char *set = working_set();

	m->sit(&t->seats[1]);
	m->unpark(&t->seats[0]);
	for (;;) {
		m->park(&t->seats[1]);
		if (!set || atomic_load_explicit(&t->stop, memory_order_relaxed))
			return arg;
		touch(set);
		t->turns++;
		m->unpark(&t->seats[0]);
	}
}
MODEL_THREAD(partner)

/* In ns: both working sets, by one who has one. */
static double touching(char *set, uint64_t n)
{
	uint64_t begin = batch_now();

	for (uint64_t i = 0; i < 2 * n; i++)
		touch(set);
	return (double)(batch_now() - begin);
}

MODEL_INLINE void measure(struct run *r, const struct model *m, char *set)
{
	struct batch *b = &r->batch;

	while (batch_more(b)) {
		double alone = touching(set, b->ops);

		t->turns = 0;
		batch_start(b);
		for (uint64_t i = 0; i < b->ops; i++) {
			touch(set);
			m->unpark(&t->seats[1]);
			m->park(&t->seats[0]);
		}
		b->stopped = batch_now();
		batch_record(b, 0, ((double)batch_elapsed(b) - alone) / (double)(2 * b->ops));
		batch_record(b, 1, (double)batch_elapsed(b) / (double)(2 * b->ops));
		batch_check(b, t->turns == b->ops, "the partner was not woken each time");
	}
}

MODEL_INLINE void switches(struct run *r, const struct model *m)
{
	union unit unit;
	char *set;

	t = system_shared(sizeof(*t));
	if (!t)
		return;
	t->size = r->size;
	set = working_set();
	m->sit(&t->seats[0]);
	if (!set || m->spawn(&unit, MODEL_OF(partner, m), t) != 0) {
		batch_fail(&r->batch, "no memory, or no partner");
		return;
	}
	m->park(&t->seats[0]);
	measure(r, m, set);
	atomic_store(&t->stop, true);
	m->unpark(&t->seats[1]);
	batch_check(&r->batch, m->join(unit) == (uintptr_t)t, "the partner was lost");
	free(set);
}
MODEL_BODY(switches)

#define TOUCH(id, bytes, text)                                                                                         \
	const struct bench bench_switch_##id = {                                                                       \
		.rows = { "switch-" #id, "turn-" #id },                                                                \
		.units = { "ns", "ns" },                                                                               \
		.what = "a switch on one core, each with a working set of " text "; with the touching",                \
		.body = MODEL_BODIES(switches),                                                                        \
		.size = { bytes, bytes, bytes },                                                                       \
		.flags = BENCH_ONE_WORKER,                                                                             \
	}

TOUCH(0, 0, "nothing");
TOUCH(32k, 32 << 10, "32 KB");
TOUCH(256k, 256 << 10, "256 KB");
TOUCH(2m, 2 << 20, "2 MB");
