/* SPDX-License-Identifier: MIT */
/* local: the value of a thread-local by its key; of kernel threads, by pthread_getspecific. */
#include "harness.h"

union key {
	weft_local_t green;
	pthread_key_t kernel;
};

MODEL_INLINE bool key_make(union key *key, void *value, const struct model *m)
{
	if (m->id == MODEL_GREEN)
		return weft_local_create(&key->green, NULL) == 0 && weft_local_set(key->green, value) == 0;
	return pthread_key_create(&key->kernel, NULL) == 0 && pthread_setspecific(key->kernel, value) == 0;
}

MODEL_INLINE uint64_t key_get(const union key *key, const struct model *m)
{
	return (uintptr_t)(m->id == MODEL_GREEN ? weft_local_get(key->green) : pthread_getspecific(key->kernel));
}

MODEL_INLINE void local(struct run *r, const struct model *m)
{
	struct batch *b = &r->batch;
	union key key = { 0 };

	batch_check(b, key_make(&key, (void *)3, m), "no key");
	while (batch_more(b)) {
		uint64_t sum = 0;

		batch_start(b);
		for (uint64_t i = 0; i < b->ops; i++)
			sum += key_get(&key, m);
		batch_stop(b);
		batch_check(b, sum == 3 * b->ops, "a value was another");
	}
}

static void local_green(struct run *r)
{
	local(r, &model_green);
}

static void local_pthread(struct run *r)
{
	local(r, &model_pthread);
}

const struct bench bench_local = {
	.rows = { "local" },
	.units = { "ns" },
	.what = "the value of a thread-local",
	.body = { local_green, local_pthread },
	.flags = BENCH_ONE_WORKER,
};
