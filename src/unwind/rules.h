/* SPDX-License-Identifier: MIT */
/* Where each register of the caller is, at one place of a function. */
#ifndef WEFT_SRC_UNWIND_RULES_H
#define WEFT_SRC_UNWIND_RULES_H

#include "src/unwind/table.h"
#include "src/unwind/unwind.h"

#if WEFT__UNWIND

enum weft__rule_kind {
	WEFT__RULE_SAME,   /* where it was */
	WEFT__RULE_LOST,   /* nowhere; of the return address: this is the end of the stack */
	WEFT__RULE_AT,	   /* in memory, `offset` from the CFA (the canonical frame address) */
	WEFT__RULE_CFA,	   /* its value is that address */
	WEFT__RULE_IN,	   /* in the register `reg` */
	WEFT__RULE_AT_EXP, /* in memory where the expression says */
	WEFT__RULE_EXP,	   /* its value is the expression's */
	WEFT__RULE_SUM,	   /* of the CFA only: the register `reg` and `offset` */
};

struct weft__rule {
	uint8_t kind; /* enum weft__rule_kind */
	uint8_t reg;
	union {
		int64_t offset;
		const uint8_t *expression; /* its length, as LEB128, and its bytes */
	};
};

struct weft__rules {
	struct weft__rule cfa;
	struct weft__rule reg[WEFT_ARCH_DWARF_REGISTERS];
};

/* The rules at pc, which the entry tells about. False if its program has what is not understood. */
bool weft__unwind_rules(const struct weft__unwind_entry *entry, uintptr_t pc, struct weft__rules *rules);

#endif
#endif
