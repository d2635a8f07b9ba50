/* SPDX-License-Identifier: MIT */
/*
 * The port contract: all that weft asks of an architecture. A port is arch/NAME/ with
 *
 *   frame.h    byte offsets of the saved frame, read by C and by assembly
 *   switch.S   the six entry points below (arch/generic does them in C)
 *   arch.c     weft__arch_prepare, weft__arch_registers_*, and static asserts that frame.h tells the truth
 *   cpu.h      WEFT_ARCH_NAME, WEFT_ARCH_HAS_FP_CONTROL, and weft__arch_worker and weft__arch_set_worker: the one
 *              thread-local word, the current worker, read so that no compiler keeps it across a switch; for
 *              backtraces WEFT_ARCH_DWARF_REGISTERS and what goes with it; and WEFT_ARCH_REDIRECTS, 1 where arch.c has
 *              weft__arch_redirect, without which no crash is contained
 *
 * A suspended context is one word, its saved stack pointer; the rest is a frame on its stack. The frame holds what the
 * psABI calls callee-saved, the FP control words, and where to go on.
 *
 * All switches take `release`, a 32-bit word that is set to 0, with release order, once the old context is completely
 * saved and its stack no longer used: from then on another kernel thread may resume it.
 */
#ifndef WEFT_ARCH_H
#define WEFT_ARCH_H

#include <stddef.h>
#include <stdint.h>

#include "src/base/atomic.h"

#if defined(WEFT_USE_ARCH_GENERIC)
#include "arch/generic/cpu.h"
#elif defined(__x86_64__) && !defined(__ILP32__)
#include "arch/x86_64/cpu.h"
#elif defined(__aarch64__) && defined(__LP64__)
#include "arch/aarch64/cpu.h"
#else
#error "no arch/ folder for this machine: configure with --with-arch=generic, or add one (docs/porting.md)"
#endif

#ifndef WEFT_ARCH_NAME
#error "the port's cpu.h must define WEFT_ARCH_NAME, a string"
#endif
#ifndef WEFT_ARCH_HAS_FP_CONTROL
#error "the port's cpu.h must define WEFT_ARCH_HAS_FP_CONTROL: 1 if a switch keeps FP control words, 0 if it cannot"
#endif

#ifndef WEFT_ARCH_DWARF_REGISTERS
#define WEFT_ARCH_DWARF_REGISTERS 0 /* a port without backtraces */
#elif !defined(WEFT_ARCH_DWARF_SP) || !defined(WEFT_ARCH_DWARF_RETURN) || !defined(WEFT_ARCH_CALL_PUSHES)
#error "for backtraces the port's cpu.h must define WEFT_ARCH_DWARF_SP, WEFT_ARCH_DWARF_RETURN and WEFT_ARCH_CALL_PUSHES"
#elif !defined(WEFT_ARCH_DWARF_NAME)
#error "for reports the port's cpu.h must define WEFT_ARCH_DWARF_NAME(i), the name of register i, or NULL to leave it out"
#endif
#ifndef WEFT_ARCH_REDIRECTS
#define WEFT_ARCH_REDIRECTS 0 /* a port without containment */
#endif

/* What a thread's entry hands back when the thread is over: the context to go on with, and its word to release. */
struct weft__arch_next {
	void *sp;
	weft__a32 *release;
};

/* Runs on the new stack, aligned as for a call; may not return on it except with the next context to run. */
typedef struct weft__arch_next weft__arch_entry(void *arg);

/* Save the current context, store its stack pointer to *save, set *release to 0, resume `to`. Best tail-called.
 * Returns, when resumed, what weft__arch_set_result has put there, else 0: so do the others that save. */
int weft__arch_switch(void **save, void *to, weft__a32 *release);

/* Whether switches keep the FP control words of each context; set before the first switch, never while one runs. */
extern uint8_t weft__arch_fp_control;

/* Save the current context and resume `to`; between the two, on the stack of `to`, call after(arg). */
int weft__arch_switch_call(void **save, void *to, void (*after)(void *), void *arg);

/* The same for a caller that tail-calls it: they differ in what the CPU's return predictor is left with. */
int weft__arch_switch_call_tail(void **save, void *to, void (*after)(void *), void *arg);

/*
 * Return fn(a, b, c): for a public call's way to wait. The thread that goes on was called from elsewhere than the one
 * that stopped, so the return to the user would be predicted wrong each time; this one leaves by a jump where it can.
 */
typedef int weft__arch_called(void *a, void *b, uint64_t c);
int weft__arch_call(void *a, void *b, uint64_t c, weft__arch_called *fn);

/*
 * Save the current context, then call entry(arg) on a fresh stack that ends at `top` (16-byte aligned), having set
 * *release to 0. When entry returns, resume the context it names and release its word: the child's end looks to the
 * CPU's return predictor like the return of this call. FP control words are inherited.
 */
int weft__arch_start(void **save, void *top, weft__arch_entry *entry, void *arg, weft__a32 *release);

/* What the switch that has saved this context will return: a number of 16 bits. By who owns the suspended context. */
void weft__arch_set_result(void *sp, int result);

/* Drop the current context: set *release to 0 and resume `to`. */
_Noreturn void weft__arch_resume(void *to, weft__a32 *release);

/* Lay out a first frame below `top` (16-byte aligned), so that resuming what is returned calls entry(arg) there. */
void *weft__arch_prepare(void *top, weft__arch_entry *entry, void *arg);

#if WEFT_ARCH_DWARF_REGISTERS > 0
/* What a backtrace starts from: the registers of a frame by their DWARF numbers, 0 where not known; and where it is. */
struct weft__arch_registers {
	uintptr_t pc;
	uintptr_t value[WEFT_ARCH_DWARF_REGISTERS];
};

/* Those of the suspended context `sp`, as they will be once it is resumed: pc is a return address. */
void weft__arch_registers_parked(const void *sp, struct weft__arch_registers *regs);

/* Those in a ucontext_t: of what a signal interrupted, or of the caller of getcontext. Async-signal-safe. */
void weft__arch_registers_of(const void *ucontext, struct weft__arch_registers *regs);
#endif

#if WEFT_ARCH_REDIRECTS
/* In a signal handler: what the signal interrupted is not gone on with when this returns, but entry(arg) is called on the
 * stack that ends at `top` (16-byte aligned), as in a frame of weft__arch_prepare; FP control words have their defaults. */
void weft__arch_redirect(void *ucontext, void *top, weft__arch_entry *entry, void *arg);

/* Where a frame of weft__arch_prepare goes on: calls the entry that is in register WEFT_ARCH_DWARF_ENTRY, with the argument in
 * WEFT_ARCH_DWARF_ARGUMENT. The outermost frames, of weft__arch_start and of this, name weft__arch_personality to unwinders of
 * exceptions: src/crash/personality.c. */
void weft__arch_enter(void);
#endif

#endif
