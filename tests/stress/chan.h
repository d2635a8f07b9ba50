/* SPDX-License-Identifier: MIT */
/* What stress programs of channels share. */
#ifndef WEFT_TESTS_STRESS_CHAN_H
#define WEFT_TESTS_STRESS_CHAN_H

#include "tests/stress/stress.h"

static inline struct weft_chan *make_chan(size_t element_size, size_t capacity)
{
	struct weft_chan *chan;
	must_eq(weft_chan_create(&chan, element_size, capacity), 0);
	return chan;
}

/* Every third kind of thread: mostly green ones, for the others are slow to make. */
struct thread {
	uint64_t random;
	uint32_t index, kind;
	void *program; /* that it is in */
	weft_t thread;
	pthread_t outside;
};

static inline uint32_t draw(struct thread *t, uint32_t n)
{
	return pick_of(&t->random, n);
}

static inline void begin(struct thread *t, void *program, uint32_t index, uint32_t kind, uint64_t seed,
			 void *(*fn)(void *))
{
	*t = (struct thread){ .random = seed_of(seed), .index = index, .kind = kind, .program = program };
	if (kind == 2)
		must_eq(pthread_create(&t->outside, NULL, fn, t), 0);
	else
		must_eq(weft_spawn(&t->thread, kind == 1 ? WEFT_BOUND : WEFT_GREEN, fn, t), 0);
}

static inline void end(struct thread *t)
{
	if (t->kind == 2)
		must_eq(pthread_join(t->outside, NULL), 0);
	else
		must_eq(weft_join(t->thread, NULL), 0);
}

#endif
