/* SPDX-License-Identifier: MIT */
/*
 * To send to and to receive from one channel. Three ways, each tried when the one before cannot do it:
 *
 *   quickly   under one side's lock, with the ring, while nobody waits
 *   now       under both locks, with the ring or with one who waits
 *   waiting   parked; in the commit the call is tried once more, and if it can be done by then, it is
 *
 * A call that will have to wait by the looks of it goes from the first to the last. A call happens, for all to see, when
 * its element goes into the ring or out of it, or into the place of the receiver; so a send and a receive that meet happen
 * at once.
 *
 * A cancel or a time limit takes a waiter out of its list under both locks. If it is not there any more the call has happened,
 * and succeeds.
 */
#include <errno.h>

#include "arch/arch.h"
#include "src/chan/exchange.h"
#include "weft/time.h"

/* --- to wait --- */

/* What a waker touches is in one cache line. */
struct call {
	struct weft__waiting waiting;
	struct weft_chan *chan;
	struct weft__thread *wake; /* won in the commit, where nobody may be woken */
	struct weft__wait wait;
} weft__aligned(WEFT__CACHE_LINE);

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
					 .shielded = false };
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

static int wait_to_send(void *chan, void *element, uint64_t deadline)
{
	return wait_as(chan, WEFT_SEND, element, deadline);
}

static int wait_to_recv(void *chan, void *element, uint64_t deadline)
{
	return wait_as(chan, WEFT_RECV, element, deadline);
}

weft__inline int wait_to(struct weft_chan *chan, enum weft_case_kind kind, void *element, uint64_t deadline)
{
	return weft__arch_call(chan, element, deadline, kind == WEFT_SEND ? wait_to_send : wait_to_recv);
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

/* Without waiting. */
static weft__cold int link_now(int err)
{
	return err == -ETIMEDOUT ? -EAGAIN : err;
}

/* --- the public calls --- */

int weft_chan_trysend(struct weft_chan *chan, const void *element)
{
	if (send_quickly(chan, element))
		return 0;
	return weft__chan_is_link(chan) ? link_now(weft__link_send(chan, element, 0))
					: send_now(chan, readable(element));
}

int weft_chan_tryrecv(struct weft_chan *chan, void *element)
{
	if (recv_quickly(chan, element))
		return 0;
	return weft__chan_is_link(chan) ? link_now(weft__link_recv(chan, element, 0)) : recv_now(chan, element);
}

/* Where a look says that the call must wait, it says so itself under the locks, in the commit. */
int weft_chan_send(struct weft_chan *chan, const void *element)
{
	if (send_quickly(chan, element))
		return 0;
	if (weft__chan_is_link(chan))
		return weft__link_send(chan, element, WEFT_FOREVER);
	int err = weft__chan_looks_ready(chan, WEFT_SEND) ? send_now(chan, readable(element)) : -EAGAIN;
	return err == -EAGAIN ? wait_to(chan, WEFT_SEND, readable(element), WEFT__NEVER) : err;
}

int weft_chan_recv(struct weft_chan *chan, void *element)
{
	if (recv_quickly(chan, element))
		return 0;
	if (weft__chan_is_link(chan))
		return weft__link_recv(chan, element, WEFT_FOREVER);
	int err = weft__chan_looks_ready(chan, WEFT_RECV) ? recv_now(chan, element) : -EAGAIN;
	return err == -EAGAIN ? wait_to(chan, WEFT_RECV, element, WEFT__NEVER) : err;
}

int weft_chan_send_timeout(struct weft_chan *chan, const void *element, uint64_t nanoseconds)
{
	if (weft__chan_is_link(chan))
		return weft__link_send(chan, element, nanoseconds);
	int err = weft_chan_trysend(chan, element);
	if (err != -EAGAIN)
		return err;
	return nanoseconds ? wait_to(chan, WEFT_SEND, readable(element), weft__deadline(nanoseconds)) : -ETIMEDOUT;
}

int weft_chan_recv_timeout(struct weft_chan *chan, void *element, uint64_t nanoseconds)
{
	if (weft__chan_is_link(chan))
		return weft__link_recv(chan, element, nanoseconds);
	int err = weft_chan_tryrecv(chan, element);
	if (err != -EAGAIN)
		return err;
	return nanoseconds ? wait_to(chan, WEFT_RECV, element, weft__deadline(nanoseconds)) : -ETIMEDOUT;
}

int weft_chan_send_ptr(struct weft_chan *chan, void *pointer)
{
	return chan->element_size == sizeof pointer ? weft_chan_send(chan, &pointer) : -EINVAL;
}

int weft_chan_recv_ptr(struct weft_chan *chan, void **pointer)
{
	return chan->element_size == sizeof *pointer ? weft_chan_recv(chan, pointer) : -EINVAL;
}
