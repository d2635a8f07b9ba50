/* SPDX-License-Identifier: MIT */
/* What tests of pairs of channels share: elements that show whether they are whole, and children that have an end. */
#ifndef WEFT_TESTS_LINK_H
#define WEFT_TESTS_LINK_H

#include "src/base/random.h"
#include "tests/support/process.h"

enum { WORDS = 500 };

/* Large enough that a copy is not one instruction; all words the same, or it is torn. */
struct element {
	uint64_t word[WORDS];
};

static inline struct element element(uint64_t n)
{
	struct element e;
	for (int i = 0; i < WORDS; i++)
		e.word[i] = n;
	return e;
}

static inline uint64_t number_in(const struct element *e)
{
	for (int i = 1; i < WORDS; i++)
		check(e->word[i] == e->word[0]);
	return e->word[0];
}

static inline uint64_t random_of(uint64_t *seed)
{
	return weft__random_next(seed) >> 33;
}

static inline void make(struct weft_chan *ends[2], size_t size, size_t capacity)
{
	check_eq(weft_chan_pair_shared(ends, size, capacity), 0);
}

static inline void destroy(struct weft_chan *ends[2])
{
	weft_chan_destroy(ends[0]);
	weft_chan_destroy(ends[1]);
}

static inline weft_t child_with(struct weft_chan *end, void *(*fn)(void *))
{
	struct weft_attr attr = WEFT_ATTR_INIT;
	int fd = weft_chan_descriptor(end);
	check_eq(weft_attr_set_kind(&attr, WEFT_KIND_PROCESS), 0);
	check_eq(weft_attr_set_data(&attr, &fd, sizeof fd), 0);
	check_eq(weft_attr_set_descriptors(&attr, &fd, 1), 0);
	return spawn(&attr, fn, NULL);
}

/* A child that has one end of a pair; the program keeps the other. capacity: through shared memory; 0: over a socket. */
static inline weft_t with_end(struct weft_chan **end, size_t size, size_t capacity, void *(*fn)(void *))
{
	struct weft_chan *ends[2] = { NULL, NULL };
	if (capacity)
		make(ends, size, capacity);
	else
		check_eq(weft_chan_pair(ends, size), 0);
	weft_t thread = child_with(ends[1], fn);
	weft_chan_destroy(ends[1]);
	*end = ends[0];
	return thread;
}

static inline struct weft_chan *mine(const void *arg, size_t size)
{
	struct weft_chan *chan = NULL;
	check_eq(weft_chan_open(&chan, *(const int *)arg, size), 0);
	return chan;
}

/* The first time may open what stays. */
static inline void must_leave_no_descriptor(void *(*fn)(void *))
{
	unsigned before = 0;
	for (int i = 0; i < 2; i++) {
		run(fn, NULL);
		if (i == 0)
			before = descriptors();
	}
	ck_assert_uint_le(descriptors(), before);
}

#endif
