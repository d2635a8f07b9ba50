/* SPDX-License-Identifier: MIT */
/*
 * Who else had the CPUs. The CPUs' busy time (/proc/stat) less what weft-bench and its children used is the load of other
 * programs; what the hypervisor kept is their steal. The kernel counts in ticks of 10 ms, as a rule: so both are taken over
 * the last half second or more, which may have begun before the round in question did.
 */
#ifndef BENCH_NOISE_H
#define BENCH_NOISE_H

#include <stdint.h>

struct noise {
	double others; /* CPUs that other programs kept busy */
	double stolen; /* share of the CPUs' time that the hypervisor kept */
};

/* As of now; call it often. */
struct noise noise_now(void);

/* Since the first call. */
struct noise noise_overall(void);

#endif
