/* SPDX-License-Identifier: MIT */
/* A crew: run->size units that live through a whole measurement, each parked on its seat between batches. */
#ifndef BENCH_CREW_H
#define BENCH_CREW_H

#include <string.h>

#include "harness.h"
#include "system.h"

struct crew {
	struct run *run;
	struct seat boss;
	_Atomic uint64_t seated, arrived, left;
	_Atomic bool stop, go;
	uint64_t rounds;
	_Atomic uint64_t done;
	uint64_t asked; /* members there is room for; as many as run->size were had */
	union unit *units;
	struct seat seats[]; /* then the members, then the units */
};

struct member {
	struct crew *crew;
	uint64_t index;
};

MODEL_INLINE size_t crew_bytes(const struct run *r)
{
	return sizeof(struct crew) + r->size * (sizeof(struct seat) + sizeof(union unit) + sizeof(struct member));
}

MODEL_INLINE struct member *crew_members(struct crew *c)
{
	return (struct member *)(void *)(c->seats + c->asked);
}

/* Room for r->size members, every page of it touched: a bench that counts memory does not count this. NULL: failed. */
MODEL_INLINE struct crew *crew_room(struct run *r)
{
	struct crew *c = system_shared(crew_bytes(r));

	if (!c) {
		batch_fail(&r->batch, "no memory for the crew");
		return NULL;
	}
	memset((void *)c, 0, crew_bytes(r));
	c->run = r;
	c->asked = r->size;
	c->units = (union unit *)(void *)(crew_members(c) + r->size);
	for (uint64_t i = 0; i < r->size; i++)
		crew_members(c)[i] = (struct member){ c, i };
	return c;
}

/* Spawn them all with fn(struct member *) and wait until each has called crew_sit. False: the batch has failed. */
MODEL_INLINE bool crew_fill(struct crew *c, const struct model *m, void *(*fn)(void *))
{
	struct run *r = c->run;
	uint64_t got = 0;
	int error = 0;

	m->sit(&c->boss);
	while (got < c->asked && error == 0) {
		error = m->spawn(&c->units[got], fn, crew_members(c) + got);
		got += error == 0;
	}
	if (error && !bench_shrink(r, got, error))
		return false;
	while (atomic_load(&c->seated) < got)
		m->yield();
	return true;
}

MODEL_INLINE struct crew *crew_make(struct run *r, const struct model *m, void *(*fn)(void *))
{
	struct crew *c = crew_room(r);

	return c && crew_fill(c, m, fn) ? c : NULL;
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
MODEL_INLINE bool crew_end(struct crew *c, const struct model *m)
{
	bool ok = true;

	atomic_store(&c->stop, true);
	crew_call(c, m);
	for (uint64_t i = 0; i < c->run->size; i++)
		ok &= m->join(c->units[i]) == (uintptr_t)(crew_members(c) + i);
	return ok;
}

#endif
