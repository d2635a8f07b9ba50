/* SPDX-License-Identifier: MIT */
/* Ways to crash, each in code that is the test's own; and whether this build can contain any. */
#ifndef WEFT_TESTS_FAULTS_H
#define WEFT_TESTS_FAULTS_H

#include <signal.h>
#include <sys/mman.h>

#include "src/unwind/unwind.h"
#include "tests/support/support.h"

/* With link-time optimization a static libweft cannot be told from the program. */
#ifdef WEFT__LTO
#define CAN_CONTAIN 0
#else
#define CAN_CONTAIN (WEFT__UNWIND && WEFT_ARCH_REDIRECTS && !WEFT__TSAN)
#endif

static inline void skip_unless_contained(void)
{
	if (CAN_CONTAIN)
		return;
	printf("skipped: this build cannot contain crashes (no unwinding, no port, ThreadSanitizer, or LTO)\n");
	exit(77);
}

#define CARELESS __attribute__((noinline, no_sanitize("undefined", "address", "thread")))

enum fault { NULL_WRITE, WILD_READ, NULL_CALL, WILD_CALL, ILLEGAL, BUS, OVERFLOW, DIVIDE, FAULTS };

#define NOWHERE ((uintptr_t)0x7008)

CARELESS static int deeper(volatile char *above, volatile int frames)
{
	volatile char frame[200];
	frame[0] = above[0];
	return frames == 0 ? 0 : deeper(frame, frames - 1) + frame[0];
}

/* The second page of a file of one page. */
static inline volatile int *beyond_the_end(void)
{
	static void *_Atomic mapped;
	void *at = mapped;
	if (!at) {
		FILE *file = tmpfile();
		check(file && ftruncate(fileno(file), 4096) == 0);
		at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
		check(at != MAP_FAILED);
		mapped = at;
	}
	return (volatile int *)((char *)at + 4096);
}

CARELESS static int divide(volatile int n, volatile int by)
{
	return n / by;
}

CARELESS static int fault_now(enum fault how, volatile int *bus)
{
	volatile uintptr_t address = how == NULL_WRITE || how == NULL_CALL ? 0 : NOWHERE;
	volatile char first = 0;
	switch (how) {
	case NULL_WRITE:
		*(volatile int *)address = 1;
		break;
	case WILD_READ:
		return *(volatile int *)address;
	case NULL_CALL:
	case WILD_CALL:
		return ((int (*)(void))address)() + 1;
	case ILLEGAL:
#if defined(__x86_64__)
		__asm__ volatile("ud2");
#elif defined(__aarch64__)
		__asm__ volatile(".inst 0");
#endif
		break;
	case BUS:
		return *bus;
	case OVERFLOW:
		return deeper(&first, 1 << 30);
	default:
		return divide(7, 0) + 1;
	}
	return 0;
}

/* Crash so; it does not return. */
static inline void fault(enum fault how)
{
	volatile int *bus = how == BUS ? beyond_the_end() : NULL;
	ck_abort_msg("it went on behind fault %d: %d", how, fault_now(how, bus));
}

static inline int signal_of(enum fault how)
{
	return how == ILLEGAL ? SIGILL : how == BUS ? SIGBUS : how == DIVIDE ? SIGFPE : SIGSEGV;
}

/* Faults that this machine has: AArch64 divides by 0. */
static inline bool exists(enum fault how)
{
#if defined(__x86_64__)
	return how < FAULTS;
#else
	return how < DIVIDE;
#endif
}

/* All crashes are contained, and not reported. */
static inline struct weft_config containing(struct weft_config config)
{
	check_eq(weft_config_set_crash(&config, WEFT_CRASH_CONTAIN), 0);
	check_eq(weft_config_set_crash_report(&config, false), 0);
	return config;
}

static inline struct weft_status end_of(weft_t thread)
{
	struct weft_status status;
	check_eq(weft_join_status(thread, &status), 0);
	return status;
}

static inline void ends_crashed(weft_t thread, int signal)
{
	struct weft_status status = end_of(thread);
	check_eq(status.how, WEFT_CRASHED);
	check_eq(status.signal, signal);
	check(status.result == NULL);
}

#endif
