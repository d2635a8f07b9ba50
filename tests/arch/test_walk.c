/* SPDX-License-Identifier: MIT */
/*
 * Unwinding from anywhere: a green thread single-steps (x86-64: the trap flag) through the C library, PLT entries, a
 * signal handler and weft's switches, and at each instruction the walk must be the one that libgcc makes.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <signal.h>

#include "src/crash/backtrace.h"
#include "src/sched/park.h"
#include "src/unwind/unwind.h"
#include "tests/support/support.h"

#if defined(__x86_64__) && WEFT__UNWIND
#include <time.h>
#include <ucontext.h>
#include <unwind.h>

enum { MAX = 64, ENOUGH = 4000, TRAP_FLAG = 0x100 };

struct trace {
	unsigned n;
	unsigned interrupted; /* of libgcc's walk: the frame behind that of the trap's handler */
	const void *pc[MAX];
};

static unsigned steps, differing;
static struct trace ours, theirs;
static volatile bool stepping;

static _Unwind_Reason_Code note_frame(struct _Unwind_Context *context, void *unused)
{
	int exact;
	uintptr_t pc = _Unwind_GetIPInfo(context, &exact);
	(void)unused;
	if (theirs.n == MAX || !pc)
		return _URC_NORMAL_STOP;
	if (exact && theirs.n && !theirs.interrupted)
		theirs.interrupted = theirs.n;
	theirs.pc[theirs.n++] = (const void *)(pc - !exact);
	return _URC_NO_REASON;
}

static bool same(void)
{
	const void *const *frame = theirs.pc + theirs.interrupted;
	return ours.n == theirs.n - theirs.interrupted && memcmp(ours.pc, frame, ours.n * sizeof *frame) == 0;
}

/* On a worker's own stack the flag is put out: there it starts and ends kernel threads, with all signals blocked,
 * and a trap would kill the process. */
static void on_step(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)info;
	if (!stepping || !weft__self_or_null()) {
		((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
		return;
	}
	theirs = (struct trace){ .n = 0 };
	ours.n = weft__backtrace_signal(context, ours.pc, MAX);
	_Unwind_Backtrace(note_frame, NULL);
	steps++;
	if (!same() && differing++ == 0) {
		weft__warn("these two are different:");
		weft__backtrace_write(ours.pc, ours.n, STDERR_FILENO);
		weft__backtrace_write(theirs.pc + theirs.interrupted, theirs.n - theirs.interrupted, STDERR_FILENO);
	}
}

static void set_trap_flag(uint64_t flag)
{
	__asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\tandq $~0x100, (%%rsp)\n\torq %0, (%%rsp)\n\tpopfq\n\t"
			 "lea 128(%%rsp), %%rsp" ::"r"(flag << 8)
			 : "memory", "cc");
}

/* While the flag is changed it may be on, as a thread inherits it, and rsp is where no table knows it. */
static void step(bool on)
{
	stepping = false;
	set_trap_flag(on);
	stepping = on;
}

static void use_the_library(void)
{
	char text[100];
	snprintf(text, sizeof text, "%d %g %p", 42, 1.5, (void *)text);
	free(malloc(100000));
	time(NULL);
}

static void on_user_signal(int sig)
{
	(void)sig;
	set_trap_flag(1); /* a handler begins without */
	use_the_library();
}

static void *step_and_yield(void *arg)
{
	step(true);
	weft_yield();
	use_the_library();
	raise(SIGUSR1);
	weft_sleep(WEFT_US(1));
	step(false);
	return arg;
}

/* The spawned thread runs at once; this one, and its first frame, are come back to by the yield. */
static void *step_everywhere(void *arg)
{
	weft_t thread = spawn(NULL, step_and_yield, arg);
	step_and_yield(arg);
	return join(thread);
}

START_TEST(every_instruction)
{
	struct sigaction trap = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO };
	struct weft_config config = workers_exactly(1);
	sigaction(SIGTRAP, &trap, NULL);
	signal(SIGUSR1, on_user_signal);
	/* A thread that goes on elsewhere, because the monitor took the token away, takes no more steps. */
	for (int round = 0; round < 100 && steps < ENOUGH; round++)
		run_with(&config, step_everywhere, NULL);
	printf("%u steps\n", steps);
	ck_assert_uint_ge(steps, ENOUGH);
	ck_assert_uint_eq(differing, 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { every_instruction, NULL };
	if (WEFT__ASAN || WEFT__TSAN) {
		printf("skipped: a sanitizer's handlers are not to be stepped through\n");
		return 77;
	}
	return run_tests("arch/walk", tests);
}

#else

int main(void)
{
	printf("skipped: needs a trap flag, as x86-64 has, and backtraces\n");
	return 77;
}

#endif
