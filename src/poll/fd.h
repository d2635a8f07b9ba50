/* SPDX-License-Identifier: MIT */
/*
 * The table of descriptors: what weft knows of each that a call has been made on, by its number. Entries are made as their
 * numbers come up, and stay.
 *
 * Waiting. A call tries the system call first. If that finds nothing, or comes up short where this shows that nothing is
 * left, the direction is *dry*; a call that finds it so waits for an *edge*: the poller saying that something has come.
 * Edges are counted, so that one which comes while nobody waits is remembered:
 *
 *      caller                                    poller, or whoever collects
 *   1  seen = edges; not dry: try             1  (the kernel reports: something has come)
 *   2  nothing: edges == seen ? set DRY : 1   2  lock
 *   3  arm: the poller knows the descriptor   3  edges += 1, not dry
 *   4  park; in commit: lock                  4  take the first waiter out
 *      DRY still set ? enqueue : go on        5  unlock; make it runnable
 *
 * What comes before the try is found by it. What comes after is reported, and either counted before (2), which then does not
 * set DRY; or before the lock of (4), which then does not wait; or it finds the waiter. Arming reports what is there already.
 *
 * One waiter is woken for an edge, not all. Whoever was woken carries the edge on: when its next try has not found the
 * descriptor dry, it wakes the next (weft__fd_pass). So many may accept on one socket, and none is woken in vain. Those that
 * only ask (weft_poll) are all woken besides, and take nothing. Nor do they set DRY or go by it, since they may ask for less
 * than whether a try would succeed: they wait if no edge has been counted since they asked.
 *
 * Closing. Each call counts itself in (`use`) and out, and a close waits until all are out, having woken those that wait.
 * So no call ever touches a number that means another descriptor by now.
 *
 * An entry says with which *epoch* of the poller its descriptor is armed: pollers come and go with the runtime, and edges of
 * an earlier *generation* of the number are dropped. A descriptor closed behind weft's back, by close(2), leaves an entry
 * that says too much: weft_accept resets the entry of each number that the kernel gives it, and weft_poll arms always.
 *
 * Orders: FD-LOCK  the entry's lock: release -> acquire
 *         FD-EDGE  edges += 1 (release) -> the caller's load (acquire): what the collector knew
 *         FD-USE   use -= 1 (release) -> the closer's load (acquire): the call is over, all that it did is before the close
 */
#ifndef WEFT_SRC_POLL_FD_H
#define WEFT_SRC_POLL_FD_H

#include "src/base/list.h"
#include "src/poll/poller.h"
#include "src/poll/uring.h"
#include "src/sched/park.h"

enum weft__fd_way { WEFT__INPUT, WEFT__OUTPUT };

enum weft__fd_kind {
	WEFT__FD_UNKNOWN,
	WEFT__FD_STREAM,	  /* a TCP socket: a short count shows that it is dry */
	WEFT__FD_SOCKET,	  /* any other socket */
	WEFT__FD_PIPE,		  /* takes RWF_NOWAIT; a short count of a write shows that it is dry */
	WEFT__FD_PIPE_SET,	  /* a pipe on which O_NONBLOCK has been set */
	WEFT__FD_OTHER,		  /* anything else on which it has been set */
	WEFT__FD_FILE,		  /* is always ready: a file or a directory */
	WEFT__FD_NONBLOCK = 0x80, /* besides: O_NONBLOCK has been set */
};

/* In `edges`. */
#define WEFT__FD_DRY 1u	  /* the last try found nothing, or took all there was */
#define WEFT__FD_ENDED 2u /* the other side has closed, or an error came: a short count shows nothing */
#define WEFT__FD_EDGE 4u  /* one edge; the rest of the word counts them */

/* In `use`. */
#define WEFT__FD_CLOSING 1u /* the calls that are in leave, others are refused */
#define WEFT__FD_CLOSED                                                                                                \
	2u /* and have left: from here on the number may be another descriptor's, whose calls wait a moment */
#define WEFT__FD_USE 4u

struct weft__fd {
	/* atomic: the calls that are in, in steps of WEFT__FD_USE; | CLOSING | CLOSED, by who closes it */
	weft__a32 use;
	/* atomic, for input and output: edges are counted under lock; DRY is set by whoever finds it so */
	weft__a32 edges[2];

	weft__a32 lock; /* a spin lock: it is taken inside a worker's biased lock, where nothing may wait */
	/* under lock */
	struct weft__list waiters[2]; /* a zeroed head is an empty list not yet used */
	struct weft__thread *closer;
	weft__a32 generation; /* of the number */

	/* under lock; read without by calls, who see at least what they have done themselves */
	_Atomic(uint8_t) kind;
	_Atomic(uint8_t) armed;	 /* for which directions, by 1 << way */
	_Atomic(uint16_t) epoch; /* of the poller that it is armed with */
} weft__aligned(WEFT__CACHE_LINE);

/* One that waits for one descriptor or, as part of a struct weft__fd_set, for several. */
struct weft__fd_waiter {
	struct weft__list node;
	struct weft__fd_set *set; /* NULL: for this one alone, and by `wait` */
	struct weft__wait wait;
	struct weft__fd *entry;
	enum weft__fd_way way;
	uint32_t seen; /* of a set: the edges before the kernel was asked */
	/* under the entry's lock */
	bool queued;
	bool exclusive;			    /* no request of its own while another such one has; set once */
	bool closed;			    /* woken by a close */
	bool asked;			    /* to end, for its time limit or a cancel */
	bool over;			    /* its request has been reaped */
	struct weft__uring_request request; /* where the poller is io_uring */
};

/* One that waits until any of several waiters of its is woken; they take nothing from the descriptors. */
struct weft__fd_set {
	struct weft__wait wait;
	weft__a32 state;
	weft__a32 left; /* where the poller is io_uring: requests, and one's own share */
	size_t n;
	struct weft__fd_waiter *waiter;
};

int weft__fd_enter_slow(int fd, struct weft__fd **entry);
void weft__fd_leave_slow(struct weft__fd *entry);

enum { WEFT__FD_CHUNK_LOG2 = 10, WEFT__FD_CHUNKS = 1 << 14 };
extern _Atomic(struct weft__fd *) weft__fd_chunks[WEFT__FD_CHUNKS];

weft__inline void weft__fd_leave(struct weft__fd *e)
{
	if (weft__unlikely(weft__sub_acqrel(&e->use, WEFT__FD_USE) ==
			   (WEFT__FD_USE | WEFT__FD_CLOSING))) /* order FD-USE */
		weft__fd_leave_slow(e);
}

/* Count a call in. -EBADF: it is being closed, or no descriptor can have this number; -ENOMEM. */
weft__inline int weft__fd_enter(int fd, struct weft__fd **entry)
{
	uint32_t chunk = (uint32_t)fd >> WEFT__FD_CHUNK_LOG2;
	struct weft__fd *first =
		chunk < WEFT__FD_CHUNKS ? weft__load_acq(&weft__fd_chunks[chunk]) : NULL; /* order FD-CHUNK */
	if (weft__unlikely(!first))
		return weft__fd_enter_slow(fd, entry);
	*entry = &first[(uint32_t)fd & ((1u << WEFT__FD_CHUNK_LOG2) - 1)];
	if (weft__likely(!(weft__add_acqrel(&(*entry)->use, WEFT__FD_USE) & WEFT__FD_CLOSING))) /* order FD-USE */
		return 0;
	weft__fd_leave(*entry);
	return weft__fd_enter_slow(fd, entry);
}

weft__inline bool weft__fd_is_closing(struct weft__fd *e)
{
	return weft__load_rlx(&e->use) & WEFT__FD_CLOSING; /* relaxed: after a fence, under the lock, or a hint */
}

/* Before a try: the edges seen, and whether to try at all. */
weft__inline uint32_t weft__fd_look(struct weft__fd *e, enum weft__fd_way way)
{
	return weft__load_acq(&e->edges[way]); /* order FD-EDGE */
}

/* After a try: nothing is left. False: something has come since `seen`. */
weft__inline bool weft__fd_dry(struct weft__fd *e, enum weft__fd_way way, uint32_t seen)
{
	return weft__cas_acqrel(&e->edges[way], &seen, (seen & ~WEFT__FD_ENDED) | WEFT__FD_DRY);
}

/*
 * Where the poller is io_uring a wait costs next to nothing if something is there already, and a try in vain costs a system
 * call. So calls are predicted to find nothing: the next one after a short count; and of those after full ones more and
 * more, as long as the tries between them are in vain. In `edges`, which count none here; all relaxed: hints.
 */
#define WEFT__FD_SKIP 0x100u   /* so many calls are to wait without a try: a byte */
#define WEFT__FD_STEP 0x10000u /* and so many after the next try in vain: a byte */
enum { WEFT__FD_STEP_MAX = 15 };

weft__inline bool weft__fd_skips(struct weft__fd *e, enum weft__fd_way way)
{
	return weft__load_rlx(&e->edges[way]) / WEFT__FD_SKIP % 256 != 0;
}

/* Nothing is known against a try. */
weft__inline bool weft__fd_seems_ready(struct weft__fd *e, enum weft__fd_way way)
{
	uint32_t word = weft__load_rlx(&e->edges[way]);
	return !word || !(weft__poller_is_uring() || word & WEFT__FD_DRY);
}

/* A call has done something: without a try (`waited`), or by one. short: it found all there was. */
weft__inline void weft__fd_predict(struct weft__fd *e, enum weft__fd_way way, bool waited, bool is_short)
{
	uint32_t word = weft__load_rlx(&e->edges[way]), step = word / WEFT__FD_STEP % 256,
		 skip = word / WEFT__FD_SKIP % 256;
	skip = is_short ? 1 : waited && skip ? skip - 1 : 0;
	weft__store_rlx(&e->edges[way], (waited || is_short ? step : 0) * WEFT__FD_STEP + skip * WEFT__FD_SKIP);
}

/* A try was in vain. */
weft__inline void weft__fd_predict_none(struct weft__fd *e, enum weft__fd_way way)
{
	uint32_t step = weft__load_rlx(&e->edges[way]) / WEFT__FD_STEP % 256;
	step = 2 * step + 1 > WEFT__FD_STEP_MAX ? WEFT__FD_STEP_MAX : 2 * step + 1;
	weft__store_rlx(&e->edges[way], step * WEFT__FD_STEP + (step + 1) * WEFT__FD_SKIP);
}

extern const struct weft__reason weft__fd_reasons[2]; /* by way */

/* Wait for an edge if it is dry. exclusive: as what comes is for one, of those that wait so one at a time is woken, whichever the
 * poller. 0, or -EBADF: it is being closed; what weft__park returns; what arming fails with. Who gets 0, or has waited so and
 * gets anything, calls weft__fd_pass after its next try, unless that has found it dry. */
int weft__fd_wait(struct weft__fd *e, int fd, enum weft__fd_way way, bool exclusive, uint64_t deadline);
void weft__fd_pass(struct weft__fd *e, enum weft__fd_way way);

/* The same for a set, whose descriptors are armed. */
int weft__fd_wait_any(struct weft__fd_set *set, const struct weft__reason *reason, uint64_t deadline);

/* Tell the poller. anew: whatever the entry says. 0, or a negative errno value. */
int weft__fd_arm(struct weft__fd *e, int fd, enum weft__fd_way way, bool anew);

/* The entry of a number that a call has been made on; NULL of another. */
struct weft__fd *weft__fd_entry(int fd);

/* By the poller: something has come. Whoever is to be made runnable for it goes to `woken`, and is won. */
enum { WEFT__EDGE_INPUT = 1, WEFT__EDGE_OUTPUT = 2, WEFT__EDGE_ENDED = 4 };
void weft__fd_edge(int fd, uint32_t generation, unsigned edge, struct weft__list *woken);
struct weft__thread *weft__fd_woken(struct weft__list *woken); /* the next of these; NULL: none is left */

/* What the descriptor is; known from the first time on. Or a negative errno value. */
int weft__fd_learn(struct weft__fd *e, int fd);

weft__inline int weft__fd_kind(struct weft__fd *e, int fd)
{
	int kind = weft__load_rlx(&e->kind) & ~WEFT__FD_NONBLOCK; /* relaxed: a fact, which orders nothing */
	return weft__likely(kind != WEFT__FD_UNKNOWN) ? kind : weft__fd_learn(e, fd);
}

/* A pipe that does not take RWF_NOWAIT gets O_NONBLOCK; any descriptor gets it. 0 or a negative errno value. */
int weft__fd_set_pipe(struct weft__fd *e, int fd);
int weft__fd_set_nonblock(struct weft__fd *e, int fd);

/* The kernel has just given out this number: what the entry says is of another descriptor. */
void weft__fd_fresh(int fd, enum weft__fd_kind kind);

/* What weft_close does. */
int weft__fd_close(int fd);

/* Whether any call is in progress: looks at all. Who waits is in until it runs again. */
bool weft__fd_waiting(void);

#endif
