/* SPDX-License-Identifier: MIT */
/*
 * The port contract on ucontext, for machines without a port of their own. It is slow, and differs in three ways:
 *
 * - swapcontext saves and sets the signal mask, by a system call in every switch. So a signal mask belongs to a
 *   context here, not to the kernel thread; contexts that migrate should all have the same one.
 * - A suspended context keeps its ucontext_t on its own stack: 1 KB on x86-64, 4.5 KB on AArch64.
 * - weft__arch_fp_control changes nothing: FP control words are kept if ucontext keeps them.
 *
 * What is to be done once the old context is saved, and who is to do it, the old context writes into the record of the
 * new one, which belongs to it at that moment; the new context reads it there when it goes on. No thread-local is
 * needed for the handover, so none is cached across it.
 */
#include "arch/arch.h"

#include <stdlib.h>
#include <ucontext.h>

/* At a suspended context's stack pointer. */
struct record {
	ucontext_t uc;

	/* Written by the context that resumes this one: either release, or after and arg. */
	weft__a32 *release;
	void (*after)(void *);
	void *after_arg;

	int result; /* what the switch returns */

	/* A first frame only. */
	weft__arch_entry *entry;
	void *entry_arg;
};

uint8_t weft__arch_fp_control = 1;

#if defined(__has_attribute)
#if __has_attribute(noipa)
#define OPAQUE __attribute__((noipa, noinline))
#endif
#endif
#ifndef OPAQUE
#define OPAQUE __attribute__((noinline))
#endif

static __thread void *current_worker;

/* The asm keeps a compiler without noipa from concluding that two calls give one result. */
OPAQUE void *weft__arch_worker(void)
{
	__asm__ volatile("" ::: "memory");
	return current_worker;
}

OPAQUE void weft__arch_set_worker(void *worker)
{
	__asm__ volatile("" ::: "memory");
	current_worker = worker;
}

/* On the new stack: the old context is saved. */
static void arrive(struct record *self)
{
	if (self->release)
		weft__store_rel(self->release, 0); /* order SWITCH-RELEASE */
	else
		self->after(self->after_arg);
}

static int leave(void **save, struct record *to)
{
	struct record self;

	*save = &self;
	self.result = 0;
	if (swapcontext(&self.uc, &to->uc))
		abort();
	arrive(&self);
	return self.result;
}

int weft__arch_switch(void **save, void *to, weft__a32 *release)
{
	((struct record *)to)->release = release;
	return leave(save, to);
}

int weft__arch_switch_call(void **save, void *to, void (*after)(void *), void *arg)
{
	struct record *next = to;

	next->release = NULL;
	next->after = after;
	next->after_arg = arg;
	return leave(save, next);
}

int weft__arch_switch_call_tail(void **save, void *to, void (*after)(void *), void *arg)
{
	return weft__arch_switch_call(save, to, after, arg);
}

int weft__arch_call(void *a, void *b, uint64_t c, weft__arch_called *fn)
{
	return fn(a, b, c);
}

_Noreturn void weft__arch_resume(void *to, weft__a32 *release)
{
	struct record *next = to;

	next->release = release;
	setcontext(&next->uc);
	abort();
}

/* makecontext passes ints, so a pointer comes in halves. */
static void first(unsigned int high, unsigned int low)
{
	struct record *self = (struct record *)(uintptr_t)((uint64_t)high << 32 | low);

	arrive(self);
	struct weft__arch_next next = self->entry(self->entry_arg);
	weft__arch_resume(next.sp, next.release);
}

/* The record stays at the stack's top, and the stack proper begins below it. Its true size is not known here, and
 * makecontext only adds ss_size to ss_sp. */
void *weft__arch_prepare(void *top, weft__arch_entry *entry, void *arg)
{
	size_t size = (sizeof(struct record) + 63) & ~(size_t)63, below = 1024;
	struct record *self = (struct record *)(void *)((char *)top - size);

	if (getcontext(&self->uc))
		abort();
	self->uc.uc_stack.ss_sp = (char *)self - below;
	self->uc.uc_stack.ss_size = below;
	self->uc.uc_link = NULL;
	self->entry = entry;
	self->entry_arg = arg;
	uint64_t address = (uintptr_t)self;
	makecontext(&self->uc, (void (*)(void))first, 2, (unsigned int)(address >> 32), (unsigned int)address);
	return self;
}

int weft__arch_start(void **save, void *top, weft__arch_entry *entry, void *arg, weft__a32 *release)
{
	return weft__arch_switch(save, weft__arch_prepare(top, entry, arg), release);
}

void weft__arch_set_result(void *sp, int result)
{
	((struct record *)sp)->result = result;
}
