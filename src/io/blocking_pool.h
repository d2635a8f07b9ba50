/* SPDX-License-Identifier: MIT */
/* The blocking pool's own: a request, and the queue between those who make one and the threads that serve it (blocking.h). */
#ifndef WEFT_SRC_IO_BLOCKING_POOL_H
#define WEFT_SRC_IO_BLOCKING_POOL_H

#include "src/base/list.h"
#include "src/sched/park.h"

enum weft__request_state {
	WEFT__REQUEST_QUEUED,	 /* in the queue, under the lock: the pool's, or its caller's, who takes it out first */
	WEFT__REQUEST_TAKEN,	 /* a thread of the pool has it */
	WEFT__REQUEST_DONE,	 /* its caller's again */
	WEFT__REQUEST_WITHDRAWN, /* likewise: it was not called */
};

struct weft__request {
	struct weft__wait wait;
	void *(*fn)(void *);
	void *arg, *result;
	int err; /* why it was not called */
	/* under lock */
	struct weft__list node;
	enum weft__request_state state;
	bool parked;
};

/* A spin lock: it is taken inside a worker's biased lock, where nothing may wait. */
void weft__blocking_lock(void);
void weft__blocking_unlock(void);

/* Queue it, and see that somebody serves it. False: it would have to wait its turn, and is not to; so it is not queued. */
bool weft__blocking_submit(struct weft__request *r, bool may_wait);

/* Under the lock: true if it was QUEUED, and is WITHDRAWN now. */
bool weft__blocking_withdraw(struct weft__request *r);

#endif
