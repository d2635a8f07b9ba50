/* SPDX-License-Identifier: MIT */
/* AArch64 facts: its name, and how the kernel thread's current worker is read and set. */
#ifndef WEFT_ARCH_AARCH64_CPU_H
#define WEFT_ARCH_AARCH64_CPU_H

#include <stdint.h>

#define WEFT_ARCH_NAME "aarch64"
#define WEFT_ARCH_HAS_FP_CONTROL 1

/* For backtraces: how many registers the psABI numbers up to sp, which of them is sp, which holds the return
 * address, and how many bytes of it a call pushes. */
#define WEFT_ARCH_DWARF_REGISTERS 32
#define WEFT_ARCH_DWARF_SP 31
#define WEFT_ARCH_DWARF_RETURN 30
#define WEFT_ARCH_CALL_PUSHES 0

/* Where a saved return address leads to: without its signature (PAC), if it has one. This is xpaclri, a hint, which
 * does nothing where there are no signatures. */
static inline uintptr_t weft__arch_return_address(uintptr_t saved)
{
	register uintptr_t address __asm__("x30") = saved;
	__asm__("hint 7" : "+r"(address));
	return address;
}

/*
 * After a switch the code may be on another kernel thread, so neither the value nor the address of this thread-local
 * may be kept across one: tpidr_el0 is read inside the same volatile asm, which no compiler merges or splits.
 */
static inline void *weft__arch_worker(void)
{
	void *worker, *base;
	__asm__ volatile("mrs %1, tpidr_el0\n\t"
			 "adrp %0, :gottprel:weft__arch_tls\n\t"
			 "ldr %0, [%0, #:gottprel_lo12:weft__arch_tls]\n\t"
			 "ldr %0, [%1, %0]"
			 : "=&r"(worker), "=&r"(base));
	return worker;
}

static inline void weft__arch_set_worker(void *worker)
{
	void *offset, *base;
	__asm__ volatile("mrs %1, tpidr_el0\n\t"
			 "adrp %0, :gottprel:weft__arch_tls\n\t"
			 "ldr %0, [%0, #:gottprel_lo12:weft__arch_tls]\n\t"
			 "str %2, [%1, %0]"
			 : "=&r"(offset), "=&r"(base)
			 : "r"(worker)
			 : "memory");
}

#endif
