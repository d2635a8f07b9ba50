/* SPDX-License-Identifier: MIT */
/* What tests of channels share. */
#ifndef WEFT_TESTS_CHAN_H
#define WEFT_TESTS_CHAN_H

#include "tests/support/crew.h"

static inline struct weft_chan *make_chan(size_t element_size, size_t capacity)
{
	struct weft_chan *chan = NULL;
	check_eq(weft_chan_create(&chan, element_size, capacity), 0);
	check_eq(weft_chan_capacity(chan), capacity);
	check_eq(weft_chan_count(chan), 0);
	return chan;
}

static inline void send_number(struct weft_chan *chan, uint64_t number)
{
	check_eq(weft_chan_send(chan, &number), 0);
}

#endif
