/* SPDX-License-Identifier: MIT */
/* x86-64 facts: its name, and how the kernel thread's current worker is read and set. */
#ifndef WEFT_ARCH_X86_64_CPU_H
#define WEFT_ARCH_X86_64_CPU_H

#define WEFT_ARCH_NAME "x86_64"
#define WEFT_ARCH_HAS_FP_CONTROL 1

/* For backtraces: how many registers the psABI numbers up to rip, which of them is rsp, which holds or stands for
 * the return address, and how many bytes of it a call pushes. */
#define WEFT_ARCH_DWARF_REGISTERS 17
#define WEFT_ARCH_DWARF_SP 7
#define WEFT_ARCH_DWARF_RETURN 16
#define WEFT_ARCH_CALL_PUSHES 8

#define WEFT_ARCH_DWARF_NAME(i)                                                                                        \
	(&"rax\0rdx\0rcx\0rbx\0rsi\0rdi\0rbp\0rsp\0r8\0\0r9\0\0r10\0r11\0r12\0r13\0r14\0r15\0rip"[4 * (i)])
#define WEFT_ARCH_REDIRECTS 1
#define WEFT_ARCH_DWARF_ENTRY 3
#define WEFT_ARCH_DWARF_ARGUMENT 12

/* Where a saved return address leads to. */
#define weft__arch_return_address(saved) (saved)

/*
 * After a switch the code may be on another kernel thread, so neither the value nor the address of this thread-local
 * may be kept across one. The compiler sees a volatile asm, which it neither merges nor moves, and no TLS variable.
 */
static inline void *weft__arch_worker(void)
{
	void *worker;
	__asm__ volatile("movq weft__arch_tls@gottpoff(%%rip), %0\n\t"
			 "movq %%fs:(%0), %0"
			 : "=r"(worker));
	return worker;
}

static inline void weft__arch_set_worker(void *worker)
{
	void *scratch;
	__asm__ volatile("movq weft__arch_tls@gottpoff(%%rip), %0\n\t"
			 "movq %1, %%fs:(%0)"
			 : "=&r"(scratch)
			 : "r"(worker)
			 : "memory");
}

#endif
