/* SPDX-License-Identifier: MIT */
/*
 * Walks, and how they are printed. Frames of weft itself are not left out: they say what a thread waits in. A walk ends
 * where weft's assembly says that the stack does, at what no table knows, or after `max` frames.
 */
#include "src/crash/backtrace.h"

#include <ucontext.h>

#include "src/crash/symbol.h"
#include "src/unwind/unwind.h"

#if WEFT__UNWIND

static unsigned walk(struct weft__unwind *u, const void **pcs, unsigned max)
{
	unsigned n = 0;
	while (n < max) {
		pcs[n++] = (const void *)weft__unwind_at(u);
		if (!weft__unwind_step(u))
			break;
	}
	return n;
}

/* Not inlined: its own frame is the one that is left out. */
weft__noinline unsigned weft__backtrace_here(const void **pcs, unsigned max)
{
	ucontext_t here;
	struct weft__unwind u = { .called = true };
	if (getcontext(&here))
		return 0;
	weft__arch_registers_of(&here, &u.regs);
	return weft__unwind_step(&u) ? walk(&u, pcs, max) : 0;
}

unsigned weft__backtrace_parked(const void *sp, const void **pcs, unsigned max)
{
	struct weft__unwind u = { .called = true };
	weft__arch_registers_parked(sp, &u.regs);
	return walk(&u, pcs, max);
}

unsigned weft__backtrace_signal(const void *ucontext, const void **pcs, unsigned max)
{
	struct weft__unwind u = { .called = false };
	weft__arch_registers_of(ucontext, &u.regs);
	return walk(&u, pcs, max);
}

#else

unsigned weft__backtrace_here(const void **pcs, unsigned max)
{
	(void)pcs, (void)max;
	return 0;
}

unsigned weft__backtrace_parked(const void *sp, const void **pcs, unsigned max)
{
	(void)sp, (void)pcs, (void)max;
	return 0;
}

unsigned weft__backtrace_signal(const void *ucontext, const void **pcs, unsigned max)
{
	(void)ucontext, (void)pcs, (void)max;
	return 0;
}

#endif

static void add_sum(struct weft__text *text, const char *name, uintptr_t offset)
{
	weft__text_str(text, name);
	weft__text_str(text, "+");
	weft__text_hex(text, offset);
}

void weft__backtrace_name(struct weft__text *text, const void *pc)
{
	struct weft__symbol symbol;
	if (!weft__symbol_find(pc, &symbol))
		return;
	if (symbol.function[0]) {
		weft__text_str(text, " ");
		add_sum(text, symbol.function, (uintptr_t)pc - symbol.from);
	}
	weft__text_str(text, " (");
	add_sum(text, symbol.object, symbol.in_object);
	weft__text_str(text, ")");
}

void weft__backtrace_write(const void *const *pcs, unsigned n, int fd)
{
	for (unsigned i = 0; i < n; i++) {
		struct weft__text text = { .len = 0 };
		weft__text_str(&text, "  #");
		weft__text_dec(&text, i);
		weft__text_str(&text, " ");
		weft__text_hex(&text, (uintptr_t)pcs[i]);
		weft__backtrace_name(&text, pcs[i]);
		weft__text_str(&text, "\n");
		weft__text_write(&text, fd);
	}
}
