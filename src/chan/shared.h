/* SPDX-License-Identifier: MIT */
/*
 * Pairs of channels whose elements go through memory that two processes share. Of a struct weft_chan an end uses the sizes,
 * the state, fd (what is handed on: see shared_open.c), and the sides: side[WEFT_SEND] is what this process knows of the flow
 * away from it, side[WEFT_RECV] of the flow to it. Where other channels have their ring, there is the rest: a struct
 * weft__shared_end.
 *
 * A flow, in the shared memory, is a ring and two words, each a count with two bits beside it:
 *
 *      sent       elements put in, by the sending process      | CLOSED, by either | WAITING, by a receiver that will sleep
 *      received   elements taken out, by the receiving process |                   | WAITING, by a sender that will sleep
 *
 *      sending process                                       receiving process
 *   1  room by `received`? else set WAITING there         1  something by `sent`? else set WAITING there
 *      by a CAS from what was seen, and sleep                by a CAS from what was seen, and sleep
 *   2  copy the element in                                2  copy the element out
 *   3  sent: CAS to count + 1, no WAITING; not if CLOSED  3  received: exchange to count + 1, no WAITING
 *   4  WAITING was there: a wake                          4  WAITING was there: a wake
 *
 * What one is to see of the other is one word, and every change of it reads it: there is no order of stores to get right, and no
 * fence. A sleeper's CAS fails if something has come; after it, whoever brings something finds the bit. A close has CLOSED in
 * the order of sends: an element sent is before it, and is received; or its send fails.
 *
 * A process that dies has done (3) or has not. No lock is in the shared memory: what several threads of one process need among
 * themselves is in their own. An end has one process at a time, so a count has one writer, who keeps a copy and
 * believes the copy: of what another process may have scribbled over, only the *other's* word counts, and only if
 * 0 <= sent - received <= capacity.
 *
 * A wake is a byte on a socket, since that also ends the wait for one that has died, and a green thread can wait for it. One
 * that comes too late for its sleeper stays, and has the next one look twice. See shared_wake.c.
 *
 * Orders: SHARED-FLOW  sent, received: a change (acquire and release) -> the other process's look (acquire)
 *         SHARED-GONE  end.gone: set after the end of the socket was seen -> before the look at the ring that then is the last
 *         SHARED-HEARD end.heard: raised after a wake was taken from the socket -> before the look at what it was for
 *         CHAN-LOCK    the locks of the two sides, and of struct weft__shared_end
 */
#ifndef WEFT_SRC_CHAN_SHARED_H
#define WEFT_SRC_CHAN_SHARED_H

#include "src/chan/chan.h"
#include "weft/sync.h"

enum { WEFT__FLOW_CLOSED = 1, WEFT__FLOW_WAITING = 2, WEFT__FLOW_ONE = 4 };

struct weft__flow {
	weft__a64 sent weft__aligned(WEFT__CACHE_LINE);
	weft__a64 received weft__aligned(WEFT__CACHE_LINE);
};

/* The shared memory: end i sends by flow[i], whose ring is the i-th. */
struct weft__shared_memory {
	struct weft__flow flow[2];
	char rings[];
};

struct weft__shared_end {
	/* set once; by enum weft_case_kind */
	struct weft__shared_memory *memory;
	size_t size; /* of the memory */
	struct weft__flow *flow[2];
	char *ring[2], *ring_end[2];
	int wake; /* the socket */
	bool parallel;

	weft__a32 gone;	   /* atomic: the other end is */
	uint64_t progress; /* of the receivers, as of the 32nd send before; under the sending side's lock */

	struct weft_sem turn[2]; /* one sender and one receiver at a time sleep, or are about to */
	/* by who has the turn */
	uint32_t patience[2]; /* looks before it sleeps */
	uint32_t waits[2];

	weft__a32 lock; /* a spin lock */
	/* under lock; `heard` is also read without, before the look at the ring */
	weft__a32 heard; /* counts the times that somebody has listened */
	bool listening, queued;
	struct weft_sem again; /* for the one queued */
};

weft__inline struct weft__shared_end *weft__shared_end_of(struct weft_chan *chan)
{
	return (struct weft__shared_end *)(void *)chan->ring;
}

/* Without waiting: have the other process look; find out whether it is gone. */
void weft__shared_wake(struct weft__shared_end *end);
void weft__shared_probe(struct weft__shared_end *end);

/* Wait until something may have come since `heard` was `seen`. */
int weft__shared_hear(struct weft__shared_end *end, uint32_t seen, uint64_t deadline);

int weft__shared_send(struct weft_chan *chan, const void *element, uint64_t nanoseconds);
int weft__shared_recv(struct weft_chan *chan, void *element, uint64_t nanoseconds);
void weft__shared_close(struct weft_chan *chan);
void weft__shared_destroy(struct weft_chan *chan);
size_t weft__shared_count(const struct weft_chan *chan);
int weft__shared_open(struct weft_chan **end, int fd, size_t element_size);

#endif
