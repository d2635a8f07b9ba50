/* SPDX-License-Identifier: MIT */
/*
 * Unwinding: from a frame to its caller's, by the call frame information (CFI) that compilers put into .eh_frame for
 * exceptions, so that it needs no frame pointers. Everything here is async-signal-safe, takes no lock, allocates
 * nothing, and reads no word of a stack before it is known that it can be read: registers and stack may hold anything.
 */
#ifndef WEFT_SRC_UNWIND_UNWIND_H
#define WEFT_SRC_UNWIND_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"

#if WEFT_ARCH_DWARF_REGISTERS > 0 && defined(HAVE__DL_FIND_OBJECT)
#define WEFT__UNWIND 1

struct weft__unwind {
	struct weft__arch_registers regs; /* of the frame; what is not known is 0 */
	bool called;			  /* pc is a return address: the frame is at the call before it */
	uintptr_t readable;		  /* a page that can be read, plus 1; 0: none known */
};

/* The address of an instruction, or inside it, that the frame is at. */
static inline uintptr_t weft__unwind_at(const struct weft__unwind *u)
{
	return u->regs.pc - (u->called ? 1 : 0);
}

/* Go on to the caller's frame. False at the end of the stack, and where it cannot be followed. */
bool weft__unwind_step(struct weft__unwind *u);

/* Read a word of the unwound thread's memory. False if that is not possible. */
bool weft__unwind_load(struct weft__unwind *u, uintptr_t address, uintptr_t *word);

#else
#define WEFT__UNWIND 0
#endif

#endif
