/* SPDX-License-Identifier: MIT */
/* AArch64: the first frame of a queued thread, what backtraces start from, and proof that frame.h tells the truth. */
#include "arch/arch.h"

#include <asm/sigcontext.h>
#include <string.h>
#include <ucontext.h>

#include "arch/aarch64/frame.h"

struct frame {
	uint64_t x29;
	void (*x30)(void);
	uint64_t x19, x20, x21, x22, x23, x24, x25, x26, x27, x28;
	uint64_t d8, d9, d10, d11, d12, d13, d14, d15;
	uint64_t fpcr;
	int64_t result;
};

_Static_assert(offsetof(struct frame, x29) == FRAME_X29, "frame.h");
_Static_assert(offsetof(struct frame, x30) == FRAME_X30 && FRAME_X30 == FRAME_X29 + 8, "a frame record");
_Static_assert(offsetof(struct frame, x19) == FRAME_X19, "frame.h");
_Static_assert(offsetof(struct frame, x21) == FRAME_X21, "frame.h");
_Static_assert(offsetof(struct frame, x23) == FRAME_X23, "frame.h");
_Static_assert(offsetof(struct frame, x25) == FRAME_X25, "frame.h");
_Static_assert(offsetof(struct frame, x27) == FRAME_X27, "frame.h");
_Static_assert(offsetof(struct frame, d8) == FRAME_D8, "frame.h");
_Static_assert(offsetof(struct frame, d10) == FRAME_D10, "frame.h");
_Static_assert(offsetof(struct frame, d12) == FRAME_D12, "frame.h");
_Static_assert(offsetof(struct frame, d14) == FRAME_D14, "frame.h");
_Static_assert(offsetof(struct frame, fpcr) == FRAME_FPCR, "frame.h");
_Static_assert(offsetof(struct frame, result) == FRAME_RESULT, "frame.h");
_Static_assert(sizeof(struct frame) == FRAME_SIZE && FRAME_SIZE % 16 == 0, "sp stays aligned");
_Static_assert(sizeof(weft__a32) == 4, "switch.S stores 4 bytes to release");
_Static_assert(offsetof(struct weft__arch_next, sp) == 0 && offsetof(struct weft__arch_next, release) == 8,
	       "returned in x0 and x1");

uint8_t weft__arch_fp_control = 1;

/* x29 stays 0: there ends the chain of frame pointers. */
void *weft__arch_prepare(void *top, weft__arch_entry *entry, void *arg)
{
	struct frame frame = { .x30 = weft__arch_enter, .x19 = (uint64_t)entry, .x20 = (uint64_t)arg };
	__asm__("mrs %0, fpcr" : "=r"(frame.fpcr));
	void *sp = (char *)top - sizeof frame;
	memcpy(sp, &frame, sizeof frame);
	return sp;
}

void weft__arch_set_result(void *sp, int result)
{
	((struct frame *)sp)->result = result;
}

/* The FP state is one of the records behind the registers; the last one is all zero. */
static void default_fp_control(mcontext_t *m)
{
	unsigned char *at = m->__reserved, *end = at + sizeof m->__reserved;
	struct _aarch64_ctx head;
	for (; at + sizeof(struct fpsimd_context) <= end; at += head.size) {
		memcpy(&head, at, sizeof head);
		if (head.magic == FPSIMD_MAGIC) {
			struct fpsimd_context *fp = (void *)at;
			fp->fpcr = fp->fpsr = 0;
		}
		if (!head.magic || head.size < sizeof head)
			return;
	}
}

void weft__arch_redirect(void *ucontext, void *top, weft__arch_entry *entry, void *arg)
{
	const uint64_t branch_type = 3 << 10, single_step = 1 << 21;
	mcontext_t *m = &((ucontext_t *)ucontext)->uc_mcontext;
	m->pc = (uint64_t)weft__arch_enter;
	m->sp = (uint64_t)top;
	m->regs[19] = (uint64_t)entry;
	m->regs[20] = (uint64_t)arg;
	m->regs[29] = m->regs[30] = 0;
	m->pstate &= ~(branch_type | single_step);
	default_fp_control(m);
}

void weft__arch_registers_of(const void *ucontext, struct weft__arch_registers *regs)
{
	const ucontext_t *context = ucontext;
	for (unsigned i = 0; i <= 30; i++)
		regs->value[i] = (uintptr_t)context->uc_mcontext.regs[i];
	regs->value[WEFT_ARCH_DWARF_SP] = (uintptr_t)context->uc_mcontext.sp;
	regs->pc = (uintptr_t)context->uc_mcontext.pc;
}

void weft__arch_registers_parked(const void *sp, struct weft__arch_registers *regs)
{
	const struct frame *frame = sp;
	*regs = (struct weft__arch_registers){
		.pc = weft__arch_return_address((uintptr_t)frame->x30),
		.value = { [19] = frame->x19,
			   [20] = frame->x20,
			   [21] = frame->x21,
			   [22] = frame->x22,
			   [23] = frame->x23,
			   [24] = frame->x24,
			   [25] = frame->x25,
			   [26] = frame->x26,
			   [27] = frame->x27,
			   [28] = frame->x28,
			   [29] = frame->x29,
			   [30] = (uintptr_t)frame->x30,
			   [31] = (uintptr_t)(frame + 1) },
	};
}
