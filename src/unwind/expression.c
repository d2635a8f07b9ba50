/* SPDX-License-Identifier: MIT */
/*
 * A small stack machine (DWARF 5, section 2.5). Of its operations there are those that call frame information has been
 * seen to use: the return from a signal handler (registers in memory), PLT entries (arithmetic on pc), stacks that a
 * function realigns (a word in the frame). There are no jumps, so every expression ends.
 */
#include "src/unwind/expression.h"

#if WEFT__UNWIND

enum { DEPTH = 16 };

enum operation {
	DEREF = 0x06,
	CONST_1U = 0x08, /* and 1S, 2U, 2S, 4U, 4S, 8U, 8S */
	CONST_8S = 0x0f,
	CONST_U = 0x10,
	CONST_S,
	DUP,
	DROP,
	AND = 0x1a,
	MINUS = 0x1c,
	MUL = 0x1e,
	OR = 0x21,
	PLUS,
	PLUS_CONST,
	SHL,
	SHR,
	EQ = 0x29,
	GE,
	GT,
	LE,
	LT,
	NE,
	LIT_0 = 0x30,
	LIT_31 = 0x4f,
	BREG_0 = 0x70,
	BREG_31 = 0x8f,
	BREG_X = 0x92,
	NOP = 0x96,
};

struct machine {
	struct weft__unwind *u;
	struct weft__bytes program;
	unsigned depth;
	uintptr_t stack[DEPTH];
};

static bool push(struct machine *m, uintptr_t value)
{
	if (m->depth == DEPTH)
		return false;
	m->stack[m->depth++] = value;
	return true;
}

static bool push_register(struct machine *m, uint64_t reg)
{
	uintptr_t offset = (uintptr_t)weft__bytes_sleb(&m->program);
	return reg < WEFT_ARCH_DWARF_REGISTERS && push(m, m->u->regs.value[reg] + offset);
}

static uintptr_t constant(struct weft__bytes *b, uint8_t op)
{
	const unsigned size = 1u << ((op - CONST_1U) / 2);
	if (op == CONST_U)
		return (uintptr_t)weft__bytes_uleb(b);
	if (op == CONST_S)
		return (uintptr_t)weft__bytes_sleb(b);
	return (op - CONST_1U) % 2 ? (uintptr_t)weft__bytes_s(b, size) : (uintptr_t)weft__bytes_u(b, size);
}

/* Operations that put something on the stack. */
static bool run_push(struct machine *m, uint8_t op)
{
	if (op >= LIT_0 && op <= LIT_31)
		return push(m, op - LIT_0);
	if (op >= CONST_1U && op <= CONST_S)
		return push(m, constant(&m->program, op));
	if (op >= BREG_0 && op <= BREG_31)
		return push_register(m, op - BREG_0);
	if (op == BREG_X)
		return push_register(m, weft__bytes_uleb(&m->program));
	return op == DUP && m->depth > 0 && push(m, m->stack[m->depth - 1]);
}

/* Operations on the top of the stack. */
static bool run_unary(struct machine *m, uint8_t op)
{
	if (m->depth == 0)
		return false;
	uintptr_t *top = &m->stack[m->depth - 1];
	if (op == DEREF)
		return weft__unwind_load(m->u, *top, top);
	if (op == PLUS_CONST)
		*top += (uintptr_t)weft__bytes_uleb(&m->program);
	else if (op == DROP)
		m->depth--;
	else
		return false;
	return true;
}

static bool calculate(uint8_t op, uintptr_t a, uintptr_t b, uintptr_t *result)
{
	const intptr_t x = (intptr_t)a, y = (intptr_t)b;
	switch (op) {
	case AND:
		return *result = a & b, true;
	case MINUS:
		return *result = a - b, true;
	case MUL:
		return *result = a * b, true;
	case OR:
		return *result = a | b, true;
	case PLUS:
		return *result = a + b, true;
	case SHL:
		return *result = b < 64 ? a << b : 0, true;
	case SHR:
		return *result = b < 64 ? a >> b : 0, true;
	case EQ:
		return *result = x == y, true;
	case GE:
		return *result = x >= y, true;
	case GT:
		return *result = x > y, true;
	case LE:
		return *result = x <= y, true;
	case LT:
		return *result = x < y, true;
	case NE:
		return *result = x != y, true;
	default:
		return false;
	}
}

/* Operations that make one of the topmost two. */
static bool run_binary(struct machine *m, uint8_t op)
{
	if (m->depth < 2)
		return false;
	uintptr_t *a = &m->stack[m->depth - 2];
	m->depth--;
	return calculate(op, a[0], a[1], a);
}

bool weft__unwind_evaluate(struct weft__unwind *u, const uint8_t *expression, uintptr_t first, uintptr_t *value)
{
	struct machine m = { .u = u, .program = { expression, expression + 10 }, .depth = 1, .stack = { first } };
	uint64_t size = weft__bytes_uleb(&m.program);
	m.program.end = m.program.at + size;
	while (weft__bytes_left(&m.program)) {
		uint8_t op = (uint8_t)weft__bytes_u(&m.program, 1);
		if (op != NOP && !run_push(&m, op) && !run_unary(&m, op) && !run_binary(&m, op))
			return false;
	}
	if (m.depth == 0)
		return false;
	*value = m.stack[m.depth - 1];
	return true;
}

#endif
