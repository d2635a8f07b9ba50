/* SPDX-License-Identifier: MIT */
/*
 * Spreading: workers that are awake have a CPU each, as long as there are as many.
 *
 * That is the kernel's business, and mostly it sees to it. But where CPUs were busy lately, or are virtual, it may wake a worker on the CPU
 * of the one that wakes it though another is idle, and time and again, for up to 0.2 s. Two that answer each other share a CPU then, and
 * who spins for the answer keeps the other from giving it: 8 us a round trip instead of 0.6.
 *
 * So a worker that has spun in vain looks whether another that is awake is on its CPU (the kernel tells each kernel thread in memory). If
 * so, for a while all that go to sleep on their futexes sleep away from the CPUs of those awake, by their affinity, and stay
 * where they are woken. Before any thread runs on a worker again it may run where it might before: so nobody sees that, and what is
 * made there inherits nothing of it.
 */
#ifndef WEFT_SRC_SCHED_SPREAD_H
#define WEFT_SRC_SCHED_SPREAD_H

#include "src/sched/worker.h"

/* On the worker's kernel thread: from here on others may look where it is, and no longer. */
void weft__spread_begin(struct weft__worker *w);
void weft__spread_end(struct weft__worker *w);

/* Sleep while `w->wake` is this, until woken or its deadline. False if that is over. */
bool weft__spread_wait(struct weft__worker *w, uint32_t wake);

#endif
