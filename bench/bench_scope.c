/* SPDX-License-Identifier: MIT */
/*
 * scope-10: open a scope, spawn ten children into it that count themselves, close it. The other models have no scopes:
 * ten units are made, then joined.
 */
#include "harness.h"
#include "system.h"

#define CHILDREN 10

/* Of each child, in a cache line of its own. */
static struct line {
	_Alignas(64) uint64_t runs;
} * lines;

static void *count(void *arg)
{
	((struct line *)arg)->runs++;
	return arg;
}

static int child(void *arg)
{
	(void)count(arg);
	return 0;
}

MODEL_INLINE int green_scope(void)
{
	struct weft_scope scope;
	int error = weft_scope_open(&scope, 0);

	for (int i = 0; i < CHILDREN; i++)
		error |= weft_scope_spawn(&scope, WEFT_GREEN, child, &lines[i]);
	return error | weft_scope_close(&scope);
}

MODEL_INLINE int kernel_scope(const struct model *m)
{
	union unit units[CHILDREN];
	int n = 0, error = 0;

	for (; n < CHILDREN && !error; n += error == 0)
		error = m->spawn(&units[n], count, &lines[n]);
	for (int i = 0; i < n; i++)
		error |= m->join(units[i]) != (uintptr_t)&lines[i];
	return error;
}

MODEL_INLINE void scopes(struct run *r, const struct model *m)
{
	struct batch *b = &r->batch;

	lines = system_shared(CHILDREN * sizeof(*lines));
	batch_check(b, lines != NULL, "no shared memory");
	for (uint64_t runs = 0; batch_more(b);) {
		int error = 0;

		batch_start(b);
		for (uint64_t i = 0; i < b->ops; i++)
			error |= m->id == MODEL_GREEN ? green_scope() : kernel_scope(m);
		batch_stop(b);
		runs += b->ops;
		for (int i = 0; i < CHILDREN; i++)
			batch_check(b, error == 0 && lines[i].runs == runs, "not every child ran");
	}
}
MODEL_BODY(scopes)

const struct bench bench_scope_10 = {
	.rows = { "scope-10" },
	.units = { "ns" },
	.what = "open a scope, spawn 10 into it, close it; else 10 made and joined",
	.body = MODEL_BODIES(scopes),
};
