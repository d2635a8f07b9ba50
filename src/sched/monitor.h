/* SPDX-License-Identifier: MIT */
/* The monitor: one kernel thread that looks for workers that stopped scheduling. */
#ifndef WEFT_SRC_SCHED_MONITOR_H
#define WEFT_SRC_SCHED_MONITOR_H

#include <stdint.h>

/* What the monitor does for others. */
struct weft__watch {
	void (*looked)(uint64_t now);	      /* at each of its looks */
	uint64_t (*all_asleep)(uint64_t now); /* before it sleeps since all workers do: when to wake it nevertheless */
};

/* 0 or a negative errno value. */
int weft__monitor_start(const struct weft__watch *watch);
void weft__monitor_stop(void);

/* A worker has woken, or is new: the monitor, if it sleeps because all did, looks again. */
void weft__monitor_rouse(void);

/* One more worker, unless there are enough: somebody blocks, and nobody sleeps who could take its token. */
void weft__monitor_add_spare(void);

#endif
