/* SPDX-License-Identifier: MIT */
/* The monitor: one kernel thread that looks for workers that stopped scheduling. */
#ifndef WEFT_SRC_SCHED_MONITOR_H
#define WEFT_SRC_SCHED_MONITOR_H

/* 0 or a negative errno value. */
int weft__monitor_start(void);
void weft__monitor_stop(void);

/* A worker has woken, or is new: the monitor, if it sleeps because all did, looks again. */
void weft__monitor_rouse(void);

#endif
