/* SPDX-License-Identifier: MIT */
/*
 * The poller on io_uring: one ring a worker. A wait is a *request*: the ring's kernel is asked to receive into the caller's
 * buffer, or to say when a descriptor is ready, and answers when it has. Nothing stays in the kernel between waits.
 *
 * A request is queued in memory by whoever waits, on the ring of the worker it runs on, and handed over with others when that
 * worker has nothing else to run, in the system call by which it sleeps; or at a look around (dispatch.c). To see what has come
 * is to look at memory. Both go by batches of uring_batch, the oldest first: what is received is worked on while it is
 * in the caches, and of what was queued long ago most has come, so that the kernel need not wait for it.
 *
 *      TRIED <-> QUEUED (may be taken back) -> HANDED -> REAPED
 *
 * TRIED: the worker does it itself rather than hand it over. Then it is REAPED or, that being in vain, QUEUED again.
 * From QUEUED to REAPED the frame of the request must stay, and so must the buffer: one that is to end sooner is taken
 * back, or if it is HANDED the kernel is asked to end it, and its waiter waits on until the kernel has (-ECANCELED, or what
 * it did after all).
 *
 * Any kernel thread may look into a ring, under its lock: so the monitor stands in for a worker that is kept busy or is
 * blocked. The kernel completes a request in the kernel thread that handed it over, when that next enters or leaves the
 * kernel, at the latest by a timer's tick; one that sleeps is woken for it.
 */
#ifndef WEFT_SRC_POLL_URING_H
#define WEFT_SRC_POLL_URING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "src/base/list.h"

struct weft__worker;
struct weft__uring;

enum weft__request_state { WEFT__QUEUED, WEFT__TRIED, WEFT__HANDED, WEFT__REAPED };

enum weft__request_op {
	WEFT__POLL,    /* until the descriptor is ready for these events; the result is which */
	WEFT__RECEIVE, /* from a socket into the buffer; the result is how much */
	WEFT__READ,    /* the same from a pipe that the kernel can try without waiting */
	WEFT__SEND,    /* to a socket without a copy, or -EAGAIN; over when the kernel has let go of the buffer */
};

struct weft__uring_request {
	/* set once */
	int fd;
	enum weft__request_op op;
	uint32_t events; /* to poll for; to send: flags */
	void *data;
	size_t size;
	const void *needed[3]; /* what its waiter touches when it goes on, to be in the caches by then; NULL: nothing */

	struct weft__uring *ring; /* where it is; NULL: not queued yet, or taken back. Stands fast while it is handed */

	/* under the ring's lock */
	enum weft__request_state state;
	bool linked;		/* in one of the ring's lists */
	bool asked;		/* TRIED, and to end whatever comes of it */
	struct weft__list link; /* there; once REAPED, the reaper's */
	ssize_t result;
	struct weft__uring_request *ahead; /* queued some places later: to be in the caches when its turn comes */
	unsigned place;
	unsigned visits; /* the ring's, when it was handed over */
};

/* The poller begins and ends. -ENOTSUP: weft was built without liburing. */
int weft__uring_begin(void);
void weft__uring_end(void);

/* Make the ring of a worker that has none yet, by that worker. 0 or a negative errno value. */
int weft__uring_attach(struct weft__worker *w);

/* Whether there is WEFT__SEND: Linux 6.0. */
bool weft__uring_sends(void);

/* Queue a request on the ring of the calling worker, which has one. */
void weft__uring_queue(struct weft__uring_request *request);

/* Have a request end, beside neither weft__uring_queue nor another of these. True: it has not been queued, or has been
 * taken back. False: it has been REAPED, or will be. */
bool weft__uring_take_back(struct weft__uring_request *request);

/* Make an end of `most` of those that have completed: to `done`, by their links; the kernel has let go of their descriptors.
 * By the ring's worker: hand over a batch of what is queued, and if `wait` is set and that was all wait for completions until
 * the deadline, or a wake. */
void weft__uring_reap(struct weft__worker *w, unsigned most, struct weft__list *done);
void weft__uring_enter(struct weft__worker *w, bool wait, uint64_t deadline);

/* By the ring's worker, which has nothing to run: do the oldest request, if few are queued and it looks as if its data had come:
 * where green threads answer each other by pipes or sockets it has, and nobody need sleep. To `done`, if it is. */
void weft__uring_try(struct weft__worker *w, struct weft__list *done);

/* By the monitor: hand over what the worker does not come to. */
void weft__uring_stand_in(struct weft__worker *w);

/* End the wait of this worker, or its next. */
void weft__uring_wake(struct weft__worker *w);

#endif
