/* SPDX-License-Identifier: MIT */
/* What every port's assembly repeats: function start and end, the thread-local word, the ELF notes. Assembly only. */
#ifndef WEFT_ARCH_ASM_H
#define WEFT_ARCH_ASM_H

#if defined(__x86_64__)
/* Built with -fcf-protection=branch an object may claim IBT: entries start with endbr64, and the jump out of a switch
 * lands behind a call, so it is marked notrack, as compilers mark their jump tables. Shadow stacks are not switched and
 * so never claimed. */
#if defined(__CET__) && (__CET__ & 1)
#define LANDING_PAD endbr64
#define NOTRACK notrack
#define FEATURE_NOTE FEATURE_NOTE_X86 1
#else
#define LANDING_PAD
#define NOTRACK
#define FEATURE_NOTE
#endif
#elif defined(__aarch64__)
/* Built with -mbranch-protection=bti an object may claim BTI: entries start with bti c. A return needs no landing pad.
 * Return addresses are not signed, so PAC is not claimed. */
#if defined(__ARM_FEATURE_BTI_DEFAULT)
#define LANDING_PAD hint 34
#define LANDING_PAD_JUMP hint 36
#define FEATURE_NOTE FEATURE_NOTE_AARCH64 1
#else
#define LANDING_PAD
#define LANDING_PAD_JUMP
#define FEATURE_NOTE
#endif
#endif

.macro FUNCTION name
	.text
	.globl \name
	.hidden \name
	.type \name, %function
	.balign 32
\name:
	.cfi_startproc
	LANDING_PAD
.endm

.macro END name
	.cfi_endproc
	.size \name, . - \name
.endm

/* In a function whose frame may be a thread's outermost: who is asked about exceptions that come so far. */
.macro OUTERMOST
	.cfi_personality 0x1b, weft__arch_personality
.endm

/* The thread-local word that holds the current worker: defined here, and not in C, so that no link-time optimizer can
 * rename it or keep its address across a switch. */
.macro TLS_WORD name
	.section .tbss, "awT", %nobits
	.globl \name
	.hidden \name
	.type \name, %tls_object
	.size \name, 8
	.balign 8
\name:
	.zero 8
.endm

/* A .note.gnu.property of one 32-bit AND feature word. */
.macro FEATURE_PROPERTY type, bits
	.section .note.gnu.property, "a"
	.balign 8
	.long 4, 16, 5
	.asciz "GNU"
	.long \type, 4, \bits, 0
.endm
.macro FEATURE_NOTE_X86 bits
	FEATURE_PROPERTY 0xc0000002, \bits
.endm
.macro FEATURE_NOTE_AARCH64 bits
	FEATURE_PROPERTY 0xc0000000, \bits
.endm

.macro NOTES
	.section .note.GNU-stack, "", %progbits
	FEATURE_NOTE
.endm

#endif
