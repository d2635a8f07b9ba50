/* SPDX-License-Identifier: MIT */
/*
 * A pair: two units, each on a side, in memory that both see.
 *
 * Of kernel threads and processes each lies on a CPU of its own, if the round has two. Left to the kernel they come to lie on one or
 * on two by chance, and stay so for a round, with figures that are up to 30 times apart. Where green threads lie is the
 * runtime's business, unless the two are to be apart: then each is pinned to a worker, and before the clock runs some
 * handovers are watched: the two must never be seen on the same kernel thread.
 */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include "harness.h"
#include "system.h"

#define PAIR_WATCHED 1000 /* round trips */

struct pair {
	bool apart;
	_Atomic bool watched;
	_Atomic long on[2]; /* the kernel thread each was last seen on, while watched */
	_Atomic uint64_t together;
};

static inline void pair_watch(struct pair *p, unsigned side)
{
	long on = syscall(SYS_gettid);

	atomic_store(&p->on[side], on);
	if (atomic_load(&p->on[!side]) == on)
		atomic_fetch_add(&p->together, 1);
}

/* This side has its turn. */
MODEL_INLINE void pair_turn(struct pair *p, unsigned side)
{
	if (p->apart && atomic_load_explicit(&p->watched, memory_order_relaxed))
		pair_watch(p, side);
}

/* The first thing that a side does. */
MODEL_INLINE void pair_enter(const struct model *m, unsigned side)
{
	if (m->id != MODEL_GREEN)
		system_pin_to(side % model_cpus);
}

MODEL_INLINE int pair_spawn(const struct pair *p, const struct model *m, union unit *unit, unsigned side,
			    void *(*fn)(void *), void *arg)
{
	struct weft_attr attr = WEFT_ATTR_INIT;

	if (!p->apart || m->id != MODEL_GREEN)
		return m->spawn(unit, fn, arg);
	(void)weft_attr_set_worker(&attr, side);
	return weft_spawn(&unit->green, &attr, fn, arg);
}

/* Call first(r), which is side 0: a green thread that is to be apart has to be spawned for that. */
MODEL_INLINE void pair_run(const struct pair *p, const struct model *m, struct run *r, void *(*first)(void *))
{
	union unit unit;

	if (p->apart && system_cpus() < 2)
		batch_fail(&r->batch, "needs 2 CPUs, has 1");
	else if (!p->apart || m->id != MODEL_GREEN)
		first(r);
	else if (pair_spawn(p, m, &unit, 0, first, r) != 0 || m->join(unit) != (uintptr_t)r)
		batch_fail(&r->batch, "the pinned side was lost");
}

#endif
