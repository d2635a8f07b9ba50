/* SPDX-License-Identifier: MIT */
/*
 * One step of a walk: find the rules for where the frame is, and by them the caller's registers.
 *
 * Why not _Unwind_Backtrace of libgcc: it reads what it takes for a stack, and even for code, without asking; a return
 * address that was overwritten is enough for it to fault, and inside a crash report that is the end. It starts from
 * where it is called, so that a suspended thread would need assembly that pretends to be its callee. And it would be
 * one more library to link. The tables are the same, and so is what can be followed, but for code that is generated at
 * run time and registered with libgcc alone.
 */
#include "src/unwind/unwind.h"

#include "src/os/readable.h"
#include "src/unwind/expression.h"
#include "src/unwind/rules.h"

#if WEFT__UNWIND

enum { REGISTERS = WEFT_ARCH_DWARF_REGISTERS, WORD = sizeof(uintptr_t), PAGE = 4096 };

/* Not inlined, so that only this is kept from sanitizers: to them the words between a stack's objects are out of
 * bounds. */
__attribute__((noinline, no_sanitize("address", "thread"))) static uintptr_t read_word(uintptr_t address)
{
	return *(const volatile uintptr_t *)address;
}

bool weft__unwind_load(struct weft__unwind *u, uintptr_t address, uintptr_t *word)
{
	uintptr_t page = address & ~(uintptr_t)(PAGE - 1);
	if (address % WORD != 0)
		return false;
	if ((page | 1) != u->readable && !weft__os_readable((const void *)address))
		return false;
	u->readable = page | 1;
	*word = read_word(address);
	return true;
}

static bool find_cfa(struct weft__unwind *u, const struct weft__rule *rule, uintptr_t *cfa)
{
	if (rule->kind == WEFT__RULE_EXP)
		return weft__unwind_evaluate(u, rule->expression, 0, cfa);
	if (rule->kind != WEFT__RULE_SUM || rule->reg >= REGISTERS)
		return false;
	*cfa = u->regs.value[rule->reg] + (uintptr_t)rule->offset;
	return true;
}

/* The caller's value of a register that is `value` now. */
static bool follow(struct weft__unwind *u, const struct weft__rule *rule, uintptr_t cfa, uintptr_t *value)
{
	switch (rule->kind) {
	case WEFT__RULE_LOST:
		*value = 0;
		return true;
	case WEFT__RULE_AT:
		return weft__unwind_load(u, cfa + (uintptr_t)rule->offset, value);
	case WEFT__RULE_CFA:
		*value = cfa + (uintptr_t)rule->offset;
		return true;
	case WEFT__RULE_IN:
		*value = rule->reg < REGISTERS ? u->regs.value[rule->reg] : 0;
		return true;
	case WEFT__RULE_AT_EXP:
		return weft__unwind_evaluate(u, rule->expression, cfa, value) && weft__unwind_load(u, *value, value);
	case WEFT__RULE_EXP:
		return weft__unwind_evaluate(u, rule->expression, cfa, value);
	default:
		return true;
	}
}

/* The caller's registers. `back` is the one that the return address is in. */
static bool apply(struct weft__unwind *u, const struct weft__rules *rules, uint64_t back)
{
	uintptr_t cfa;
	struct weft__arch_registers next = u->regs;
	if (back >= REGISTERS || rules->reg[back].kind == WEFT__RULE_LOST || !find_cfa(u, &rules->cfa, &cfa))
		return false;
	next.value[WEFT_ARCH_DWARF_SP] = cfa;
	for (unsigned i = 0; i < REGISTERS; i++)
		if (!follow(u, &rules->reg[i], cfa, &next.value[i]))
			return false;
	next.pc = weft__arch_return_address(next.value[back]);
	u->regs = next;
	return next.pc != 0;
}

/* For a pc that no table knows, as after a call through a wild pointer: the rules of a function's first instruction,
 * as the psABI has them. They hold only if it is not a return address. */
static bool apply_first(struct weft__unwind *u)
{
	struct weft__rules rules = {
		.cfa = { WEFT__RULE_SUM, WEFT_ARCH_DWARF_SP, { WEFT_ARCH_CALL_PUSHES } },
	};
	if (WEFT_ARCH_CALL_PUSHES)
		rules.reg[WEFT_ARCH_DWARF_RETURN] = (struct weft__rule){ WEFT__RULE_AT, 0, { -WEFT_ARCH_CALL_PUSHES } };
	return apply(u, &rules, WEFT_ARCH_DWARF_RETURN);
}

bool weft__unwind_step(struct weft__unwind *u)
{
	struct weft__unwind_entry entry;
	struct weft__rules rules;
	bool called = u->called;
	uintptr_t at = weft__unwind_at(u);
	u->called = true;
	if (!weft__unwind_find(at, &entry))
		return !called && apply_first(u);
	u->called = !entry.signal_frame;
	return weft__unwind_rules(&entry, at, &rules) && apply(u, &rules, entry.return_column);
}

#endif
