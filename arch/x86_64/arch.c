/* SPDX-License-Identifier: MIT */
/* x86-64: the first frame of a queued thread, what backtraces start from, and proof that frame.h tells the truth. */
#include "arch/arch.h"

#include <string.h>
#include <ucontext.h>

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

void weft__arch_redirect(void *ucontext, void *top, weft__arch_entry *entry, void *arg)
{
	enum { TRAP = 1 << 8, DIRECTION = 1 << 10, ALIGNMENT_CHECK = 1 << 18 };
	mcontext_t *m = &((ucontext_t *)ucontext)->uc_mcontext;
	m->gregs[REG_RIP] = (greg_t)weft__arch_enter;
	m->gregs[REG_RSP] = (greg_t)top;
	m->gregs[REG_RBX] = (greg_t)entry;
	m->gregs[REG_R12] = (greg_t)arg;
	m->gregs[REG_EFL] &= ~(greg_t)(TRAP | DIRECTION | ALIGNMENT_CHECK);
	if (!m->fpregs)
		return;
	m->fpregs->mxcsr = 0x1f80;
	m->fpregs->cwd = 0x37f;
	m->fpregs->swd = 0;
	m->fpregs->ftw = 0; /* the x87 stack is empty */
}

/* DWARF's order of the registers that a ucontext_t has in the kernel's. */
static const uint8_t numbered[WEFT_ARCH_DWARF_REGISTERS] = {
	REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
	REG_R9,	 REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP,
};

void weft__arch_registers_of(const void *ucontext, struct weft__arch_registers *regs)
{
	const ucontext_t *context = ucontext;
	for (unsigned i = 0; i < WEFT_ARCH_DWARF_REGISTERS; i++)
		regs->value[i] = (uintptr_t)context->uc_mcontext.gregs[numbered[i]];
	regs->pc = regs->value[WEFT_ARCH_DWARF_RETURN];
}

void weft__arch_registers_parked(const void *sp, struct weft__arch_registers *regs)
{
	const struct frame *frame = sp;
	const uintptr_t pc = (uintptr_t)frame->rip;
	*regs = (struct weft__arch_registers){
		.pc = pc,
		.value = { [3] = frame->rbx,
			   [6] = frame->rbp,
			   [7] = (uintptr_t)(frame + 1),
			   [12] = frame->r12,
			   [13] = frame->r13,
			   [14] = frame->r14,
			   [15] = frame->r15,
			   [16] = pc },
	};
}
