/* SPDX-License-Identifier: MIT */
/*
 * The AArch64 context switch; arch/arch.h has the C prototypes and the contract, frame.h the offsets.
 *
 *   sp ->  x29 x30 | x19 x20 | ... | x27 x28 | d8 d9 | ... | d14 d15 | fpcr result |  caller's frame ...
 *
 * A switch leaves by `ret`, although the CPU predicts that to go to the old thread's caller: under BTI every other
 * indirect branch must land on a `bti`, and there is none behind a call. What is at sp is a frame record, so chains of
 * frame pointers lead through a switch too. Return addresses signed by callers (PAC) are kept as they are; they stay
 * valid, since a frame is resumed at the sp it was signed with.
 * FPCR is compared before it is written, since a write may serialize. x18 is a temporary register on Linux.
 */
#include "arch/asm.h"
#include "arch/aarch64/frame.h"

	.hidden	weft__arch_fp_control
	.hidden	weft__arch_personality

.macro PUT a, b, slot
	stp	\a, \b, [sp, #\slot]
	TELL	\a, \b, \slot
.endm
.macro GET a, b, slot
	ldp	\a, \b, [sp, #\slot]
	.cfi_restore \a
	.cfi_restore \b
.endm
/* Both stacks hold the registers at the same offsets from sp, so this is right on either side of the change. */
.macro TELL a, b, slot
	.cfi_rel_offset \a, \slot
	.cfi_rel_offset \b, \slot + 8
.endm
.macro EACH do
	\do	x29, x30, FRAME_X29
	\do	x19, x20, FRAME_X19
	\do	x21, x22, FRAME_X21
	\do	x23, x24, FRAME_X23
	\do	x25, x26, FRAME_X25
	\do	x27, x28, FRAME_X27
	\do	d8, d9, FRAME_D8
	\do	d10, d11, FRAME_D10
	\do	d12, d13, FRAME_D12
	\do	d14, d15, FRAME_D14
.endm

.macro SKIP_WITHOUT_FP_CONTROL label
	adrp	x9, weft__arch_fp_control
	ldrb	w9, [x9, #:lo12:weft__arch_fp_control]
	cbz	w9, \label
.endm
.macro SAVE
	sub	sp, sp, #FRAME_SIZE
	.cfi_adjust_cfa_offset FRAME_SIZE
	EACH	PUT
	mov	x9, sp
	str	x9, [x0]
	str	xzr, [sp, #FRAME_RESULT]
	SKIP_WITHOUT_FP_CONTROL 1f
	mrs	x9, fpcr
	str	x9, [sp, #FRAME_FPCR]
1:
.endm
/* Take FPCR from the frame at sp. */
.macro LOAD_FPCR
	SKIP_WITHOUT_FP_CONTROL 2f
	ldr	x9, [sp, #FRAME_FPCR]
	mrs	x10, fpcr
	cmp	x9, x10
	b.eq	2f
	msr	fpcr, x9
2:
.endm
/* Take the registers from the frame at sp and go on there, returning the result in it. */
.macro LEAVE
	ldr	w0, [sp, #FRAME_RESULT]
	EACH	GET
	add	sp, sp, #FRAME_SIZE
	.cfi_adjust_cfa_offset -FRAME_SIZE
	ret
.endm

TLS_WORD weft__arch_tls

FUNCTION weft__arch_switch /* (x0: void **save, x1: void *to, x2: weft__a32 *release) */
	SAVE
	mov	sp, x1
	LOAD_FPCR
	stlr	wzr, [x2]
	LEAVE
END weft__arch_switch

FUNCTION weft__arch_switch_call /* (x0: void **save, x1: void *to, x2: void (*after)(void *), x3: void *arg) */
	SAVE
	mov	sp, x1
	LOAD_FPCR
	mov	x29, sp
	mov	x0, x3
	blr	x2
	LEAVE
END weft__arch_switch_call

FUNCTION weft__arch_switch_call_tail /* the same: every switch leaves by ret here */
	b	weft__arch_switch_call
END weft__arch_switch_call_tail

FUNCTION weft__arch_call /* (x0: void *a, x1: void *b, x2: uint64_t c, x3: weft__arch_called *fn): no jump either */
	mov	x16, x3
	br	x16
END weft__arch_call

FUNCTION weft__arch_start /* (x0: save, x1: void *top, x2: entry, x3: void *arg, x4: release) */
	OUTERMOST
	SAVE
	mov	sp, x1
	.cfi_remember_state
	.cfi_def_cfa_offset 0
	.cfi_undefined x30
	stlr	wzr, [x4]
	mov	x0, x3
	mov	x29, xzr
	blr	x2
	mov	sp, x0
	.cfi_restore_state
	LOAD_FPCR
	stlr	wzr, [x1]
	LEAVE
END weft__arch_start

FUNCTION weft__arch_resume /* (x0: void *to, x1: weft__a32 *release) */
	.cfi_undefined x30
	mov	sp, x0
	.cfi_def_cfa_offset FRAME_SIZE
	EACH	TELL
	LOAD_FPCR
	stlr	wzr, [x1]
	LEAVE
END weft__arch_resume

/*
 * The end of the stack. A frame laid out by weft__arch_prepare goes on at weft__arch_enter; x19 holds the entry, x20
 * its argument. Unwinders look a return address up one byte before it, so the nop lets them find this function.
 */
FUNCTION weft__arch_first
	OUTERMOST
	.cfi_undefined x30
	nop
	.globl	weft__arch_enter
	.hidden	weft__arch_enter
weft__arch_enter:
	LANDING_PAD_JUMP
	mov	x0, x20
	blr	x19
	b	weft__arch_resume
END weft__arch_first

NOTES
