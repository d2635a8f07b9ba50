/* SPDX-License-Identifier: MIT */
/*
 * A crash, as its handler has seen it, and the report of it. What is seen holds no pointer to anything of the thread's but
 * code, so that the report of one that was contained can be written when the thread is gone.
 */
#ifndef WEFT_SRC_CRASH_REPORT_H
#define WEFT_SRC_CRASH_REPORT_H

#include <signal.h>

#include "src/crash/backtrace.h"
#include "src/sched/name.h"
#include "src/sched/worker.h"

enum weft__crash_in { WEFT__CRASH_GREEN, WEFT__CRASH_BOUND, WEFT__CRASH_IDLE, WEFT__CRASH_OUTSIDE };

struct weft__crash {
	/* what happened */
	int signal, code;
	bool sent; /* by kill, raise or abort: `address` means nothing */
	bool overflow;
	const void *address;
	bool exception;
	char message[240]; /* of a panic of weft's, or of an exception that nobody caught */

	/* to whom */
	enum weft__crash_in in;
	uint64_t thread; /* 0: no thread of weft's */
	char name[WEFT__NAME_SIZE];
	uint32_t worker;
	size_t stack, used; /* bytes; 0 where not known */
	const void *spawned_at;

	/* what becomes of it: contained; or why not, NULL if nobody has asked for that; or handed to the program's handler */
	bool contained, chained;
	const char *why_not;

	/* where: the innermost frames, and of how many, 0 if they have not been counted */
	size_t depth;
	unsigned frames;
	const void *pcs[WEFT__BACKTRACE_MAX];
#if WEFT_ARCH_DWARF_REGISTERS > 0
	struct weft__arch_registers regs;
#endif
};

/* All but what becomes of it, and the frames. Async-signal-safe, as all here. */
void weft__crash_see(struct weft__crash *crash, int signal, const siginfo_t *info, const void *ucontext);

/* The same for an exception that leaves the function of a thread. */
void weft__crash_see_thrown(struct weft__crash *crash, const struct weft__thread *self);

/* Where to, and how, from now on. */
void weft__report_set(int fd, bool json);

void weft__report_write(const struct weft__crash *crash);

/* Keep the report of a crash that was contained, to be written a little later by another kernel thread. */
void weft__report_keep(const struct weft__crash *crash);

/* Write some of those that were kept, at most so many. */
void weft__report_write_kept(unsigned most);

#endif
