/* SPDX-License-Identifier: MIT */
/*
 * What a send and a receive do, under the locks of the channel: the moment in which they happen, for themselves, for those
 * who wait and for selects alike.
 *
 * An element goes straight from a sender that waits to a receiver, or from a sender to a receiver that waits: both calls
 * happen at that moment. If the ring is full and senders wait, a receiver takes the ring's oldest element and the first of
 * those senders puts its own in: so elements are received in the order in which their sends happened.
 */
#ifndef WEFT_SRC_CHAN_EXCHANGE_H
#define WEFT_SRC_CHAN_EXCHANGE_H

#include <errno.h>

#include "src/chan/chan.h"

weft__inline void weft__chan_set_state(struct weft_chan *chan, uint32_t state)
{
	weft__store_rlx(&chan->state, state); /* relaxed: under both locks */
}

/* Wait. */
weft__inline void weft__chan_enqueue(struct weft_chan *chan, enum weft_case_kind kind, struct weft__waiting *waiting)
{
	weft__list_push_back(&chan->waiters[kind], &waiting->node);
	waiting->queued = true;
	weft__chan_set_state(chan, weft__chan_state(chan) | 1u << kind);
}

weft__inline void weft__chan_remove(struct weft_chan *chan, enum weft_case_kind kind, struct weft__waiting *waiting)
{
	waiting->queued = false;
	weft__list_remove(&waiting->node);
	if (weft__list_empty(&chan->waiters[kind]))
		weft__chan_set_state(chan, weft__chan_state(chan) & ~(1u << kind));
}

/* Wait no longer. False: somebody has taken it out. */
weft__inline bool weft__chan_dequeue(struct weft_chan *chan, enum weft_case_kind kind, struct weft__waiting *waiting)
{
	bool queued = waiting->queued;
	if (queued)
		weft__chan_remove(chan, kind, waiting);
	return queued;
}

/* False: the select is over. */
bool weft__race_win(struct weft__waiting *waiting);

/* The first who waits and is not over: won, and taken out. NULL: nobody. */
weft__inline struct weft__waiting *weft__chan_win(struct weft_chan *chan, enum weft_case_kind kind)
{
	while (weft__chan_state(chan) & 1u << kind) {
		struct weft__waiting *first = weft__container(chan->waiters[kind].next, struct weft__waiting, node);
		weft__chan_remove(chan, kind, first);
		if (weft__likely(!first->race) || weft__race_win(first)) {
			weft__wait_won(first->thread);
			return first;
		}
	}
	return NULL;
}

weft__inline struct weft__thread *weft__chan_done(struct weft__waiting *waiting)
{
	waiting->result = 0;
	return waiting->thread;
}

weft__inline int weft__chan_give(struct weft_chan *chan, const void *element, struct weft__thread **wake)
{
	if (weft__chan_state(chan) & WEFT__CHAN_CLOSED)
		return -EPIPE;
	struct weft__waiting *receiver = weft__chan_win(chan, WEFT_RECV);
	if (receiver) {
		weft__chan_copy(chan, receiver->element, element);
		*wake = weft__chan_done(receiver);
		return 0;
	}
	return chan->capacity && weft__chan_put(chan, element) ? 0 : -EAGAIN;
}

weft__inline int weft__chan_take(struct weft_chan *chan, void *element, struct weft__thread **wake)
{
	bool got = chan->capacity && weft__chan_get(chan, element);
	struct weft__waiting *sender = weft__chan_win(chan, WEFT_SEND);
	if (sender) {
		if (got)
			(void)weft__chan_put(chan, sender->element);
		else
			weft__chan_copy(chan, element, sender->element);
		*wake = weft__chan_done(sender);
		return 0;
	}
	if (got)
		return 0;
	return weft__chan_state(chan) & WEFT__CHAN_CLOSED ? -EPIPE : -EAGAIN;
}

/* Send or receive if that can be done now: 0, -EPIPE or -EAGAIN. *wake: whom to make runnable when the locks are given up,
 * or left alone. */
weft__inline int weft__chan_exchange(struct weft_chan *chan, enum weft_case_kind kind, void *element,
				     struct weft__thread **wake)
{
	return kind == WEFT_SEND ? weft__chan_give(chan, element, wake) : weft__chan_take(chan, element, wake);
}

#endif
