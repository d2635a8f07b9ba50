/* SPDX-License-Identifier: MIT */
/*
 * skynet: a tree of units, each of which has ten children, sums what they return; the leaves return their number.
 * 1,111,111 units; kernel threads and processes get a tree of fewer levels.
 */
#include "harness.h"

#define CHILDREN 10

/* A subtree as a word: its first leaf's number, and how many leaves it has. */
MODEL_INLINE void *subtree(uint64_t first, uint64_t leaves)
{
	return (void *)(uintptr_t)(first << 32 | leaves);
}

MODEL_DECLARE(skynet);

MODEL_INLINE void *skynet(void *arg, const struct model *m)
{
	uint64_t first = (uintptr_t)arg >> 32, leaves = (uintptr_t)arg & UINT32_MAX, sum = 0;
	union unit units[CHILDREN];
	uint64_t part = leaves / CHILDREN;
	unsigned born = 0, lost;

	if (leaves == 1)
		return (void *)(uintptr_t)first;
	while (born < CHILDREN && m->spawn(&units[born], MODEL_OF(skynet, m), subtree(first + born * part, part)) == 0)
		born++;
	lost = CHILDREN - born;
	for (unsigned i = 0; i < born; i++) {
		uintptr_t result = m->join(units[i]);

		lost += result == MODEL_LOST;
		sum += result;
	}
	return (void *)(lost ? MODEL_LOST : (uintptr_t)sum);
}
MODEL_THREAD(skynet)

/* size counts all units: 1 + 10 + 100 + ... + leaves. */
MODEL_INLINE void skynet_bench(struct run *r, const struct model *m)
{
	struct batch *b = &r->batch;

	while (batch_more(b)) {
		uint64_t leaves = (r->size * (CHILDREN - 1) + 1) / CHILDREN;
		union unit root;
		uintptr_t got = MODEL_LOST;

		batch_start(b);
		if (m->spawn(&root, MODEL_OF(skynet, m), subtree(0, leaves)) == 0)
			got = m->join(root);
		b->stopped = batch_now();
		if (got == MODEL_LOST && bench_shrink(r, r->size / CHILDREN, -EAGAIN))
			continue;
		batch_record(b, 0, (double)batch_elapsed(b) / 1e6);
		batch_check(b, got == leaves * (leaves - 1) / 2, "wrong sum");
	}
}
MODEL_BODY(skynet_bench)

const struct bench bench_skynet = {
	.rows = { "skynet" },
	.units = { "ms" },
	.what = "a tree of 1,111,111 units, ten children each",
	.body = MODEL_BODIES(skynet_bench),
	.size = { 1111111, 11111, 1111 },
	.fixed = true,
};
