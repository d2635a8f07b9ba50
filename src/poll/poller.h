/* SPDX-License-Identifier: MIT */
/*
 * The poller: what asks the kernel which descriptors have become ready. There is one for all workers; it begins with the
 * first wait for a descriptor and ends with the runtime, so that programs without IO have no part of it.
 *
 * How it does that is a *backend*: epoll (src/poll/epoll.c), chosen at start. The scheduler knows struct weft__poller_source alone
 * (src/sched/worker.h), the table of descriptors what is below.
 */
#ifndef WEFT_SRC_POLL_POLLER_H
#define WEFT_SRC_POLL_POLLER_H

#include "src/base/atomic.h"
#include "src/base/list.h"
#include "weft/runtime.h"

struct weft__poll_backend {
	const char *name;
	int (*begin)(void); /* 0 or a negative errno value */
	void (*end)(void);

	/* Under the entry's lock. Report edges of the descriptor for these directions (1 << way), and what is there already;
	 * `known`: it is armed, for fewer directions or in doubt. */
	int (*arm)(int fd, uint32_t generation, unsigned ways, bool known);

	/* Any kernel thread, several at a time. Pass what has come to weft__fd_edge; wait for it until the deadline if it is
	 * not 0. May return early, for no reason. */
	void (*collect)(struct weft__list *woken, uint64_t deadline);

	/* End a wait in collect, or the next if none waits. */
	void (*wake)(void);
};

extern const struct weft__poll_backend weft__poll_epoll;

/* The poller of this runtime's number, from 1 on; 0: it has not begun. */
uint32_t weft__poller_epoch(void);

/* As the backend does it. */
int weft__poller_arm(int fd, uint32_t generation, unsigned ways, bool known);

/* Begin it if it has not. 0 or a negative errno value. */
int weft__poller_begin(void);

/* A descriptor is armed that was not; one is no longer that was, in this epoch, or in 0 for none. */
void weft__poller_armed(void);
void weft__poller_disarmed(uint32_t epoch);

/* Which backend the next poller has, before a runtime starts. */
void weft__poller_choose(enum weft_io io);

/* Whether anybody waits for a descriptor, or is in a call on one. */
bool weft__poller_waiting(void);

#endif
