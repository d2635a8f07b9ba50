/* SPDX-License-Identifier: MIT */
/* x86-64: a call with every callee-saved register and both FP control words set, and read back (fill.h). */
#if defined(__x86_64__)
#include "arch/asm.h"
#include "tests/arch/fill.h"

#define CONTROL (8 * FILL_REGISTERS)

.macro EACH do, from, base
	\do	rbx, (\from)(%\base)
	\do	rbp, (\from + 8)(%\base)
	\do	r12, (\from + 16)(%\base)
	\do	r13, (\from + 24)(%\base)
	\do	r14, (\from + 32)(%\base)
	\do	r15, (\from + 40)(%\base)
.endm
.macro PUT reg, slot:vararg
	mov	%\reg, \slot
.endm
.macro GET reg, slot:vararg
	mov	\slot, %\reg
.endm

/* The caller's registers at 0(%rsp), its control words at 48 and 56, the struct's address at 64. */
FUNCTION fill_call
	sub	$72, %rsp
	.cfi_adjust_cfa_offset 72
	EACH	PUT, 0, rsp
	.cfi_rel_offset %rbx, 0
	.cfi_rel_offset %rbp, 8
	.cfi_rel_offset %r12, 16
	.cfi_rel_offset %r13, 24
	.cfi_rel_offset %r14, 32
	.cfi_rel_offset %r15, 40
	stmxcsr	48(%rsp)
	fnstcw	56(%rsp)
	mov	%rdi, 64(%rsp)
	EACH	GET, FILL_IN, rdi
	ldmxcsr	(FILL_IN + CONTROL)(%rdi)
	fldcw	(FILL_IN + CONTROL + 8)(%rdi)
	mov	FILL_FUNCTION(%rdi), %rax
	mov	(FILL_ARG + 8)(%rdi), %rsi
	mov	(FILL_ARG + 16)(%rdi), %rdx
	mov	(FILL_ARG + 24)(%rdi), %rcx
	mov	(FILL_ARG + 32)(%rdi), %r8
	mov	FILL_ARG(%rdi), %rdi
	call	*%rax
	mov	64(%rsp), %rdi
	mov	%rax, FILL_RESULT(%rdi)
	EACH	PUT, FILL_OUT, rdi
	movq	$0, (FILL_OUT + CONTROL)(%rdi)
	movq	$0, (FILL_OUT + CONTROL + 8)(%rdi)
	stmxcsr	(FILL_OUT + CONTROL)(%rdi)
	andb	$0xc0, (FILL_OUT + CONTROL)(%rdi)	/* drop the exception flags */
	fnstcw	(FILL_OUT + CONTROL + 8)(%rdi)
	EACH	GET, 0, rsp
	ldmxcsr	48(%rsp)
	fldcw	56(%rsp)
	add	$72, %rsp
	.cfi_adjust_cfa_offset -72
	ret
END fill_call

NOTES
#else
	.section .note.GNU-stack, "", %progbits
#endif
