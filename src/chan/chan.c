/* SPDX-License-Identifier: MIT */
/* The life of a channel, and the calls that send to or receive from one. */
#include <errno.h>
#include <stdlib.h>

#include "src/base/panic.h"
#include "src/chan/exchange.h"

void weft__chan_lock_slow(weft__a32 *lock)
{
	unsigned round = 1;
	do
		for (; weft__load_rlx(lock) != 0; round++) /* relaxed: the exchange orders */
			if (round % 128 == 0)
				weft__os_relax(); /* the holder may have lost its CPU */
			else
				weft__cpu_relax();
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
	struct weft_chan *c = aligned_alloc(_Alignof(struct weft_chan), size);
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
	weft__chan_lock(chan);
	if (weft__chan_state(chan) & (WEFT__CHAN_SENDERS | WEFT__CHAN_RECEIVERS))
		weft__panic("weft_chan_destroy: somebody waits on the channel");
	weft__chan_unlock(chan);
	free(chan);
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

/* --- to wait --- */

struct call {
	struct weft__wait wait;
	struct weft__waiting waiting;
	struct weft_chan *chan;
	struct weft__thread *wake; /* won in the commit, where nobody may be woken */
};

/* The call happens here if it can by now. */
weft__inline bool commit(struct weft__wait *wait, enum weft_case_kind kind)
{
	struct call *call = weft__container(wait, struct call, wait);
	struct weft_chan *chan = call->chan;
	weft__chan_lock(chan);
	int result = weft__chan_exchange(chan, kind, call->waiting.element, &call->wake);
	if (result == -EAGAIN)
		weft__chan_enqueue(chan, kind, &call->waiting);
	else
		call->waiting.result = result;
	weft__chan_unlock(chan);
	return result == -EAGAIN;
}

static bool commit_send(struct weft__wait *wait)
{
	return commit(wait, WEFT_SEND);
}

static bool commit_recv(struct weft__wait *wait)
{
	return commit(wait, WEFT_RECV);
}

weft__inline bool revoke(struct weft__wait *wait, enum weft_case_kind kind)
{
	struct call *call = weft__container(wait, struct call, wait);
	weft__chan_lock(call->chan);
	bool queued = weft__chan_dequeue(call->chan, kind, &call->waiting);
	weft__chan_unlock(call->chan);
	return queued;
}

static bool revoke_send(struct weft__wait *wait, struct weft__thread *self)
{
	(void)self;
	return revoke(wait, WEFT_SEND);
}

static bool revoke_recv(struct weft__wait *wait, struct weft__thread *self)
{
	(void)self;
	return revoke(wait, WEFT_RECV);
}

static const struct weft__reason to_send = { "a channel to send to", NULL },
				 to_recv = { "a channel to receive from", NULL };

weft__inline int wait_as(struct weft_chan *chan, enum weft_case_kind kind, void *element, uint64_t deadline)
{
	struct weft__thread outside;
	struct call call;
	call.wait = (struct weft__wait){ kind == WEFT_SEND ? commit_send : commit_recv,
					 kind == WEFT_SEND ? revoke_send : revoke_recv,
					 weft__self(&outside),
					 kind == WEFT_SEND ? &to_send : &to_recv,
					 chan,
					 false };
	call.waiting.thread = call.wait.self;
	call.waiting.element = element;
	call.waiting.race = NULL;
	call.waiting.queued = false;
	call.chan = chan;
	call.wake = NULL;
	int err = weft__park(&call.wait, deadline);
	if (weft__unlikely(call.wake != NULL))
		weft__ready(call.wake);
	return err ? err : call.waiting.result;
}

static weft__noinline int wait_to_send(struct weft_chan *chan, void *element, uint64_t deadline)
{
	return wait_as(chan, WEFT_SEND, element, deadline);
}

static weft__noinline int wait_to_recv(struct weft_chan *chan, void *element, uint64_t deadline)
{
	return wait_as(chan, WEFT_RECV, element, deadline);
}

/* Under both locks. */
weft__inline int now(struct weft_chan *chan, enum weft_case_kind kind, void *element)
{
	struct weft__thread *wake = NULL;
	weft__chan_lock(chan);
	int err = weft__chan_exchange(chan, kind, element, &wake);
	weft__chan_unlock(chan);
	if (wake)
		weft__ready(wake);
	return err;
}

static weft__noinline int send_now(struct weft_chan *chan, void *element)
{
	return now(chan, WEFT_SEND, element);
}

static weft__noinline int recv_now(struct weft_chan *chan, void *element)
{
	return now(chan, WEFT_RECV, element);
}

/* --- not to wait --- */

/* A send only reads it. */
weft__inline void *readable(const void *element)
{
	return (void *)(uintptr_t)element;
}

/* Between one side and the ring, while nobody waits. The first look is a hint, and spares the lock. */
weft__inline bool begin(struct weft_chan *chan, enum weft_case_kind kind, uint32_t not_if)
{
	if (weft__chan_state(chan) & not_if)
		return false;
	weft__chan_lock_word(&chan->side[kind].lock);
	return true;
}

weft__inline bool send_quickly(struct weft_chan *chan, const void *element)
{
	const uint32_t not_if = WEFT__CHAN_UNBUFFERED | WEFT__CHAN_CLOSED | WEFT__CHAN_RECEIVERS;
	if (!begin(chan, WEFT_SEND, not_if))
		return false;
	bool done = !(weft__chan_state(chan) & not_if) && weft__chan_put(chan, element);
	weft__chan_unlock_word(&chan->side[WEFT_SEND].lock);
	return done;
}

weft__inline bool recv_quickly(struct weft_chan *chan, void *element)
{
	const uint32_t not_if = WEFT__CHAN_UNBUFFERED | WEFT__CHAN_SENDERS;
	if (!begin(chan, WEFT_RECV, not_if))
		return false;
	bool done = !(weft__chan_state(chan) & not_if) && weft__chan_get(chan, element);
	weft__chan_unlock_word(&chan->side[WEFT_RECV].lock);
	return done;
}

/* --- the public calls --- */

int weft_chan_trysend(struct weft_chan *chan, const void *element)
{
	return send_quickly(chan, element) ? 0 : send_now(chan, readable(element));
}

int weft_chan_tryrecv(struct weft_chan *chan, void *element)
{
	return recv_quickly(chan, element) ? 0 : recv_now(chan, element);
}

/* Where a look says that the call must wait, it says so itself under the locks, in the commit. */
int weft_chan_send(struct weft_chan *chan, const void *element)
{
	if (send_quickly(chan, element))
		return 0;
	int err = weft__chan_looks_ready(chan, WEFT_SEND) ? send_now(chan, readable(element)) : -EAGAIN;
	return err == -EAGAIN ? wait_to_send(chan, readable(element), WEFT__NEVER) : err;
}

int weft_chan_recv(struct weft_chan *chan, void *element)
{
	if (recv_quickly(chan, element))
		return 0;
	int err = weft__chan_looks_ready(chan, WEFT_RECV) ? recv_now(chan, element) : -EAGAIN;
	return err == -EAGAIN ? wait_to_recv(chan, element, WEFT__NEVER) : err;
}

int weft_chan_send_timeout(struct weft_chan *chan, const void *element, uint64_t nanoseconds)
{
	int err = weft_chan_trysend(chan, element);
	if (err != -EAGAIN)
		return err;
	return nanoseconds ? wait_to_send(chan, readable(element), weft__deadline(nanoseconds)) : -ETIMEDOUT;
}

int weft_chan_recv_timeout(struct weft_chan *chan, void *element, uint64_t nanoseconds)
{
	int err = weft_chan_tryrecv(chan, element);
	if (err != -EAGAIN)
		return err;
	return nanoseconds ? wait_to_recv(chan, element, weft__deadline(nanoseconds)) : -ETIMEDOUT;
}

int weft_chan_send_ptr(struct weft_chan *chan, void *pointer)
{
	return chan->element_size == sizeof pointer ? weft_chan_send(chan, &pointer) : -EINVAL;
}

int weft_chan_recv_ptr(struct weft_chan *chan, void **pointer)
{
	return chan->element_size == sizeof *pointer ? weft_chan_recv(chan, pointer) : -EINVAL;
}
