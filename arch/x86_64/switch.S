/* SPDX-License-Identifier: MIT */
/*
 * The x86-64 context switch; arch/arch.h has the C prototypes and the contract, frame.h the offsets.
 *
 *   sp ->  mxcsr x87cw result | r12 | r13 | r14 | r15 | rbx | rbp | return address |  caller's frame ...
 *
 * How a switch leaves matters more than what it saves, for a wrong guess of the CPU's return predictor costs 9 ns (Zen 4).
 * A `ret` is predicted to go where the last call came from: the old thread's caller. A switch that was tail-called leaves
 * by an indirect jump, which is predicted by itself. Two leave by `ret`: weft__arch_switch_call, as its caller is code of
 * weft that the old thread came through as well, so that the guess is right and stays right for the frames above, up to the
 * one that returns to the user, who should have made the call by weft__arch_call, which leaves by a jump; and the
 * end of a thread started by weft__arch_start, as most often its spawner goes on, behind that very call.
 * Of the FP control words it is stmxcsr that costs (4.2 ns on Zen 4; ldmxcsr, fnstcw and fldcw 0.6 each), so comparing
 * before loading gains nothing.
 */
#include "arch/asm.h"
#include "arch/x86_64/frame.h"

	.hidden	weft__arch_fp_control
	.hidden	weft__arch_personality

/* Both stacks hold the registers at the same offsets from %rsp, so this CFI is right on either side of the change. */
.macro PUT reg, slot
	mov	%\reg, \slot(%rsp)
	TELL	\reg, \slot
.endm
.macro GET reg, slot
	mov	\slot(%rsp), %\reg
	.cfi_restore \reg
.endm
.macro TELL reg, slot
	.cfi_rel_offset \reg, \slot
.endm
.macro EACH do
	\do	rbp, FRAME_RBP
	\do	rbx, FRAME_RBX
	\do	r15, FRAME_R15
	\do	r14, FRAME_R14
	\do	r13, FRAME_R13
	\do	r12, FRAME_R12
.endm

.macro SAVE
	sub	$FRAME_SAVED, %rsp
	.cfi_adjust_cfa_offset FRAME_SAVED
	EACH	PUT
	mov	%rsp, (%rdi)
	movw	$0, FRAME_RESULT(%rsp)
	cmpb	$0, weft__arch_fp_control(%rip)
	je	1f
	stmxcsr	FRAME_MXCSR(%rsp)
	fnstcw	FRAME_X87CW(%rsp)
1:
.endm

.macro LOAD_FP_CONTROL
	cmpb	$0, weft__arch_fp_control(%rip)
	je	2f
	ldmxcsr	FRAME_MXCSR(%rsp)
	fldcw	FRAME_X87CW(%rsp)
2:
.endm

/* Restore from %rsp, all but the return address, which %rsp is left pointing at. Returns the result in the frame. */
.macro RESTORE
	EACH	GET
	movswl	FRAME_RESULT(%rsp), %eax
	add	$FRAME_SAVED, %rsp
	.cfi_adjust_cfa_offset -FRAME_SAVED
.endm

.macro LEAVE
	pop	%rcx
	.cfi_adjust_cfa_offset -8
	.cfi_register %rip, %rcx
	NOTRACK jmp *%rcx
.endm

TLS_WORD weft__arch_tls

FUNCTION weft__arch_switch /* (rdi: void **save, rsi: void *to, rdx: weft__a32 *release) */
	SAVE
	mov	%rsi, %rsp
	LOAD_FP_CONTROL
	movl	$0, (%rdx)
	RESTORE
	LEAVE
END weft__arch_switch

.macro SWITCH_CALL /* (rdi: void **save, rsi: void *to, rdx: void (*after)(void *), rcx: void *arg) */
	SAVE
	mov	%rsi, %rsp
	LOAD_FP_CONTROL
	mov	%rcx, %rdi
	call	*%rdx
	RESTORE
.endm

FUNCTION weft__arch_switch_call
	SWITCH_CALL
	ret
END weft__arch_switch_call

FUNCTION weft__arch_switch_call_tail
	SWITCH_CALL
	LEAVE
END weft__arch_switch_call_tail

FUNCTION weft__arch_call /* (rdi: void *a, rsi: void *b, rdx: uint64_t c, rcx: weft__arch_called *fn) */
	sub	$8, %rsp
	.cfi_adjust_cfa_offset 8
	call	*%rcx
	add	$8, %rsp
	.cfi_adjust_cfa_offset -8
	LEAVE
END weft__arch_call

FUNCTION weft__arch_start /* (rdi: save, rsi: void *top, rdx: entry, rcx: void *arg, r8: release) */
	OUTERMOST
	SAVE
	mov	%rsi, %rsp
	.cfi_remember_state
	.cfi_undefined %rip
	movl	$0, (%r8)
	mov	%rcx, %rdi
	xor	%ebp, %ebp
	call	*%rdx
	mov	%rax, %rsp
	.cfi_restore_state
	LOAD_FP_CONTROL
	movl	$0, (%rdx)
	RESTORE
	ret
END weft__arch_start

FUNCTION weft__arch_resume /* (rdi: void *to, rsi: weft__a32 *release) */
	.cfi_undefined %rip
	mov	%rdi, %rsp
	.cfi_def_cfa_offset FRAME_SIZE
	.cfi_rel_offset %rip, FRAME_RIP
	EACH	TELL
	LOAD_FP_CONTROL
	movl	$0, (%rsi)
	RESTORE
	LEAVE
END weft__arch_resume

/*
 * The end of the stack. A frame laid out by weft__arch_prepare goes on at weft__arch_enter; rbx holds the entry, r12
 * its argument. Unwinders look a return address up one byte before it, so the nop lets them find this function. The call
 * at the end never returns; it pushes the return address that an unwinder expects at a function's first instruction.
 */
FUNCTION weft__arch_first
	OUTERMOST
	.cfi_undefined %rip
	nop
	.globl	weft__arch_enter
	.hidden	weft__arch_enter
weft__arch_enter:
	mov	%r12, %rdi
	xor	%ebp, %ebp
	call	*%rbx
	mov	%rax, %rdi
	mov	%rdx, %rsi
	call	weft__arch_resume
END weft__arch_first

NOTES
