/* SPDX-License-Identifier: MIT */
/* CPUs: how many this process may use, and where a kernel thread runs. */
#ifndef WEFT_SRC_OS_CPU_H
#define WEFT_SRC_OS_CPU_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

/* The affinity mask's count, lowered to the cgroup's CPU quota (v2 and v1, rounded up), at least 1. */
unsigned weft__os_cpus(void);

/* Where the kernel keeps the number of the CPU that the calling kernel thread runs on, or did last: as long as it lives, for others to
 * read as well. NULL: it does not (before Linux 4.18, glibc 2.35, under emulators). */
const volatile uint32_t *weft__os_cpu_word(void);

/* The CPUs that the calling kernel thread may run on: which they are, and to have it run on these. False: more than fit, or refused. */
bool weft__os_may_run_on(cpu_set_t *cpus);
bool weft__os_run_on(const cpu_set_t *cpus);

#endif
