/* SPDX-License-Identifier: MIT */
/* Which entry of the loaded objects' unwind tables tells about an address. */
#ifndef WEFT_SRC_UNWIND_TABLE_H
#define WEFT_SRC_UNWIND_TABLE_H

#include <stdbool.h>

#include "src/unwind/bytes.h"

/* An FDE of .eh_frame with the CIE that it refers to. */
struct weft__unwind_entry {
	uintptr_t start, end;		    /* start <= pc < end */
	struct weft__bytes common, program; /* instructions: those of the CIE, those of the FDE */
	uint64_t code_align;
	int64_t data_align;
	uint64_t return_column;
	bool signal_frame; /* what is called "return address" is where a signal came, behind no call */
};

/* False if no table knows of pc. Async-signal-safe. */
bool weft__unwind_find(uintptr_t pc, struct weft__unwind_entry *entry);

#endif
