/* SPDX-License-Identifier: MIT */
/* Threads of all three kinds, in turn: green, bound, and plain pthreads. From a kernel thread outside the pool. */
#ifndef WEFT_TESTS_CREW_H
#define WEFT_TESTS_CREW_H

#include "src/base/random.h"
#include "tests/support/support.h"

enum { CREW_MAX = 64 };

struct crew {
	int n;
	weft_t thread[CREW_MAX];
	pthread_t outside[CREW_MAX];
	struct member {
		int index;
		uint64_t random; /* its own seed */
		uint64_t got;	 /* for the test */
	} member[CREW_MAX];
};

/* 0 <= result < n */
static inline uint32_t pick(struct member *m, uint32_t n)
{
	return (uint32_t)((weft__random_next(&m->random) >> 32) * n >> 32);
}

static inline void crew_start(struct crew *crew, int n, uint64_t seed, void *(*fn)(void *))
{
	crew->n = n;
	for (int i = 0; i < n; i++) {
		struct member *m = &crew->member[i];
		*m = (struct member){ .index = i, .random = (seed + (uint64_t)i) * 0x9e3779b97f4a7c15u | 1 };
		if (i % 3 == 2)
			crew->outside[i] = outsider(fn, m);
		else
			crew->thread[i] = spawn(i % 3 ? WEFT_BOUND : WEFT_GREEN, fn, m);
	}
}

/* The sum of what they got. */
static inline uint64_t crew_join(struct crew *crew)
{
	uint64_t got = 0;
	for (int i = 0; i < crew->n; i++) {
		if (i % 3 == 2)
			check_eq(pthread_join(crew->outside[i], NULL), 0);
		else
			join(crew->thread[i]);
		got += crew->member[i].got;
	}
	return got;
}

static inline void start(void)
{
	check_eq(weft_start(NULL), 0);
}

static inline void stop(void)
{
	wait_until(weft_stop() == 0);
}

/* Green, queued, pinned, bound. */
static inline const struct weft_attr *attr_of(unsigned kind, struct weft_attr *attr)
{
	*attr = (struct weft_attr)WEFT_ATTR_INIT;
	if (kind == 1)
		weft_attr_set_queued(attr, true);
	if (kind == 2)
		weft_attr_set_worker(attr, 0);
	return kind == 0 ? WEFT_GREEN : kind == 3 ? WEFT_BOUND : attr;
}

/* A runtime around a crew. */
static inline uint64_t crew_run(int n, void *(*fn)(void *))
{
	struct crew crew;
	start();
	crew_start(&crew, n, new_seed(), fn);
	uint64_t got = crew_join(&crew);
	stop();
	return got;
}

#endif
