/* SPDX-License-Identifier: MIT */
/*
 * Backtraces: the frames of a context, innermost first, each as the address of an instruction that it is at, or inside
 * it: a call's return address less one, as addr2line wants it. At most `max` are stored; the result is how many.
 * Everything here is async-signal-safe, takes no lock and allocates nothing. On a port without backtraces there are no
 * frames.
 */
#ifndef WEFT_SRC_CRASH_BACKTRACE_H
#define WEFT_SRC_CRASH_BACKTRACE_H

#include "src/base/panic.h"

#define WEFT__BACKTRACE_MAX 32 /* enough for a report */

/* Of the caller, which is the first frame. */
unsigned weft__backtrace_here(const void **pcs, unsigned max);

/* Of a suspended context that is not resumed meanwhile; `sp` is what weft__arch_switch saved. */
unsigned weft__backtrace_parked(const void *sp, const void **pcs, unsigned max);

/* Of what a signal interrupted, in its handler: the ucontext_t that this got. Registers and stack may hold anything. */
unsigned weft__backtrace_signal(const void *ucontext, const void **pcs, unsigned max);

/* A line a frame: number, address, function+offset, (object+offset). */
void weft__backtrace_write(const void *const *pcs, unsigned n, int fd);

/* What such a line has for an address: " function+offset (object+offset)", so far as it is known. */
void weft__backtrace_name(struct weft__text *text, const void *pc);

#endif
