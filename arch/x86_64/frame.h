/* SPDX-License-Identifier: MIT */
/* Byte offsets from a suspended context's stack pointer. Read by switch.S and asserted by arch.c. */
#ifndef WEFT_ARCH_X86_64_FRAME_H
#define WEFT_ARCH_X86_64_FRAME_H

#define FRAME_MXCSR 0  /* 4 bytes */
#define FRAME_X87CW 4  /* 2 bytes */
#define FRAME_RESULT 6 /* 2 bytes: what the switch returns when it is resumed */
#define FRAME_R12 8
#define FRAME_R13 16
#define FRAME_R14 24
#define FRAME_R15 32
#define FRAME_RBX 40
#define FRAME_RBP 48
#define FRAME_RIP 56 /* the return address that the call of weft__arch_switch pushed */
#define FRAME_SAVED 56
#define FRAME_SIZE 64

#endif
