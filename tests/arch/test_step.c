/* SPDX-License-Identifier: MIT */
/*
 * A profiler may interrupt a switch at any instruction and unwind from there. So a program single-steps through every
 * entry point (x86-64: the trap flag) and unwinds at each step: the walk must end cleanly, and within a switch it must
 * meet the function of one side or the other, or the end of a fresh stack.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* REG_RIP */
#endif
#include "tests/arch/arch_test.h"

#if defined(__x86_64__) && !defined(WEFT_USE_ARCH_GENERIC)
#include <signal.h>
#include <ucontext.h>
#include <unwind.h>

#define TOO_DEEP 100

void weft__arch_first(void);

static void *here, *there;
static weft__a32 release;
static uint32_t steps, bad_ends, lost;

static weft__noinline void side_here(int start);
static struct weft__arch_next side_there(void *arg);

struct walk {
	uint32_t depth;
	bool met_side;
};

static bool is(void *function, uintptr_t candidate)
{
	return function == (void *)candidate;
}

static _Unwind_Reason_Code note_frame(struct _Unwind_Context *context, void *arg)
{
	struct walk *walk = arg;
	void *function = (void *)_Unwind_GetRegionStart(context);
	walk->depth++;
	walk->met_side |= is(function, (uintptr_t)side_here) || is(function, (uintptr_t)side_there) ||
			  is(function, (uintptr_t)weft__arch_first);
	return walk->depth < TOO_DEEP ? _URC_NO_REASON : _URC_NORMAL_STOP;
}

static void on_step(int signal, siginfo_t *info, void *uc)
{
	(void)signal;
	(void)info;
	uintptr_t ip = (uintptr_t)((ucontext_t *)uc)->uc_mcontext.gregs[REG_RIP];
	void *function = _Unwind_FindEnclosingFunction((void *)(ip + 1)); /* it looks at the byte before */
	bool in_switch = is(function, (uintptr_t)weft__arch_switch) || is(function, (uintptr_t)weft__arch_switch_call);
	bool in_end = is(function, (uintptr_t)weft__arch_start) || is(function, (uintptr_t)weft__arch_resume) ||
		      is(function, (uintptr_t)weft__arch_first);
	if (!in_switch && !in_end)
		return;
	struct walk walk = { 0 };
	_Unwind_Reason_Code reason = _Unwind_Backtrace(note_frame, &walk);
	steps++;
	if (reason != _URC_END_OF_STACK) {
		fprintf(stderr, "the walk from %p does not end\n", (void *)ip);
		bad_ends++;
	}
	if (in_switch && !walk.met_side) {
		fprintf(stderr, "the walk from %p misses the switch's caller\n", (void *)ip);
		lost++;
	}
}

static void set_trap_flag(uint64_t flag)
{
	__asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\tandq $~0x100, (%%rsp)\n\torq %0, (%%rsp)\n\tpopfq\n\t"
			 "lea 128(%%rsp), %%rsp" ::"r"(flag << 8)
			 : "memory", "cc");
}

static void nothing(void *arg)
{
	(void)arg;
}

static struct weft__arch_next side_there(void *arg)
{
	(void)arg;
	weft__arch_switch(&there, here, &release);
	weft__arch_switch_call(&there, here, nothing, NULL);
	return (struct weft__arch_next){ here, &release };
}

static void side_here(int start)
{
	void *top = new_stack();
	void *prepared = weft__arch_prepare(top, side_there, NULL);
	set_trap_flag(1);
	if (start)
		weft__arch_start(&here, top, side_there, NULL, &release);
	else
		weft__arch_switch(&here, prepared, &release);
	weft__arch_switch(&here, there, &release);
	weft__arch_switch_call(&here, there, nothing, NULL);
	set_trap_flag(0);
}

START_TEST(every_step_unwinds)
{
	struct sigaction action = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO };
	sigaction(SIGTRAP, &action, NULL);
	side_here(0);
	side_here(1);
	ck_assert_uint_gt(steps, 150);
	ck_assert_uint_eq(bad_ends, 0);
	ck_assert_uint_eq(lost, 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { every_step_unwinds, NULL };
	return run_tests("arch/step", tests);
}
#else
int main(void)
{
	printf("skipped: there is a single-step test for arch/x86_64 only\n");
	return 77;
}
#endif
