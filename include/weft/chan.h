/* SPDX-License-Identifier: MIT */
/*
 * Channels: elements of one size, sent by many and received by many, first in, first out; and select, which waits for the
 * first of several channels. All from green threads, bound threads and kernel threads that weft did not make, in any mix.
 *
 * A channel of capacity 0 is unbuffered: send returns once a receiver has the element. Waiters are served first in, first
 * out. What is sent is copied; it is received once, by one receiver.
 *
 * Closing: from then on sends give -EPIPE, as do those that wait; receives give what is buffered and then -EPIPE. An element
 * whose send gave anything but 0 is never received, and one whose send gave 0 is never lost, unless the channel is destroyed.
 *
 * Timed calls take nanoseconds; 0 asks without waiting. Every call that has to wait may return -ECANCELED (weft/cancel.h);
 * it has then neither sent nor received.
 */
#ifndef WEFT_CHAN_H
#define WEFT_CHAN_H

#include <weft/base.h>

WEFT_BEGIN_DECLS

struct weft_chan;

/* Make a channel: element_size bytes each (0: it carries signals, and elements may be NULL), capacity of them buffered.
 * *chan is the caller's to destroy. 0, -ENOMEM, or -EINVAL: chan is NULL, or the buffer would exceed the address space. */
WEFT_API WEFT_CHECK int weft_chan_create(struct weft_chan **chan, size_t element_size, size_t capacity);

/* Free it with what it buffers. NULL is nothing. No call on it may be under way, but for the send or the close that let the
 * caller go: whoever has received the last element may destroy it. One that waits is a panic. */
WEFT_API void weft_chan_destroy(struct weft_chan *chan);

/* Send a copy of *element. 0, -EPIPE (closed), -ECANCELED. */
WEFT_API int weft_chan_send(struct weft_chan *chan, const void *element) WEFT_MAY_SWITCH;

/* The same without waiting: -EAGAIN if neither buffer nor receiver takes it; for a time: -ETIMEDOUT, -ENOMEM. */
WEFT_API int weft_chan_trysend(struct weft_chan *chan, const void *element);
WEFT_API int weft_chan_send_timeout(struct weft_chan *chan, const void *element, uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* Receive into *element (NULL: drop it), which is left alone unless the result is 0. 0, -EPIPE (closed, and nothing is
 * left), -ECANCELED. */
WEFT_API int weft_chan_recv(struct weft_chan *chan, void *element) WEFT_MAY_SWITCH;
WEFT_API int weft_chan_tryrecv(struct weft_chan *chan, void *element); /* -EAGAIN */
WEFT_API int weft_chan_recv_timeout(struct weft_chan *chan, void *element, uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* For channels whose elements are pointers: -EINVAL for others. */
WEFT_API int weft_chan_send_ptr(struct weft_chan *chan, void *pointer) WEFT_MAY_SWITCH;
WEFT_API int weft_chan_recv_ptr(struct weft_chan *chan, void **pointer) WEFT_MAY_SWITCH;

/* Close it, and let all go that wait. 0, or -EALREADY. */
WEFT_API int weft_chan_close(struct weft_chan *chan);

/* How many elements are buffered at one moment of the call, and how many can be. */
WEFT_API size_t weft_chan_count(const struct weft_chan *chan);
WEFT_API size_t weft_chan_capacity(const struct weft_chan *chan);

/* --- select --- */

enum weft_case_kind { WEFT_SEND, WEFT_RECV };

/* One of the things that a select waits for. Yours to place and to reuse; `reserved` is the library's during the call. */
struct weft_case {
	struct weft_chan *chan; /* NULL: never ready */
	void *element;		/* as for send and recv */
	enum weft_case_kind kind;
	int result; /* of the case that was chosen: 0 or -EPIPE */
	uint64_t reserved[8];
};

/* clang-format off */
#define WEFT_CASE_SEND(chan_, element_) { (chan_), (void *)(element_), WEFT_SEND, 0, { 0 } }
#define WEFT_CASE_RECV(chan_, element_) { (chan_), (element_), WEFT_RECV, 0, { 0 } }
/* clang-format on */

/*
 * Do one of the cases: one that can be done at once, chosen at random if there are several, each with the same probability;
 * else the first that can be. A channel that is closed counts as one that can. The index of the case done, whose `result`
 * says how it went; the others have not happened. Or -ECANCELED; -EINVAL for a kind that does not exist, and for ends of
 * weft/link.h. A channel may be in several cases, both ways: a select does not meet itself. One that waits locks all its
 * channels for a few instructions a case; it needs no memory.
 */
WEFT_API int weft_select(struct weft_case *cases, unsigned count) WEFT_MAY_SWITCH;
WEFT_API int weft_select_timeout(struct weft_case *cases, unsigned count, uint64_t nanoseconds) WEFT_MAY_SWITCH;

WEFT_END_DECLS

#endif
