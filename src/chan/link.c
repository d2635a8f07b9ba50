/* SPDX-License-Identifier: MIT */
/*
 * An end of a pair of channels between processes: a socket of whole messages. The kernel keeps the promises: a message is there
 * whole or not at all, and the end of all who have the other end is the end of the stream.
 *
 * A struct weft_chan of capacity 0 whose state says LINK; the calls of call.c come here where they would not be quick. Those of
 * ends through shared memory come by here, too.
 */
#include <errno.h>
#include <sys/socket.h>

#include "src/chan/shared.h"
#include "src/os/memory.h"
#include "src/poll/packet.h"
#include "weft/io.h"
#include "weft/link.h"

static bool is_shared(const struct weft_chan *chan)
{
	return weft__chan_state(chan) & WEFT__CHAN_SHARED;
}

/* A message of no bytes would look like the end. */
static size_t wire_size(const struct weft_chan *chan)
{
	return chan->element_size ? chan->element_size : 1;
}

/* Reset: the other end went with messages unread. That is told once, before what is still to be received. */
int weft__link_send(struct weft_chan *chan, const void *element, uint64_t nanoseconds)
{
	static const char signal;
	ssize_t n;
	if (is_shared(chan))
		return weft__shared_send(chan, element, nanoseconds);
	do
		n = weft_send_timeout((int)chan->fd, chan->element_size ? element : &signal, wire_size(chan), 0,
				      nanoseconds);
	while (n == -ECONNRESET);
	return n < 0 ? (int)n : 0;
}

int weft__link_recv(struct weft_chan *chan, void *element, uint64_t nanoseconds)
{
	char signal;
	bool drop = !element || !chan->element_size;
	ssize_t n;
	if (is_shared(chan))
		return weft__shared_recv(chan, element, nanoseconds);
	n = weft__packet_recv((int)chan->fd, drop ? &signal : element, drop ? 1 : chan->element_size, MSG_TRUNC,
			      nanoseconds);
	if (n < 0)
		return (int)n;
	return n == 0 ? -EPIPE : n == (ssize_t)wire_size(chan) ? 0 : -EMSGSIZE;
}

int weft__link_close(struct weft_chan *chan)
{
	uint32_t state = weft__or_acqrel(&chan->state, WEFT__CHAN_CLOSED); /* decides who closes, orders nothing */
	if (state & WEFT__CHAN_CLOSED)
		return -EALREADY;
	if (is_shared(chan))
		weft__shared_close(chan);
	else
		(void)weft_shutdown((int)chan->fd, SHUT_RDWR);
	return 0;
}

void weft__link_destroy(struct weft_chan *chan)
{
	if (is_shared(chan)) {
		weft__shared_destroy(chan);
		return;
	}
	(void)weft_close((int)chan->fd);
	weft__os_free(chan);
}

/* Of a socket: the kernel does not say. */
size_t weft__link_count(const struct weft_chan *chan)
{
	return is_shared(chan) ? weft__shared_count(chan) : 0;
}

int weft_chan_descriptor(const struct weft_chan *end)
{
	return weft__chan_state(end) & WEFT__CHAN_LINK ? (int)end->fd : -EINVAL;
}

int weft_chan_open(struct weft_chan **end, int fd, size_t element_size)
{
	int kind = 0;
	socklen_t length = sizeof kind;
	if (!end)
		return -EINVAL;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &length))
		return -errno;
	if (kind == SOCK_DGRAM)
		return weft__shared_open(end, fd, element_size);
	if (kind != SOCK_SEQPACKET || element_size > WEFT_LINK_ELEMENT_MAX)
		return -EINVAL;
	struct weft_chan *c = weft__os_alloc_aligned(_Alignof(struct weft_chan), sizeof *c);
	if (!c)
		return -ENOMEM;
	c->element_size = element_size;
	c->capacity = 0;
	c->fd = fd;
	c->state = WEFT__CHAN_UNBUFFERED | WEFT__CHAN_LINK;
	*end = c;
	return 0;
}

int weft_chan_pair(struct weft_chan *ends[2], size_t element_size)
{
	int fds[2];
	if (!ends || element_size > WEFT_LINK_ELEMENT_MAX)
		return -EINVAL;
	int err = weft_socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds);
	if (err)
		return err;
	err = weft_chan_open(&ends[0], fds[0], element_size);
	if (!err && (err = weft_chan_open(&ends[1], fds[1], element_size))) {
		weft_chan_destroy(ends[0]);
		fds[0] = -1;
	}
	for (int i = 0; err && i < 2; i++)
		if (fds[i] >= 0)
			(void)weft_close(fds[i]);
	return err;
}
