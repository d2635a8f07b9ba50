/* SPDX-License-Identifier: MIT */
/*
 * Thread-local values.
 *
 * All threads share WEFT_LOCALS_MAX slots. A key is a slot in one of its lives; a slot that is used again begins a new one:
 *
 *   slot's id = LIVE (1 bit) | MAKING (1 bit) | life (52 bits) | index (10 bits)       key = the low half of it
 *
 *   bits      who may change it         what it means
 *   neither   weft_local_create         no key
 *   MAKING    that call                 it writes the destructor
 *   LIVE      weft_local_delete         a key
 *
 * Each thread that has values has a table of them, which nobody else touches: open addressing by index, each value with the
 * whole id that it was set under. It counts only while that is the slot's id, so deleting a key need not look for values,
 * and a new key finds none. There is at most one entry an index. Invariant: a free entry is left, or the table has one for
 * each index, and then each value stands at its own.
 *
 * Rejected: an array by index in each thread (a key made late costs every thread that uses it 16 KiB); a lock around slots (it
 * would be taken at the end of each thread that has values).
 *
 * Orders: LOCAL  the destructor, then LIVE (release) -> the end of a thread: id, destructor, id again (acquire): if both are the
 *                value's, so is the destructor between. A later one is stored after the id has changed
 */
#include "src/sched/local.h"

#include <errno.h>
#include <string.h>

#include "src/base/panic.h"
#include "src/os/memory.h"
#include "src/sched/spawn.h"
#include "src/sched/worker.h"
#include "weft/local.h"

#define LIVE ((uint64_t)1 << 63)
#define MAKING ((uint64_t)1 << 62)

enum { ENTRIES_FIRST = 4, ROUNDS = 4 };

typedef void destructor(void *);

static struct slot {
	weft__a64 id;
	_Atomic(destructor *) destructor;
} slots[WEFT_LOCALS_MAX];

struct entry {
	uint64_t id; /* 0: free, and the value NULL */
	void *value;
};

struct weft__locals {
	uint32_t mask; /* entries - 1, their number being a power of two */
	uint32_t used;
	bool ending; /* destructors are being called */
	struct entry entry[];
};

/* weft__self_or_null without a call where a green thread asks, which is most of what the calls below cost. */
weft__inline struct weft__thread *caller(void)
{
	const struct weft__worker *w = weft__worker();
	return weft__likely(w && w->current) ? w->current : weft__kernel_self();
}

static struct slot *slot_of(uint64_t id)
{
	return &slots[id % WEFT_LOCALS_MAX];
}

/* The id of the slot that the key is in: not relied on for more than a number, so relaxed. */
static uint64_t id_of(weft_local_t key)
{
	return weft__load_rlx(&slot_of(key)->id);
}

static bool names(weft_local_t key, uint64_t id)
{
	return (id & LIVE) && (uint32_t)id == key;
}

/* --- keys --- */

/* No key is 0. A key comes again after 4 million lives of its slot, an id never. */
static uint64_t next_life(uint64_t id, uint32_t index)
{
	id = (id | index) + WEFT_LOCALS_MAX;
	return (uint32_t)id < WEFT_LOCALS_MAX ? id + WEFT_LOCALS_MAX : id;
}

static bool make(uint32_t index, destructor *fn, weft_local_t *key)
{
	struct slot *slot = &slots[index];
	uint64_t old = weft__load_rlx(&slot->id), id = next_life(old, index); /* relaxed: the CAS orders */
	if ((old & (LIVE | MAKING)) || !weft__cas_acqrel(&slot->id, &old, id | MAKING))
		return false;
	weft__store_rel(&slot->destructor, fn); /* order LOCAL */
	weft__store_rel(&slot->id, id | LIVE);	/* order LOCAL */
	*key = (uint32_t)id;
	return true;
}

/* The lowest index that is free, so that tables stay small. */
int weft_local_create(weft_local_t *key, void (*fn)(void *))
{
	if (!key)
		return -EINVAL;
	for (uint32_t i = 0; i < WEFT_LOCALS_MAX; i++)
		if (make(i, fn, key))
			return 0;
	return -EAGAIN;
}

int weft_local_delete(weft_local_t key)
{
	uint64_t id = id_of(key);
	return names(key, id) && weft__cas_acqrel(&slot_of(key)->id, &id, id & ~LIVE) ? 0 : -EINVAL; /* order LOCAL */
}

/* --- a thread's table --- */

/* The entry of this id's index, or the free one where it belongs. */
weft__inline struct entry *find(struct weft__locals *locals, uint64_t id)
{
	uint32_t i = id % WEFT_LOCALS_MAX;
	struct entry *e = &locals->entry[i & locals->mask];
	while (e->id && (e->id ^ id) % WEFT_LOCALS_MAX)
		e = &locals->entry[++i & locals->mask];
	return e;
}

static bool is_full(const struct weft__locals *locals)
{
	uint32_t entries = locals->mask + 1;
	return locals->used >= entries - entries / 4 && entries < WEFT_LOCALS_MAX;
}

/* Those that still count. */
static void copy(struct weft__locals *to, const struct weft__locals *from)
{
	for (uint32_t i = 0; i <= from->mask; i++) {
		const struct entry *e = &from->entry[i];
		if (!e->value || weft__load_rlx(&slot_of(e->id)->id) != e->id) /* relaxed: a number */
			continue;
		*find(to, e->id) = *e;
		to->used++;
	}
	to->ending = from->ending;
}

/* A table of twice as many entries, or the first one. NULL without memory: then nothing has changed. */
static struct weft__locals *grow(struct weft__thread *self)
{
	struct weft__locals *old = self->locals;
	uint32_t entries = old ? 2 * (old->mask + 1) : ENTRIES_FIRST;
	size_t size = sizeof *old + entries * sizeof old->entry[0];
	struct weft__locals *locals = weft__os_alloc(size);
	if (!locals)
		return NULL;
	memset(locals, 0, size);
	locals->mask = entries - 1;
	if (old)
		copy(locals, old);
	weft__os_free(old);
	self->locals = locals;
	self->escaped = true; /* its end has to clean up */
	return locals;
}

static int add(struct weft__thread *self, uint64_t id, void *value)
{
	struct weft__locals *locals = self->locals;
	if ((!locals || is_full(locals)) && !(locals = grow(self)))
		return -ENOMEM;
	*find(locals, id) = (struct entry){ id, value };
	locals->used++;
	return 0;
}

int weft_local_set(weft_local_t key, void *value)
{
	struct weft__thread *self = caller();
	uint64_t id = id_of(key);
	if (!self)
		return -EPERM;
	if (!names(key, id))
		return -EINVAL;
	struct entry *e = self->locals ? find(self->locals, id) : NULL;
	if (!e || !e->id)
		return value ? add(self, id, value) : 0;
	*e = (struct entry){ id, value };
	return 0;
}

void *weft_local_get(weft_local_t key)
{
	const struct weft__thread *self = caller();
	uint64_t id = id_of(key);
	if (!self || !self->locals || (uint32_t)id != key)
		return NULL;
	const struct entry *e = find(self->locals, id);
	return e->id == id ? e->value : NULL; /* not so if the key is deleted: an entry's id is LIVE */
}

/* --- without a key --- */

int weft_data_set(void *data)
{
	struct weft__thread *self = caller();
	if (!self)
		return -EPERM;
	self->data = data;
	self->escaped = true; /* its end has to clean up */
	return 0;
}

void *weft_data_get(void)
{
	const struct weft__thread *self = caller();
	return self ? self->data : NULL;
}

/* --- the end of a thread --- */

static destructor *destructor_of(uint64_t id)
{
	struct slot *slot = slot_of(id);
	if (weft__load_acq(&slot->id) != id) /* order LOCAL */
		return NULL;
	destructor *fn = weft__load_acq(&slot->destructor); /* order LOCAL */
	return weft__load_rlx(&slot->id) == id ? fn : NULL; /* relaxed: not older than what fn's load has seen */
}

static bool destroy(struct entry *e)
{
	void *value = e->value;
	destructor *fn = value ? destructor_of(e->id) : NULL;
	e->value = NULL;
	if (fn)
		fn(value);
	return fn != NULL;
}

/* Whether there was something to do. A table that has grown meanwhile is gone through anew, so that nothing is passed over. */
static bool destroy_all(struct weft__thread *self)
{
	bool some = false;
	for (uint32_t i = 0, mask = self->locals->mask; i <= mask; i++)
		if (destroy(&self->locals->entry[i])) {
			some = true;
			if (self->locals->mask != mask) {
				mask = self->locals->mask;
				i = UINT32_MAX;
			}
		}
	return some;
}

void weft__locals_end(struct weft__thread *self)
{
	if (self->locals) {
		if (self->locals->ending)
			weft__panic("weft_exit in a destructor of thread-local values");
		self->locals->ending = true;
		for (int round = 0; round < ROUNDS && destroy_all(self); round++)
			;
		weft__os_free(self->locals);
		self->locals = NULL;
	}
	self->data = NULL;
}
