/* SPDX-License-Identifier: MIT */
/* How many CPUs this process may use. */
#ifndef WEFT_SRC_OS_CPU_H
#define WEFT_SRC_OS_CPU_H

/* The affinity mask's count, lowered to the cgroup's CPU quota (v2 and v1, rounded up), at least 1. */
unsigned weft__os_cpus(void);

#endif
