/* SPDX-License-Identifier: MIT */
/*
 * Calls with every callee-saved register and the FP control words set to chosen values. fill_x86_64.S and
 * fill_aarch64.S do it for their machines, whichever port is in use; elsewhere only what C can see is tested. C and
 * assembly read this file.
 */
#ifndef WEFT_TESTS_ARCH_FILL_H
#define WEFT_TESTS_ARCH_FILL_H

#if defined(__x86_64__)
#define FILL_REGISTERS 6 /* rbx rbp r12-r15 */
#define FILL_CONTROLS 2	 /* mxcsr, x87 control word */
#elif defined(__aarch64__)
#define FILL_REGISTERS 19 /* x19-x29 d8-d15 */
#define FILL_CONTROLS 1	  /* fpcr */
#else
#define FILL_REGISTERS 0
#define FILL_CONTROLS 0
#endif

/* Byte offsets in struct filled_call. */
#define FILL_WORDS (FILL_REGISTERS + FILL_CONTROLS)
#define FILL_FUNCTION 0
#define FILL_ARG 8
#define FILL_RESULT 48
#define FILL_IN 56
#define FILL_OUT (FILL_IN + 8 * FILL_WORDS)
#define FILL_BYTES (FILL_OUT + 8 * FILL_WORDS)

#ifndef __ASSEMBLER__
#include <check.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/random.h"

struct filled_call {
	uint64_t function, arg[5], result;
	uint64_t in[FILL_WORDS + !FILL_WORDS], out[FILL_WORDS + !FILL_WORDS];
};

#if FILL_WORDS
_Static_assert(offsetof(struct filled_call, arg) == FILL_ARG, "fill.h");
_Static_assert(offsetof(struct filled_call, result) == FILL_RESULT, "fill.h");
_Static_assert(offsetof(struct filled_call, in) == FILL_IN, "fill.h");
_Static_assert(offsetof(struct filled_call, out) == FILL_OUT, "fill.h");
_Static_assert(sizeof(struct filled_call) == FILL_BYTES, "fill.h");

/* Load `in`, set result to function(arg[0], ...), store `out`; the caller's own values are kept. */
void fill_call(struct filled_call *call);
#else
static inline void fill_call(struct filled_call *call)
{
	typedef int function(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
	function *f = (function *)(uintptr_t)call->function;
	call->result = (uint64_t)f(call->arg[0], call->arg[1], call->arg[2], call->arg[3], call->arg[4]);
}
#endif

/* Random registers, and control words that differ in rounding, flushing and precision but trap nothing. */
static inline void fill_random(struct filled_call *call, uint64_t *seed)
{
	for (int i = 0; i < FILL_REGISTERS; i++)
		call->in[i] = weft__random_next(seed);
#if defined(__x86_64__)
	call->in[FILL_REGISTERS] = 0x1f80 | (weft__random_next(seed) & 0xe040);	    /* FZ, RC, DAZ */
	call->in[FILL_REGISTERS + 1] = 0x027f | (weft__random_next(seed) & 0x0d00); /* RC, PC of 2 or 3 */
#elif defined(__aarch64__)
	call->in[FILL_REGISTERS] = weft__random_next(seed) & 0x07c00000; /* AHP, DN, FZ, RMode */
#endif
}

/* The control words that a process starts with. */
static inline void fill_default_controls(struct filled_call *call)
{
#if defined(__x86_64__)
	call->in[FILL_REGISTERS] = 0x1f80;
	call->in[FILL_REGISTERS + 1] = 0x037f;
#elif defined(__aarch64__)
	call->in[FILL_REGISTERS] = 0;
#else
	(void)call;
#endif
}

/* After fill_call: every word came back, and a switch's result was 0. */
static inline void fill_check(const struct filled_call *call)
{
	if ((uint32_t)call->result != 0)
		ck_abort_msg("returned %u, not 0", (uint32_t)call->result);
	for (int i = 0; i < FILL_WORDS; i++)
		if (call->in[i] != call->out[i])
			ck_abort_msg("word %d of fill.h's list was %#llx, is %#llx", i, (unsigned long long)call->in[i],
				     (unsigned long long)call->out[i]);
}
#endif

#endif
