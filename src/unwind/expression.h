/* SPDX-License-Identifier: MIT */
/* DWARF expressions, by which rules say what no rule can. */
#ifndef WEFT_SRC_UNWIND_EXPRESSION_H
#define WEFT_SRC_UNWIND_EXPRESSION_H

#include "src/unwind/bytes.h"
#include "src/unwind/unwind.h"

#if WEFT__UNWIND

/* The value of the expression (its length, as LEB128, and its bytes) in this frame, `first` being on the stack when it
 * begins. False if it has what is not understood, or reads memory that cannot be read. */
bool weft__unwind_evaluate(struct weft__unwind *u, const uint8_t *expression, uintptr_t first, uintptr_t *value);

#endif
#endif
