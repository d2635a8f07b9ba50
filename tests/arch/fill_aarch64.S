/* SPDX-License-Identifier: MIT */
/* AArch64: a call with every callee-saved register and FPCR set, and read back (fill.h). */
#if defined(__aarch64__)
#include "arch/asm.h"
#include "tests/arch/fill.h"

.macro EACH do, from, base
	\do	x19, x20, [\base, #\from]
	\do	x21, x22, [\base, #\from + 16]
	\do	x23, x24, [\base, #\from + 32]
	\do	x25, x26, [\base, #\from + 48]
	\do	x27, x28, [\base, #\from + 64]
	\do	d8, d9, [\base, #\from + 88]
	\do	d10, d11, [\base, #\from + 104]
	\do	d12, d13, [\base, #\from + 120]
	\do	d14, d15, [\base, #\from + 136]
.endm

/* The caller's registers at sp (x29 among them at 80), its x30 at 160, its FPCR at 168, the struct's address at 176. */
FUNCTION fill_call
	sub	sp, sp, #192
	.cfi_adjust_cfa_offset 192
	EACH	stp, 0, sp
	str	x29, [sp, #80]
	str	x30, [sp, #160]
	.cfi_rel_offset x29, 80
	.cfi_rel_offset x30, 160
	mrs	x9, fpcr
	str	x9, [sp, #168]
	str	x0, [sp, #176]
	add	x9, x0, #FILL_IN
	EACH	ldp, 0, x9
	ldr	x29, [x9, #80]
	ldr	x10, [x9, #8 * FILL_REGISTERS]
	msr	fpcr, x10
	ldr	x9, [x0, #FILL_FUNCTION]
	ldp	x3, x4, [x0, #FILL_ARG + 24]
	ldp	x1, x2, [x0, #FILL_ARG + 8]
	ldr	x0, [x0, #FILL_ARG]
	blr	x9
	ldr	x9, [sp, #176]
	str	x0, [x9, #FILL_RESULT]
	add	x9, x9, #FILL_OUT
	EACH	stp, 0, x9
	str	x29, [x9, #80]
	mrs	x10, fpcr
	str	x10, [x9, #8 * FILL_REGISTERS]
	EACH	ldp, 0, sp
	ldr	x29, [sp, #80]
	ldr	x30, [sp, #160]
	ldr	x10, [sp, #168]
	msr	fpcr, x10
	add	sp, sp, #192
	.cfi_adjust_cfa_offset -192
	.cfi_restore x29
	.cfi_restore x30
	ret
END fill_call

NOTES
#else
	.section .note.GNU-stack, "", %progbits
#endif
