/* SPDX-License-Identifier: MIT */
/* A small fast random generator (xorshift64*), for choices that only need to differ: whom to steal from first. */
#ifndef WEFT_SRC_BASE_RANDOM_H
#define WEFT_SRC_BASE_RANDOM_H

#include <stdint.h>

#include "src/base/compiler.h"

/* State must not be 0. */
weft__inline uint64_t weft__random_next(uint64_t *state)
{
	uint64_t x = *state;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1du;
}

/* 0 <= result < n, each as often, and different from call to call: a generator for each kernel thread, that needs no seed. */
uint32_t weft__random_below(uint32_t n);

#endif
