/* SPDX-License-Identifier: MIT */
/* The life of a channel, and what is rare on the way of the calls. */
#include <errno.h>

#include "src/base/panic.h"
#include "src/chan/exchange.h"
#include "src/os/memory.h"

void weft__chan_lock_slow(weft__a32 *lock)
{
	unsigned round = 1;
	do
		for (; weft__load_rlx(lock) != 0; round++) /* relaxed: the exchange orders */
			weft__os_spin(round);
	while (weft__xchg_acq(lock, 1) != 0); /* order CHAN-LOCK */
}

bool weft__race_win(struct weft__waiting *waiting)
{
	uint32_t open = WEFT__RACE_OPEN;
	if (!weft__cas_acqrel(&waiting->race->state, &open, WEFT__RACE_OVER)) /* order CHAN-RACE */
		return false;
	waiting->race->winner = waiting;
	return true;
}

static void init_buffer(struct weft_chan *c)
{
	for (int kind = 0; kind < 2; kind++)
		c->side[kind] = (struct weft__chan_side){ .place = c->ring };
	c->end = c->ring + c->capacity * c->element_size;
}

/* 0: more than there can be. */
static size_t size_of(size_t element_size, size_t capacity)
{
	size_t ring, size;
	if (capacity == 0)
		return offsetof(struct weft_chan, side);
	if (__builtin_mul_overflow(element_size, capacity, &ring) ||
	    __builtin_add_overflow(ring, sizeof(struct weft_chan) + WEFT__CACHE_LINE, &size) || size > PTRDIFF_MAX)
		return 0;
	return size / WEFT__CACHE_LINE * WEFT__CACHE_LINE;
}

int weft_chan_create(struct weft_chan **chan, size_t element_size, size_t capacity)
{
	size_t size = size_of(element_size, capacity);
	if (!chan || !size)
		return -EINVAL;
	struct weft_chan *c = weft__os_alloc_aligned(_Alignof(struct weft_chan), size);
	if (!c)
		return -ENOMEM;
	c->element_size = element_size;
	c->capacity = capacity;
	c->end = NULL;
	c->state = capacity ? 0 : WEFT__CHAN_UNBUFFERED;
	c->lock = 0;
	weft__list_init(&c->waiters[WEFT_SEND]);
	weft__list_init(&c->waiters[WEFT_RECV]);
	if (capacity)
		init_buffer(c);
	*chan = c;
	return 0;
}

/* Takes the locks, so that whoever let the caller go is through with the channel. */
void weft_chan_destroy(struct weft_chan *chan)
{
	if (!chan)
		return;
	if (weft__chan_is_link(chan)) {
		weft__link_destroy(chan);
		return;
	}
	weft__chan_lock(chan);
	if (weft__chan_state(chan) & (WEFT__CHAN_SENDERS | WEFT__CHAN_RECEIVERS))
		weft__panic("weft_chan_destroy: somebody waits on the channel");
	weft__chan_unlock(chan);
	weft__os_free(chan);
}

/* Win all who wait. */
static void expel(struct weft_chan *chan, enum weft_case_kind kind, struct weft__list *woken)
{
	struct weft__waiting *w;
	while ((w = weft__chan_win(chan, kind))) {
		w->result = -EPIPE;
		weft__list_push_back(woken, &w->node);
	}
}

int weft_chan_close(struct weft_chan *chan)
{
	struct weft__list woken;
	if (weft__chan_is_link(chan))
		return weft__link_close(chan);
	weft__list_init(&woken);
	weft__chan_lock(chan);
	uint32_t state = weft__chan_state(chan);
	expel(chan, WEFT_SEND, &woken);
	expel(chan, WEFT_RECV, &woken);
	weft__store_rlx(&chan->state, weft__chan_state(chan) | WEFT__CHAN_CLOSED); /* relaxed: under both locks */
	weft__chan_unlock(chan);
	while (!weft__list_empty(&woken)) {
		struct weft__waiting *w = weft__container(woken.next, struct weft__waiting, node);
		weft__list_remove(&w->node); /* before it runs: its frame may be gone then */
		weft__ready(w->thread);
	}
	return state & WEFT__CHAN_CLOSED ? -EALREADY : 0;
}

/* The sends did not change from before the receives were read until after. */
size_t weft_chan_count(const struct weft_chan *chan)
{
	if (weft__chan_is_link(chan))
		return weft__link_count(chan);
	if (!chan->capacity)
		return 0;
	uint64_t sent, received;
	do {
		sent = weft__load_acq(&chan->side[WEFT_SEND].count); /* order CHAN-RING */
		received = weft__load_acq(&chan->side[WEFT_RECV].count);
	} while (sent != weft__load_acq(&chan->side[WEFT_SEND].count));
	return sent - received;
}

size_t weft_chan_capacity(const struct weft_chan *chan)
{
	return chan->capacity;
}
