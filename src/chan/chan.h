/* SPDX-License-Identifier: MIT */
/*
 * Channels, from within. The ring of a buffered channel has two ends, each under its own lock and in its own cache line,
 * so that a sender and a receiver on two CPUs take turns at nothing but the elements:
 *
 *      line 0            state, sizes, who waits      read by all; written only when somebody waits, or closes
 *      side[WEFT_SEND]   lock, place, count of sends     written by senders
 *      side[WEFT_RECV]   lock, place, count of receives  written by receivers
 *
 * Each side keeps a copy of the other's count and looks again only when by that copy the ring is full, or empty. So
 * while neither has to wait a send costs one exchange, on a line that its CPU has, and so does a receive.
 *
 * Who finds the ring full or empty, or somebody waiting, or who closes, takes *both* locks, and whoever changes `state` or the
 * lists of waiters holds both. So whoever holds one knows whether anybody waits: there is no order of stores to get right
 * between an element put in and a receiver going to sleep, and no fence. A channel of capacity 0 has no ring and no sides:
 * its one lock is in line 0, which is all of it.
 *
 * Lock nesting: a worker's biased lock, then channels by address, in each the sending side, then the receiving side. Inside
 * them nothing waits or wakes: who is won there is made runnable after.
 *
 * Invariants, under both locks:
 *      0 <= sends - receives <= capacity
 *      a receiver waits  =>  the ring is empty, and the channel open
 *      a sender waits    =>  the ring is full, and the channel open
 *      both wait         =>  all there that are not over are cases of one select
 *
 * A waiter that is a select stands in several lists, each under other locks. Its *race* decides: whoever changes it from
 * OPEN to OVER has won the select and may move its element; for all others it is as good as gone.
 *
 * Orders: CHAN-LOCK  a lock: release -> acquire
 *         CHAN-RING  a side's count (release) -> the other side's look at it (acquire): the element is there, or its place free
 *         CHAN-RACE  race.state: opened, and won or withdrawn
 */
#ifndef WEFT_SRC_CHAN_CHAN_H
#define WEFT_SRC_CHAN_CHAN_H

#include <string.h>

#include "src/sched/park.h"
#include "weft/chan.h"

enum {
	WEFT__CHAN_SENDERS = 1 << WEFT_SEND, /* somebody waits to send */
	WEFT__CHAN_RECEIVERS = 1 << WEFT_RECV,
	WEFT__CHAN_CLOSED = 4,
	WEFT__CHAN_UNBUFFERED = 8,
	WEFT__CHAN_LINK = 16,	/* an end of a pair between processes: link.c does all of it */
	WEFT__CHAN_SHARED = 32, /* besides: through shared memory, and shared.c does it */
};

struct weft__chan_side {
	weft__a32 lock;
	/* under lock */
	char *place;	/* of the next element */
	uint64_t other; /* the other side's count when it was last looked at */
	/* atomic: written under lock, read by the other side */
	weft__a64 count;
} weft__aligned(WEFT__CACHE_LINE);

struct weft_chan {
	/* set once */
	size_t element_size, capacity;
	union {
		char *end;   /* of the ring */
		intptr_t fd; /* LINK: the descriptor that is handed on */
	};

	/* under both sides' locks; `state` is read under either, and by others as a hint */
	weft__a32 state;
	weft__a32 lock; /* both locks of a channel without a ring */
	struct weft__list waiters[2];

	/* this and the rest only if buffered */
	struct weft__chan_side side[2];
	char ring[];
} weft__aligned(WEFT__CACHE_LINE);

/* A select that waits. */
struct weft__race {
	weft__a32 state;
	struct weft__waiting *winner; /* written by who won it */
};

enum { WEFT__RACE_UNBORN, WEFT__RACE_OPEN, WEFT__RACE_OVER };

/* One who waits in a channel's list. */
struct weft__waiting {
	struct weft__list node;
	struct weft__thread *thread;
	void *element;
	struct weft__race *race; /* NULL: it waits for this alone */
	int result;		 /* written by who took it out: 0 or -EPIPE */
	bool queued;		 /* under the channel's locks */
};

/* --- locks --- */

weft__cold void weft__chan_lock_slow(weft__a32 *lock);

weft__inline void weft__chan_lock_word(weft__a32 *lock)
{
	if (weft__unlikely(weft__xchg_acq(lock, 1) != 0)) /* order CHAN-LOCK */
		weft__chan_lock_slow(lock);
}

weft__inline void weft__chan_unlock_word(weft__a32 *lock)
{
	weft__store_rel(lock, 0); /* order CHAN-LOCK */
}

weft__inline uint32_t weft__chan_state(const struct weft_chan *chan)
{
	return weft__load_rlx(&chan->state); /* relaxed: under a lock, or a hint */
}

weft__inline void weft__chan_lock(struct weft_chan *chan)
{
	if (!chan->capacity) {
		weft__chan_lock_word(&chan->lock);
	} else {
		weft__chan_lock_word(&chan->side[WEFT_SEND].lock);
		weft__chan_lock_word(&chan->side[WEFT_RECV].lock);
	}
}

weft__inline void weft__chan_unlock(struct weft_chan *chan)
{
	if (!chan->capacity) {
		weft__chan_unlock_word(&chan->lock);
	} else {
		weft__chan_unlock_word(&chan->side[WEFT_RECV].lock);
		weft__chan_unlock_word(&chan->side[WEFT_SEND].lock);
	}
}

/* --- the ring: under the lock of the side --- */

weft__inline void weft__chan_copy(const struct weft_chan *chan, void *to, const void *from)
{
	/* What `to` is, optimized across files, a compiler may see, and warn of 8 bytes in an int: it does not see the size. */
	__asm__("" : "+r"(to));
	if (weft__likely(chan->element_size == 8) && to)
		memcpy(to, from, 8); /* one load, one store */
	else if (to && chan->element_size)
		memcpy(to, from, chan->element_size);
}

weft__inline void weft__chan_step(struct weft_chan *chan, struct weft__chan_side *side)
{
	side->place += chan->element_size;
	if (side->place == chan->end)
		side->place = chan->ring;
	weft__store_rel(&side->count, weft__load_rlx(&side->count) + 1); /* order CHAN-RING; relaxed: its own */
}

/* Whether there is room, or something: looking at the other side only if there is not by the last look. */
weft__inline bool weft__chan_ring_ready(struct weft_chan *chan, enum weft_case_kind kind)
{
	struct weft__chan_side *side = &chan->side[kind];
	uint64_t count = weft__load_rlx(&side->count), limit = kind == WEFT_SEND ? chan->capacity : 0;
	if (weft__likely(count - side->other != limit))
		return true;
	side->other = weft__load_acq(&chan->side[!kind].count); /* order CHAN-RING */
	return count - side->other != limit;
}

/* False: it is full. */
weft__inline bool weft__chan_put(struct weft_chan *chan, const void *element)
{
	struct weft__chan_side *side = &chan->side[WEFT_SEND];
	if (!weft__chan_ring_ready(chan, WEFT_SEND))
		return false;
	weft__chan_copy(chan, side->place, element);
	weft__chan_step(chan, side);
	return true;
}

/* False: it is empty. */
weft__inline bool weft__chan_get(struct weft_chan *chan, void *element)
{
	struct weft__chan_side *side = &chan->side[WEFT_RECV];
	if (!weft__chan_ring_ready(chan, WEFT_RECV))
		return false;
	weft__chan_copy(chan, element, side->place);
	weft__chan_step(chan, side);
	return true;
}

/* --- hints: under no lock --- */

/* Whether it is worth taking the locks. */
weft__inline bool weft__chan_looks_ready(const struct weft_chan *chan, enum weft_case_kind kind)
{
	uint32_t state = weft__chan_state(chan);
	if (state & (WEFT__CHAN_CLOSED | 1u << !kind))
		return true;
	if (state & WEFT__CHAN_UNBUFFERED)
		return false;
	/* relaxed: hints */
	uint64_t sent = weft__load_rlx(&chan->side[WEFT_SEND].count),
		 received = weft__load_rlx(&chan->side[WEFT_RECV].count);
	return sent - received != (kind == WEFT_SEND ? chan->capacity : 0);
}

/* --- an end of a pair between processes --- */

int weft__link_send(struct weft_chan *chan, const void *element, uint64_t nanoseconds);
int weft__link_recv(struct weft_chan *chan, void *element, uint64_t nanoseconds);
int weft__link_close(struct weft_chan *chan);
void weft__link_destroy(struct weft_chan *chan);
size_t weft__link_count(const struct weft_chan *chan);

weft__inline bool weft__chan_is_link(const struct weft_chan *chan)
{
	return weft__unlikely(weft__chan_state(chan) & WEFT__CHAN_LINK);
}

#endif
