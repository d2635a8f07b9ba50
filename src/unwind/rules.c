/* SPDX-License-Identifier: MIT */
/*
 * The instructions of call frame information (DWARF 5, section 6.4.2), run up to a place of a function. Registers whose
 * numbers are beyond those that the port knows, as vector registers, are parsed and forgotten.
 */
#include "src/unwind/rules.h"

#if WEFT__UNWIND

enum { DEPTH = 4, REGISTERS = WEFT_ARCH_DWARF_REGISTERS };

enum opcode {
	NOP = 0x00,
	ADVANCE_1 = 0x02,
	ADVANCE_2,
	ADVANCE_4,
	OFFSET,
	RESTORE,
	UNDEFINED,
	SAME_VALUE,
	REGISTER,
	REMEMBER,
	RECALL,
	DEF_CFA,
	DEF_CFA_REGISTER,
	DEF_CFA_OFFSET,
	DEF_CFA_EXPRESSION,
	EXPRESSION,
	OFFSET_SF,
	DEF_CFA_SF,
	DEF_CFA_OFFSET_SF,
	VAL_OFFSET,
	VAL_OFFSET_SF,
	VAL_EXPRESSION,
	NEGATE_RA_STATE = 0x2d, /* AArch64: signed from here on, or no more; signatures are always stripped */
	ARGS_SIZE,
	/* three with an operand in their low six bits */
	SHORT_ADVANCE = 0x40,
	SHORT_OFFSET = 0x80,
	SHORT_RESTORE = 0xc0,
	SHORT = 0xc0,
};

/* Instructions that set the rule of one register: to what, and the operand behind its number. */
enum { NONE, PLAIN, FACTORED, FACTORED_SF, BLOCK };
static const struct {
	uint8_t kind, operand;
} register_rules[] = {
	[OFFSET] = { WEFT__RULE_AT, FACTORED },	      [OFFSET_SF] = { WEFT__RULE_AT, FACTORED_SF },
	[VAL_OFFSET] = { WEFT__RULE_CFA, FACTORED },  [VAL_OFFSET_SF] = { WEFT__RULE_CFA, FACTORED_SF },
	[REGISTER] = { WEFT__RULE_IN, PLAIN },	      [EXPRESSION] = { WEFT__RULE_AT_EXP, BLOCK },
	[VAL_EXPRESSION] = { WEFT__RULE_EXP, BLOCK }, [UNDEFINED] = { WEFT__RULE_LOST, NONE },
	[SAME_VALUE] = { WEFT__RULE_SAME, NONE },
};
enum { REGISTER_RULES = sizeof register_rules / sizeof *register_rules };

struct machine {
	const struct weft__unwind_entry *entry;
	struct weft__bytes program;
	uintptr_t at;		    /* from where the rules hold */
	struct weft__rules *rules;  /* so far */
	struct weft__rules initial; /* what RESTORE goes back to */
	struct weft__rules remembered[DEPTH];
	unsigned depth;
};

static int64_t factored(const struct machine *m, uint64_t n)
{
	return (int64_t)(n * (uint64_t)m->entry->data_align);
}

static struct weft__rule read_rule(struct machine *m, uint8_t kind, uint8_t operand)
{
	struct weft__bytes *b = &m->program;
	struct weft__rule rule = { .kind = kind };
	if (operand == PLAIN)
		rule.reg = (uint8_t)weft__bytes_uleb(b);
	else if (operand == FACTORED)
		rule.offset = factored(m, weft__bytes_uleb(b));
	else if (operand == FACTORED_SF)
		rule.offset = factored(m, (uint64_t)weft__bytes_sleb(b));
	else if (operand == BLOCK)
		rule.expression = b->at, weft__bytes_take(b, weft__bytes_uleb(b));
	return rule;
}

static void set(struct machine *m, uint64_t reg, struct weft__rule rule)
{
	if (reg < REGISTERS)
		m->rules->reg[reg] = rule;
}

static void restore(struct machine *m, uint64_t reg)
{
	if (reg < REGISTERS)
		m->rules->reg[reg] = m->initial.reg[reg];
}

static void advance(struct machine *m, uint64_t n)
{
	m->at += (uintptr_t)(n * m->entry->code_align);
}

/* Those with an operand in the instruction itself. */
static bool run_short(struct machine *m, uint8_t op)
{
	if ((op & SHORT) == SHORT_ADVANCE)
		advance(m, op & ~SHORT);
	else if ((op & SHORT) == SHORT_OFFSET)
		set(m, op & ~SHORT, read_rule(m, WEFT__RULE_AT, FACTORED));
	else if ((op & SHORT) == SHORT_RESTORE)
		restore(m, op & ~SHORT);
	return (op & SHORT) != 0;
}

static bool run_register(struct machine *m, uint8_t op)
{
	if (op >= REGISTER_RULES || (!register_rules[op].kind && op != SAME_VALUE))
		return false;
	uint64_t reg = weft__bytes_uleb(&m->program);
	set(m, reg, read_rule(m, register_rules[op].kind, register_rules[op].operand));
	return true;
}

static bool run_cfa(struct machine *m, uint8_t op)
{
	struct weft__rule *cfa = &m->rules->cfa;
	if (op == DEF_CFA_EXPRESSION) {
		*cfa = read_rule(m, WEFT__RULE_EXP, BLOCK);
		return true;
	}
	if (op == DEF_CFA || op == DEF_CFA_SF || op == DEF_CFA_REGISTER)
		cfa->reg = (uint8_t)weft__bytes_uleb(&m->program);
	else if (op != DEF_CFA_OFFSET && op != DEF_CFA_OFFSET_SF)
		return false;
	cfa->kind = WEFT__RULE_SUM;
	if (op == DEF_CFA || op == DEF_CFA_OFFSET)
		cfa->offset = (int64_t)weft__bytes_uleb(&m->program);
	else if (op != DEF_CFA_REGISTER)
		cfa->offset = factored(m, (uint64_t)weft__bytes_sleb(&m->program));
	return true;
}

/* The rest. REMEMBER and RECALL are for epilogues in the middle of a function, and nest little. */
static bool run_other(struct machine *m, uint8_t op)
{
	switch (op) {
	case NOP:
	case NEGATE_RA_STATE:
		return true;
	case ADVANCE_1:
	case ADVANCE_2:
	case ADVANCE_4:
		advance(m, weft__bytes_u(&m->program, 1u << (op - ADVANCE_1)));
		return true;
	case ARGS_SIZE:
		weft__bytes_uleb(&m->program);
		return true;
	case RESTORE:
		restore(m, weft__bytes_uleb(&m->program));
		return true;
	case REMEMBER:
		if (m->depth == DEPTH)
			return false;
		m->remembered[m->depth++] = *m->rules;
		return true;
	case RECALL:
		if (m->depth == 0)
			return false;
		*m->rules = m->remembered[--m->depth];
		return true;
	default:
		return false;
	}
}

/* Up to the instruction that the machine code at pc has not reached. */
static bool run(struct machine *m, struct weft__bytes program, uintptr_t pc)
{
	m->program = program;
	while (weft__bytes_left(&m->program) && m->at <= pc) {
		uint8_t op = (uint8_t)weft__bytes_u(&m->program, 1);
		if (!run_short(m, op) && !run_register(m, op) && !run_cfa(m, op) && !run_other(m, op))
			return false;
	}
	return true;
}

bool weft__unwind_rules(const struct weft__unwind_entry *entry, uintptr_t pc, struct weft__rules *rules)
{
	struct machine m = { .entry = entry, .at = entry->start, .rules = rules };
	*rules = (struct weft__rules){ .cfa.kind = WEFT__RULE_LOST };
	if (!run(&m, entry->common, UINTPTR_MAX))
		return false;
	m.initial = *rules;
	return run(&m, entry->program, pc);
}

#endif
