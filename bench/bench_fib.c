/* SPDX-License-Identifier: MIT */
/*
 * fib: fork-join recursion. fib(n) spawns fib(n - 1), computes fib(n - 2) itself and joins; the figure is wall time by
 * the number of spawns. Kernel threads and processes get a smaller n: they are all alive at once.
 */
#include "harness.h"

MODEL_DECLARE(fib);

MODEL_INLINE void *fib(void *arg, const struct model *m)
{
	uintptr_t n = (uintptr_t)arg, above, below;
	union unit unit;

	if (n < 2)
		return arg;
	if (m->spawn(&unit, MODEL_OF(fib, m), (void *)(n - 1)) != 0)
		return (void *)MODEL_LOST;
	below = (uintptr_t)MODEL_OF(fib, m)((void *)(n - 2));
	above = m->join(unit);
	return (void *)(above == MODEL_LOST || below == MODEL_LOST ? MODEL_LOST : above + below);
}
MODEL_THREAD(fib)

static uint64_t fibonacci(uint64_t n)
{
	uint64_t a = 0, b = 1;

	for (; n; n--) {
		uint64_t sum = a + b;

		a = b;
		b = sum;
	}
	return a;
}

MODEL_INLINE void fib_bench(struct run *r, const struct model *m)
{
	struct batch *b = &r->batch;

	b->step = b->max_ops = fibonacci(r->size + 1) - 1; /* spawns */
	while (batch_more(b)) {
		uintptr_t got;

		batch_start(b);
		got = (uintptr_t)MODEL_OF(fib, m)((void *)(uintptr_t)r->size);
		if (got == MODEL_LOST && bench_shrink(r, r->size - 1, -EAGAIN)) {
			b->step = b->max_ops = b->ops = fibonacci(r->size + 1) - 1;
			continue;
		}
		batch_stop(b);
		batch_check(b, got == fibonacci(r->size), "wrong sum");
	}
}
MODEL_BODY(fib_bench)

const struct bench bench_fib = {
	.rows = { "fib" },
	.units = { "ns" },
	.what = "a spawn in fork-join recursion, fib(27)",
	.body = MODEL_BODIES(fib_bench),
	.size = { 27, 14, 11 },
	.size_is_n = true,
};
