/* SPDX-License-Identifier: MIT */
/* x86-64: the first frame of a queued thread, and proof that frame.h tells the truth. */
#include "arch/arch.h"

#include <string.h>

#include "arch/x86_64/frame.h"

struct frame {
	uint32_t mxcsr;
	uint16_t x87cw;
	int16_t result;
	uint64_t r12, r13, r14, r15, rbx, rbp;
	void (*rip)(void);
};

_Static_assert(offsetof(struct frame, mxcsr) == FRAME_MXCSR, "frame.h");
_Static_assert(offsetof(struct frame, x87cw) == FRAME_X87CW, "frame.h");
_Static_assert(offsetof(struct frame, result) == FRAME_RESULT, "frame.h");
_Static_assert(offsetof(struct frame, r12) == FRAME_R12, "frame.h");
_Static_assert(offsetof(struct frame, r13) == FRAME_R13, "frame.h");
_Static_assert(offsetof(struct frame, r14) == FRAME_R14, "frame.h");
_Static_assert(offsetof(struct frame, r15) == FRAME_R15, "frame.h");
_Static_assert(offsetof(struct frame, rbx) == FRAME_RBX, "frame.h");
_Static_assert(offsetof(struct frame, rbp) == FRAME_RBP, "frame.h");
_Static_assert(offsetof(struct frame, rip) == FRAME_RIP, "frame.h");
_Static_assert(sizeof(struct frame) == FRAME_SIZE, "frame.h");
_Static_assert(sizeof(weft__a32) == 4, "switch.S stores 4 bytes to release");
_Static_assert(offsetof(struct weft__arch_next, sp) == 0 && offsetof(struct weft__arch_next, release) == 8,
	       "returned in rax and rdx");

uint8_t weft__arch_fp_control = 1;

void weft__arch_enter(void);

void *weft__arch_prepare(void *top, weft__arch_entry *entry, void *arg)
{
	struct frame frame = { .r12 = (uint64_t)arg, .rbx = (uint64_t)entry, .rip = weft__arch_enter };
	__asm__("stmxcsr %0\n\tfnstcw %1" : "=m"(frame.mxcsr), "=m"(frame.x87cw));
	void *sp = (char *)top - sizeof frame;
	memcpy(sp, &frame, sizeof frame);
	return sp;
}

void weft__arch_set_result(void *sp, int result)
{
	((struct frame *)sp)->result = (int16_t)result;
}
