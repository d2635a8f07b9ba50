/* SPDX-License-Identifier: MIT */
/* Byte offsets from a suspended context's stack pointer. Read by switch.S and asserted by arch.c. */
#ifndef WEFT_ARCH_AARCH64_FRAME_H
#define WEFT_ARCH_AARCH64_FRAME_H

#define FRAME_X29 0 /* with x30 the frame record that frame pointers chain */
#define FRAME_X30 8 /* where to go on */
#define FRAME_X19 16
#define FRAME_X21 32
#define FRAME_X23 48
#define FRAME_X25 64
#define FRAME_X27 80
#define FRAME_D8 96
#define FRAME_D10 112
#define FRAME_D12 128
#define FRAME_D14 144
#define FRAME_FPCR 160	 /* 8 bytes */
#define FRAME_RESULT 168 /* 8 bytes: what the switch returns when it is resumed */
#define FRAME_SIZE 176

#endif
