/* SPDX-License-Identifier: MIT */
/* Numbers that anybody may draw: a file of its own, which a test replaces to decide on them. */
#include "src/base/random.h"

#include "src/base/atomic.h"

/* Threads that may be elsewhere after a switch must not keep the state's address. */
weft__noinline uint32_t weft__random_below(uint32_t n)
{
	static __thread uint64_t state;
	static weft__a64 seeds;
	if (weft__unlikely(!state))
		state = (weft__add_rlx(&seeds, 1) + 1) * 0x9e3779b97f4a7c15u; /* relaxed: a number nobody else has */
	return (uint32_t)((weft__random_next(&state) >> 32) * n >> 32);
}
