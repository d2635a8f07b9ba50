/* SPDX-License-Identifier: MIT */
/* Facts of the port that stands in where there is none: its name, and the current worker of a kernel thread. */
#ifndef WEFT_ARCH_GENERIC_CPU_H
#define WEFT_ARCH_GENERIC_CPU_H

#define WEFT_ARCH_NAME "generic"

/* POSIX leaves open whether ucontext holds the FP control words. All of glibc's ports do. */
#ifdef __GLIBC__
#define WEFT_ARCH_HAS_FP_CONTROL 1
#else
#define WEFT_ARCH_HAS_FP_CONTROL 0
#endif

/* Calls, never inlined: the address of the thread-local is computed anew inside each (arch.c). */
void *weft__arch_worker(void);
void weft__arch_set_worker(void *worker);

#endif
