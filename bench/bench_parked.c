/* SPDX-License-Identifier: MIT */
/*
 * parked-create, parked-bytes: a million units are made and park (as many as the model can have). How long until the
 * last has parked, and how much resident memory each then holds. Bytes are those of the process (or of all the
 * processes: their proportional share); what the kernel keeps besides (its stacks, page tables, task structures;
 * measured over the whole machine) stands in the note.
 */
#include <stdio.h>

#include "crew.h"

MODEL_INLINE void *parker(void *arg, const struct model *m)
{
	struct member *self = arg;

	crew_sit(self, m);
	while (crew_wait(self, m))
		;
	return self;
}
MODEL_THREAD(parker)

#define ASKED_PROCESSES 50u

/* Of all processes, by the mean of some of them. */
static uint64_t resident_of_processes(const struct crew *c, uint64_t n)
{
	uint64_t sum = 0, step = n > ASKED_PROCESSES ? n / ASKED_PROCESSES : 1, asked = 0;

	for (uint64_t i = 0; i < n; i += step, asked++)
		sum += system_resident_of(c->units[i].fork.pid);
	return sum / asked * n;
}

MODEL_INLINE uint64_t resident_now(const struct crew *c, const struct model *m, uint64_t n, uint64_t before)
{
	uint64_t now = system_resident();

	if (m->id == MODEL_FORK)
		return resident_of_processes(c, n);
	return now > before ? now - before : 0;
}

static void note_kernel(struct run *r, uint64_t before)
{
	uint64_t now = system_kernel_bytes();

	batch_note(&r->batch, "and %llu bytes each in the kernel",
		   (unsigned long long)(now > before ? (now - before) / r->size : 0));
}

MODEL_INLINE void parked(struct run *r, const struct model *m)
{
	struct batch *b = &r->batch;
	struct crew *c = crew_room(r);
	uint64_t kernel = system_kernel_bytes(), resident = system_resident();
	bool all;

	if (!c || !batch_more(b))
		return;
	batch_start(b);
	all = crew_fill(c, m, MODEL_OF(parker, m));
	b->stopped = batch_now();
	if (!all)
		return;
	batch_record(b, 0, (double)batch_elapsed(b) / 1e6);
	batch_record(b, 1, (double)resident_now(c, m, r->size, resident) / (double)r->size);
	note_kernel(r, kernel);
	batch_check(b, crew_end(c, m), "a parked unit was lost");
}
MODEL_BODY(parked)

const struct bench bench_parked = {
	.rows = { "parked-create", "parked-bytes" },
	.units = { "ms", "bytes" },
	.what = "1,000,000 parked units: time to make them, resident bytes each",
	.body = MODEL_BODIES(parked),
	.size = { 1000000, 10000, 1000 },
	.flags = BENCH_COLD | BENCH_ALL_ALIVE,
};
