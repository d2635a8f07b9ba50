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

#define WEFT_ARCH_DWARF_NAME(i)                                                                                        \
	(&"x0\0\0x1\0\0x2\0\0x3\0\0x4\0\0x5\0\0x6\0\0x7\0\0x8\0\0x9\0\0x10\0x11\0x12\0x13\0x14\0x15\0"                 \
	  "x16\0x17\0x18\0x19\0x20\0x21\0x22\0x23\0x24\0x25\0x26\0x27\0x28\0x29\0x30\0sp"[4 * (i)])
#define WEFT_ARCH_REDIRECTS 1
#define WEFT_ARCH_DWARF_ENTRY 19
#define WEFT_ARCH_DWARF_ARGUMENT 20

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
