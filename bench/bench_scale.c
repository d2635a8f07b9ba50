/* SPDX-License-Identifier: MIT */
/*
 * scale-cpu, scale-fan, scale-io: what gets done in a second on 1, 2, 4 ... workers, up to twice as many as there are CPUs: steps of
 * plain computing by eight units that live on; small tasks, each in a unit that is made for it; tasks that sleep for 0.1 ms and
 * compute little, in 64 units.
 */
#include <stdatomic.h>

#include "crew.h"
#include "work.h"

enum { SLEEP_NS = 100000, STEPS_AFTER_SLEEP = 500, STEPS_OF_TASK = 1000 };

MODEL_INLINE void *worker(void *arg, const struct model *m, bool sleeps)
{
	struct member *self = arg;
	struct crew *c = self->crew;

	crew_sit(self, m);
	while (crew_wait(self, m)) {
		for (uint64_t i = 0; sleeps && i < c->rounds; i++) {
			m->sleep(SLEEP_NS);
			(void)work(STEPS_AFTER_SLEEP, i);
		}
		if (!sleeps)
			(void)work(c->rounds, self->index);
		atomic_fetch_add(&c->done, c->rounds);
		if (atomic_fetch_sub(&c->left, 1) == 1)
			m->unpark(&c->boss);
	}
	return self;
}

MODEL_INLINE void *computer(void *arg, const struct model *m)
{
	return worker(arg, m, false);
}
MODEL_THREAD(computer)

MODEL_INLINE void *waiter(void *arg, const struct model *m)
{
	return worker(arg, m, true);
}
MODEL_THREAD(waiter)

MODEL_INLINE void by_crew(struct run *r, const struct model *m, void *(*fn)(void *))
{
	struct batch *b = &r->batch;
	struct crew *c = crew_make(r, m, fn);

	while (c && batch_more(b)) {
		c->rounds = b->ops / r->size;
		c->done = 0;
		c->left = r->size;
		batch_start(b);
		crew_call(c, m);
		m->park(&c->boss);
		batch_stop(b);
		batch_check(b, c->done == b->ops, "not all was done");
	}
	if (c)
		batch_check(b, crew_end(c, m), "a unit was lost");
}

MODEL_INLINE void computing(struct run *r, const struct model *m)
{
	by_crew(r, m, MODEL_OF(computer, m));
}
MODEL_BODY(computing)

MODEL_INLINE void waiting(struct run *r, const struct model *m)
{
	by_crew(r, m, MODEL_OF(waiter, m));
}
MODEL_BODY(waiting)

static void *task(void *arg)
{
	return (void *)(uintptr_t)(work(STEPS_OF_TASK, (uintptr_t)arg) != 0);
}

MODEL_INLINE void fanning(struct run *r, const struct model *m)
{
	work_fan_out(r, m, task);
}
MODEL_BODY(fanning)

#define SCALE(id, name, bodies, units_, step, waits_, text)                                                            \
	const struct bench bench_scale_##id = {                                                                        \
		.rows = { name },                                                                                      \
		.units = { "Mops" },                                                                                   \
		.what = text,                                                                                          \
		.body = bodies,                                                                                        \
		.size = { units_, units_, units_ },                                                                    \
		.flags = BENCH_RATE | BENCH_SCALING,                                                                   \
		.per_unit = step,                                                                                      \
		.waits = waits_,                                                                                       \
	}

SCALE(cpu, "scale-cpu", MODEL_BODIES(computing), 8, 1000000, 0,
      "millions of steps of plain computing a second, by 8 units");
SCALE(fan, "scale-fan", MODEL_BODIES(fanning), 32, 1, 0,
      "millions of small tasks a second, each in a unit made for it");
SCALE(io, "scale-io", MODEL_BODIES(waiting), 64, 4, 1, "millions of tasks a second that sleep for 0.1 ms, in 64 units");
