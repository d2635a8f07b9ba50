/* SPDX-License-Identifier: MIT */
/* Kernel threads: made, named, joined. */
#ifndef WEFT_SRC_OS_KTHREAD_H
#define WEFT_SRC_OS_KTHREAD_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Start fn(arg) on a kernel thread; stack 0 is the system's default. 0 or a negative errno value. With `quiet` all
 * signals are blocked in it. */
int weft__os_kthread_start(pthread_t *thread, void *(*fn)(void *), void *arg, size_t stack, bool detached, bool quiet);

/* The signals that the calling thread blocks: which they are, and to block these instead. */
sigset_t weft__os_signals_blocked(void);
void weft__os_signals_block(const sigset_t *these);

/* The name shown by ps and gdb, of the calling kernel thread. Cut to 15 bytes. */
void weft__os_kthread_name(const char *name);

/* How late the kernel may let the calling thread's timers be, to batch them (50 us by default). What it was before. */
unsigned long weft__os_timer_slack(unsigned long nanoseconds);

/* The CPU time that the calling thread has used, in nanoseconds. */
uint64_t weft__os_kthread_cpu_time(void);

/* How many kernel threads the process has; 0 if that cannot be known. */
unsigned weft__os_kthreads(void);

/* The kernel's id of the calling thread, and whether the one with that id is waiting in the kernel now. */
int weft__os_kthread_id(void);
bool weft__os_kthread_blocked(int id);

/* Let another kernel thread run. */
void weft__os_kthread_yield(void);

#endif
