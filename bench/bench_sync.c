/* SPDX-License-Identifier: MIT */
/*
 * mutex: lock and unlock of a mutex that nobody else wants.
 *
 * mutex-1000, mutex-yield-1000: 1,000 units that want the same mutex and do nothing else; in the second each yields while
 * it holds it, so that all others come to wait. The figure is a rate: how often the mutex was had, of all units, in
 * millions a second. What the mutex guards is a plain counter, which tells whether it did.
 *
 * sem, condvar: a round trip of two units, by a semaphore for each, or by a mutex and a condition variable for each.
 */
#include "crew.h"
#include "locks.h"
#include "pair.h"

#define LAPS 100      /* of each unit at the least, so that coming to the start does not count */
#define LAPS_YIELD 10 /* fewer: where each is a wait, a batch is long enough */

static struct desk {
	union mutex mutex;
	uint64_t had;	/* under mutex */
	char pad_1[64]; /* the semaphores' lines are not the mutex's */
	union semaphore sem[2];
	union cond cond[2];
	unsigned turn; /* whose it is: under mutex */
	char pad_2[64];
	_Atomic bool stop;
	uint64_t turns; /* how often the partner has had one: written before the turn is given back */
} * desk;

/* True: the desk is there. */
MODEL_INLINE bool desk_make(struct run *r, const struct model *m)
{
	bool ok = (desk = system_shared(sizeof(*desk))) && mutex_make(&desk->mutex, m);

	for (int i = 0; i < 2 && ok; i++)
		ok = semaphore_make(&desk->sem[i], m) && cond_make(&desk->cond[i], m);
	if (!ok)
		batch_fail(&r->batch, "no shared memory, or none of its locks");
	return ok;
}

MODEL_INLINE void alone(struct run *r, const struct model *m)
{
	struct batch *b = &r->batch;
	bool ok = desk_make(r, m);

	while (ok && batch_more(b)) {
		desk->had = 0;
		batch_start(b);
		for (uint64_t i = 0; i < b->ops; i++) {
			mutex_lock(&desk->mutex, m);
			desk->had++;
			mutex_unlock(&desk->mutex, m);
		}
		batch_stop(b);
		batch_check(b, desk->had == b->ops, "the mutex was not had each time");
	}
}
MODEL_BODY(alone)

/* mutex-1000, mutex-yield-1000: the crew as in bench_yield.c */

MODEL_INLINE void laps(struct crew *c, const struct model *m, bool yield)
{
	if (atomic_fetch_add(&c->arrived, 1) + 1 == c->run->size) {
		batch_start(&c->run->batch);
		atomic_store(&c->go, true);
	}
	while (!atomic_load_explicit(&c->go, memory_order_acquire))
		m->yield();
	for (uint64_t i = 0; i < c->rounds; i++) {
		mutex_lock(&desk->mutex, m);
		desk->had++;
		if (yield)
			m->yield();
		mutex_unlock(&desk->mutex, m);
	}
	if (atomic_fetch_sub(&c->left, 1) == 1) {
		batch_stop(&c->run->batch);
		m->unpark(&c->boss);
	}
}

MODEL_INLINE void *contender(void *arg, const struct model *m)
{
	struct member *self = arg;

	crew_sit(self, m);
	while (crew_wait(self, m))
		laps(self->crew, m, false);
	return self;
}
MODEL_THREAD(contender)

MODEL_INLINE void *holder(void *arg, const struct model *m)
{
	struct member *self = arg;

	crew_sit(self, m);
	while (crew_wait(self, m))
		laps(self->crew, m, true);
	return self;
}
MODEL_THREAD(holder)

MODEL_INLINE void crowd(struct run *r, const struct model *m, void *(*fn)(void *))
{
	struct batch *b = &r->batch;
	struct crew *c = desk_make(r, m) ? crew_make(r, m, fn) : NULL;

	while (c && batch_more(b)) {
		c->rounds = b->ops / r->size;
		c->arrived = 0;
		c->left = r->size;
		desk->had = 0;
		atomic_store(&c->go, false);
		crew_call(c, m);
		m->park(&c->boss);
		batch_check(b, desk->had == b->ops, "the mutex did not keep its counter");
	}
	if (c)
		batch_check(b, crew_end(c, m), "a unit was lost");
}

MODEL_INLINE void contended(struct run *r, const struct model *m)
{
	crowd(r, m, MODEL_OF(contender, m));
}
MODEL_BODY(contended)

MODEL_INLINE void held(struct run *r, const struct model *m)
{
	crowd(r, m, MODEL_OF(holder, m));
}
MODEL_BODY(held)

/* sem, condvar: each gives the turn to the other and waits for its own */

MODEL_INLINE void give(const struct model *m, bool cond, unsigned to)
{
	if (cond) {
		desk->turn = to;
		cond_signal(&desk->cond[to], m);
	} else {
		semaphore_release(&desk->sem[to], m);
	}
}

MODEL_INLINE void await(const struct model *m, bool cond, unsigned self)
{
	if (cond)
		while (desk->turn != self)
			cond_wait(&desk->cond[self], &desk->mutex, m);
	else
		semaphore_acquire(&desk->sem[self], m);
}

/* Both hold the mutex all along, as users of a condition variable do; it is given up in each wait. */
MODEL_INLINE void sit_down(const struct model *m, bool cond)
{
	if (cond)
		mutex_lock(&desk->mutex, m);
}

MODEL_INLINE void get_up(const struct model *m, bool cond)
{
	if (cond)
		mutex_unlock(&desk->mutex, m);
}

MODEL_INLINE void *partner(void *arg, const struct model *m, bool cond)
{
	pair_enter(m, 1);
	sit_down(m, cond);
	for (await(m, cond, 1); !atomic_load_explicit(&desk->stop, memory_order_relaxed); await(m, cond, 1)) {
		desk->turns++;
		give(m, cond, 0);
	}
	get_up(m, cond);
	return arg;
}

MODEL_INLINE void rally(struct run *r, const struct model *m, bool cond)
{
	struct batch *b = &r->batch;

	while (batch_more(b)) {
		desk->turns = 0;
		batch_start(b);
		for (uint64_t i = 0; i < b->ops; i++) {
			give(m, cond, 1);
			await(m, cond, 0);
		}
		batch_stop(b);
		batch_check(b, desk->turns == b->ops, "the partner did not have its turn each time");
	}
}

MODEL_INLINE void play(struct run *r, const struct model *m, bool cond, void *(*fn)(void *))
{
	union unit unit;
	int error;

	if (!desk_make(r, m))
		return;
	pair_enter(m, 0);
	error = m->spawn(&unit, fn, desk);
	if (error) {
		batch_fail(&r->batch, "spawn: error %d", -error);
		return;
	}
	sit_down(m, cond);
	rally(r, m, cond);
	atomic_store(&desk->stop, true);
	give(m, cond, 1);
	get_up(m, cond);
	batch_check(&r->batch, m->join(unit) == (uintptr_t)desk, "the partner was lost");
}

MODEL_INLINE void *sem_partner(void *arg, const struct model *m)
{
	return partner(arg, m, false);
}
MODEL_THREAD(sem_partner)

MODEL_INLINE void *cond_partner(void *arg, const struct model *m)
{
	return partner(arg, m, true);
}
MODEL_THREAD(cond_partner)

MODEL_INLINE void sem(struct run *r, const struct model *m)
{
	play(r, m, false, MODEL_OF(sem_partner, m));
}
MODEL_BODY(sem)

MODEL_INLINE void condvar(struct run *r, const struct model *m)
{
	play(r, m, true, MODEL_OF(cond_partner, m));
}
MODEL_BODY(condvar)

const struct bench bench_mutex = {
	.rows = { "mutex" },
	.units = { "ns" },
	.what = "lock and unlock of a mutex that nobody else wants",
	.body = MODEL_BODIES(alone),
};

const struct bench bench_mutex_1000 = {
	.rows = { "mutex-1000" },
	.units = { "Mops" },
	.what = "1,000 units lock and unlock one mutex: how often a second, of all",
	.body = MODEL_BODIES(contended),
	.size = { 1000, 1000, 1000 },
	.per_unit = LAPS,
	.flags = BENCH_RATE,
};

const struct bench bench_mutex_yield_1000 = {
	.rows = { "mutex-yield-1000" },
	.units = { "Mops" },
	.what = "the same, each with a yield while it holds it",
	.body = MODEL_BODIES(held),
	.size = { 1000, 1000, 1000 },
	.per_unit = LAPS_YIELD,
	.flags = BENCH_RATE,
};

const struct bench bench_sem = {
	.rows = { "sem" },
	.units = { "ns" },
	.what = "a round trip between two units by two semaphores",
	.body = MODEL_BODIES(sem),
};

const struct bench bench_condvar = {
	.rows = { "condvar" },
	.units = { "ns" },
	.what = "a round trip between two units by two condition variables",
	.body = MODEL_BODIES(condvar),
};
