/* SPDX-License-Identifier: MIT */
/*
 * Built with -mbranch-protection=bti on AArch64, every way in and out of a switch passes a CPU that enforces it. The
 * linker drops a program's BTI note when any object has none, as start files and libcheck may; so this program has no
 * libcheck, marks its own text, and leaves by _exit.
 */
#include <stdio.h>

#if defined(__aarch64__) && defined(__ARM_FEATURE_BTI_DEFAULT)
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch/arch.h"

#define PROTECT_BTI 0x10	/* PROT_BTI, newer than some headers */
#define CPU_HAS_BTI (1ul << 17) /* HWCAP2_BTI */

extern char __executable_start[], etext[];

static void *here, *there;
static weft__a32 release;
static _Alignas(16) char stack[65536];
static int entered, after_calls;

/* Called by address, as a landing pad is needed for. */
static int (*volatile call_switch)(void **, void *, weft__a32 *) = weft__arch_switch;
static int (*volatile call_switch_call)(void **, void *, void (*)(void *), void *) = weft__arch_switch_call;
static int (*volatile call_start)(void **, void *, weft__arch_entry *, void *, weft__a32 *) = weft__arch_start;
static void (*volatile call_resume)(void *, weft__a32 *) = weft__arch_resume;

static int (*volatile call_call)(void *, void *, uint64_t, weft__arch_called *) = weft__arch_call;

static int called(void *a, void *b, uint64_t c)
{
	(void)a, (void)b, (void)c;
	return 7;
}

static void protect_text(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t start = (uintptr_t)__executable_start & -page, end = ((uintptr_t)etext + page - 1) & -page;
	if (mprotect((void *)start, end - start, PROT_READ | PROT_EXEC | PROTECT_BTI)) {
		perror("mprotect");
		_exit(1);
	}
}

static void after(void *arg)
{
	++*(int *)arg;
}

static struct weft__arch_next entry(void *arg)
{
	++*(int *)arg;
	call_switch(&there, here, &release);
	call_switch_call(&there, here, after, &after_calls);
	if (entered < 3)
		return (struct weft__arch_next){ here, &release };
	call_resume(here, &release);
	_exit(4);
}

static void go_around(void)
{
	call_switch(&here, there, &release);
	call_switch_call(&here, there, after, &after_calls);
}

static _Noreturn void on_fault(int signal)
{
	(void)signal;
	_exit(0);
}

/* Last, a branch to where there is no landing pad, to prove that they are enforced. */
static void check_enforced(void)
{
	signal(SIGILL, on_fault);
	__asm__ volatile("adr x9, 1f\n\tbr x9\n1:\tnop" ::: "x9");
	_exit(2);
}

int main(void)
{
	if (!(getauxval(AT_HWCAP2) & CPU_HAS_BTI)) {
		printf("skipped: this CPU has no BTI\n");
		return 77;
	}
	protect_text();
	for (int i = 0; i < 3; i++) {
		if (i == 1)
			call_start(&here, stack + sizeof stack, entry, &entered, &release);
		else
			call_switch(&here, weft__arch_prepare(stack + sizeof stack, entry, &entered), &release);
		go_around();
	}
	if (entered != 3 || after_calls != 6 || call_call(NULL, NULL, 0, called) != 7)
		_exit(3);
	check_enforced();
}
#else
int main(void)
{
	printf("skipped: not built for AArch64 with -mbranch-protection=bti\n");
	return 77;
}
#endif
