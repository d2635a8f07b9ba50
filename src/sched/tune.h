/* SPDX-License-Identifier: MIT */
/* Capacities and periods of the scheduler, in one place, so that a test can make them tiny before it starts a runtime.
 */
#ifndef WEFT_SRC_SCHED_TUNE_H
#define WEFT_SRC_SCHED_TUNE_H

#include <stdint.h>

extern struct weft__tune {
	uint32_t ring_initial; /* slots of a lane: powers of two; beyond ring_max threads go to the injector */
	uint32_t ring_max;
	uint32_t fair_period;	 /* dispatches from one look around to the next: K of the fairness promise */
	uint32_t age_period;	 /* looks around from one ageing of the oldest continuation to the next */
	uint32_t spin_ns;	 /* the longest a worker out of work looks for some before it sleeps */
	uint32_t carry_ns;	 /* about what it costs thief and victim to carry a thread over */
	uint32_t poll_ns;	 /* how often at most a worker with something to run asks the poller */
	uint64_t monitor_min_ns; /* the monitor's period while it finds something to do, and while it does not */
	uint64_t monitor_max_ns;
	uint64_t trim_ns;	    /* stacks not needed for so long give their pages back */
	uint32_t uring_entries;	    /* of a worker's ring, */
	uint32_t uring_completions; /* and of what it has completed: powers of two */
	uint32_t uring_batch;	    /* so many requests at most a worker hands over at a time, or reaps */
	uint32_t gather_row;	    /* wakes for one thread after which a worker leaves it to another; */
	uint32_t gather_slack;	    /* it has to sleep so many times as long as it runs, */
	uint64_t gather_often_ns;   /* and no longer than this */
	uint64_t spread_ns;	    /* so long workers keep from each other's CPUs after two have shared one; */
	uint64_t spread_look_ns;    /* how often at most each looks */
	uint32_t spare_workers;	    /* so many at most stand in for blocked ones; 0: nobody does */
	/* Which of the n threads in its ready lane a worker that looks around runs next: 0, the oldest, up to n - 1. NULL: the
	 * oldest. With fair_period 1 it looks around at each dispatch, so a test decides on the order of everything. */
	uint32_t (*choose)(uint32_t n);
} weft__tune;

#endif
