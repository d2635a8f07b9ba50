/* SPDX-License-Identifier: MIT */
/* The pool's life: start, stop, run. Called by src/api alone. */
#ifndef WEFT_SRC_SCHED_POOL_H
#define WEFT_SRC_SCHED_POOL_H

#include <stdbool.h>
#include <stdint.h>

struct weft__watch;

struct weft__settings {
	uint32_t workers; /* 0: as many as CPUs */
	uint8_t stack_class;
	bool fp_control;
	void (*started)(const void *config); /* called once the pool runs, and before it is gone: NULL for nothing */
	void (*stopping)(void);
	const void *config; /* for `started` */
	uint64_t seed;	    /* 0: random */
	const struct weft__watch *watch;
};

/* Start with workers on kernel threads of their own. 0 or a negative errno value. */
int weft__pool_start(const struct weft__settings *settings);

/* Stop; -EBUSY, -EPERM or -EDEADLK. */
int weft__pool_stop(void);

/* Start, run fn(arg) with the calling kernel thread as a worker until all threads have ended, stop. */
int weft__pool_run(const struct weft__settings *settings, void *(*fn)(void *), void *arg, void **result);

/* In the child of a fork while a runtime ran: there has been none. */
void weft__pool_forget(void);

#endif
