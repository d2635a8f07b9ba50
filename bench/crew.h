/* SPDX-License-Identifier: MIT */
/* A crew: run->size units that live through a whole measurement, each parked on its seat between batches. */
#ifndef BENCH_CREW_H
#define BENCH_CREW_H

#include "harness.h"
#include "system.h"

struct crew {
	struct run *run;
	struct seat boss;
	_Atomic uint64_t seated, arrived, left;
	_Atomic bool stop, go;
	uint64_t rounds;
	_Atomic uint64_t done;
	union unit *units;
	struct seat seats[]; /* a unit's argument is its seat; see crew_of */
};

struct member {
	struct crew *crew;
	uint64_t index;
};

MODEL_INLINE size_t crew_bytes(const struct run *r)
{
	return sizeof(struct crew) + r->size * (sizeof(struct seat) + sizeof(union unit) + sizeof(struct member));
}

MODEL_INLINE struct member *crew_members(struct crew *c, uint64_t size)
{
	return (struct member *)(void *)(c->seats + size);
}

/* Spawn them all with fn(struct member *) and wait until each has called crew_sit. NULL: the batch has failed. */
MODEL_INLINE struct crew *crew_make(struct run *r, const struct model *m, void *(*fn)(void *))
{
	uint64_t n = r->size, got = 0;
	struct crew *c = system_shared(crew_bytes(r));
	int error = 0;

	if (!c) {
		batch_fail(&r->batch, "no memory for the crew");
		return NULL;
	}
	c->run = r;
	c->units = (union unit *)(void *)(crew_members(c, n) + n);
	m->sit(&c->boss);
	while (got < n && error == 0) {
		struct member *member = crew_members(c, n) + got;

		*member = (struct member){ c, got };
		error = m->spawn(&c->units[got], fn, member);
		got += error == 0;
	}
	if (error && !bench_shrink(r, got, error))
		return NULL;
	while (atomic_load(&c->seated) < got)
		m->yield();
	return c;
}

/* A member: sit down, and wait for crew_call. False: go home. */
MODEL_INLINE void crew_sit(struct member *self, const struct model *m)
{
	m->sit(&self->crew->seats[self->index]);
	atomic_fetch_add(&self->crew->seated, 1);
}

MODEL_INLINE bool crew_wait(struct member *self, const struct model *m)
{
	m->park(&self->crew->seats[self->index]);
	return !atomic_load(&self->crew->stop);
}

/* Wake them all. */
MODEL_INLINE void crew_call(struct crew *c, const struct model *m)
{
	for (uint64_t i = 0; i < c->run->size; i++)
		m->unpark(&c->seats[i]);
}

/* Send them home and join them: true if each came back with the result it should have, its own member. */
MODEL_INLINE bool crew_end(struct crew *c, const struct model *m, uint64_t members_at)
{
	bool ok = true;

	atomic_store(&c->stop, true);
	crew_call(c, m);
	for (uint64_t i = 0; i < c->run->size; i++)
		ok &= m->join(c->units[i]) == (uintptr_t)(crew_members(c, members_at) + i);
	return ok;
}

#endif
