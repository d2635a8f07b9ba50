/* SPDX-License-Identifier: MIT */
/*
 * Fork-join trees, verified by sums: fib, and random trees whose nodes spawn up to seven children at once or queued,
 * yield, sleep, and join in random order. With usual lanes, and with tiny ones that overflow and wrap all the time.
 *
 * Default: a second or two for each number of workers. Long target: WEFT_STRESS=300.
 */
#include "stress.h"

static void *fib(void *arg)
{
	uintptr_t n = (uintptr_t)arg;
	weft_t left;
	if (n < 2)
		return arg;
	must_eq(weft_spawn(&left, NULL, fib, (void *)(n - 1)), 0);
	uintptr_t right = (uintptr_t)fib((void *)(n - 2));
	return (void *)((uintptr_t)join(left) + right);
}

/* --- random trees: a node is its seed and its height --- */

struct node {
	uint64_t seed;
	unsigned height;
};

struct sum {
	uint64_t nodes, mix;
};

static unsigned children_of(const struct node *node, struct node *child, uint64_t *seed)
{
	*seed = node->seed;
	unsigned n = node->height ? 1 + pick_of(seed, 7) : 0;
	for (unsigned i = 0; i < n; i++)
		child[i] = (struct node){ weft__random_next(seed) | 1,
					  node->height - 1 - pick_of(seed, node->height) / 2 };
	return n;
}

static struct sum expected(const struct node *node)
{
	struct node child[7];
	struct sum sum = { 1, node->seed };
	uint64_t seed;
	for (unsigned n = children_of(node, child, &seed), i = 0; i < n; i++) {
		struct sum below = expected(&child[i]);
		sum.nodes += below.nodes;
		sum.mix += below.mix * (i + 3);
	}
	return sum;
}

struct work {
	struct node node;
	struct sum sum;
};

static void *grow(void *arg)
{
	struct work *work = arg, below[7];
	struct node child[7];
	weft_t thread[7];
	uint64_t seed;
	struct weft_attr queued = WEFT_ATTR_INIT;
	weft_attr_set_queued(&queued, true);
	unsigned n = children_of(&work->node, child, &seed), first = n ? pick_of(&seed, n) : 0;
	for (unsigned i = 0; i < n; i++) {
		below[i].node = child[i];
		thread[i] = spawn(pick_of(&seed, 3) ? NULL : &queued, grow, &below[i]);
		if (pick_of(&seed, 8) == 0)
			weft_yield();
	}
	if (pick_of(&seed, 256) == 0)
		weft_sleep(pick_of(&seed, 100000));
	work->sum = (struct sum){ 1, work->node.seed };
	for (unsigned i = 0; i < n; i++) {
		unsigned k = (first + i) % n;
		must(join(thread[k]) == &below[k]);
		work->sum.nodes += below[k].sum.nodes;
		work->sum.mix += below[k].sum.mix * (k + 3);
	}
	progress();
	return work;
}

static void *trees(void *arg)
{
	uint64_t end = phase_end(400), seed = seed_of(1), nodes = 0;
	must_eq((uintptr_t)fib((void *)(uintptr_t)(STRESS_SLOW ? 14 : 22)), STRESS_SLOW ? 377 : 17711);
	while (weft_now() < end) {
		struct work work = { .node = { weft__random_next(&seed) | 1, 8 } };
		struct sum sum = expected(&work.node);
		grow(&work);
		must_eq(work.sum.nodes, sum.nodes);
		must_eq(work.sum.mix, sum.mix);
		nodes += sum.nodes;
	}
	printf("stress_steal: %llu nodes\n", (unsigned long long)nodes);
	return arg;
}

static void phase(void)
{
	const struct weft__tune usual = weft__tune;
	stress_run(trees, NULL);
	for (uint32_t most = 2; most <= 8; most *= 2) {
		weft__tune.ring_initial = 2;
		weft__tune.ring_max = most;
		weft__tune.fair_period = most;
		weft__tune.age_period = 2;
		stress_run(trees, NULL);
	}
	weft__tune = usual;
}

int main(void)
{
	return stress_main("stress_steal", phase);
}
