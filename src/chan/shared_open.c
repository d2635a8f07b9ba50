/* SPDX-License-Identifier: MIT */
/*
 * How an end comes to a process. What is handed on is one descriptor, a *box*: a socket in whose queue there is one message
 * for ever, with two descriptors in it, of the memory and of the end's socket for wakes. To open is to look into the box without
 * taking anything out; so who was given the box may do so again and again, as the next one does if a supervisor starts a
 * process anew, and the queue for wakes has nothing but wakes in it.
 *
 * What a box says cannot be changed from outside, the memory can: so all sizes are taken from the box, and of the memory, when
 * an end is opened, the counts, within their limits.
 *
 * When the last one who has a box and who has opened it is gone, then so is its socket for wakes: the other end sees that.
 */
#include <errno.h>
#include <string.h>

#include "src/chan/shared.h"
#include "src/os/cpu.h"
#include "src/os/io.h"
#include "src/os/memory.h"
#include "src/os/shared.h"
#include "src/poll/fd.h"
#include "weft/io.h"
#include "weft/link.h"

#define MAGIC 0x6e61686374666577u /* "weftchan" */

enum { VERSION = 1, MEMORY = 0, WAKE = 1 };

/* In a box. */
struct content {
	uint64_t magic;
	uint32_t version, index; /* of the end */
	uint64_t element_size, capacity;
};

/* --- the memory --- */

/* The ring of each flow, and all of it: multiples of cache lines, and of pages. False: more than there can be. */
static bool sizes(const struct content *c, size_t *ring, size_t *all)
{
	size_t page = weft__os_page_size();
	if (c->capacity == 0 || c->capacity > INT64_MAX / WEFT__FLOW_ONE ||
	    __builtin_mul_overflow(c->element_size, c->capacity, ring) || *ring > PTRDIFF_MAX / 4)
		return false;
	*ring = (*ring + WEFT__CACHE_LINE - 1) / WEFT__CACHE_LINE * WEFT__CACHE_LINE;
	*all = (sizeof(struct weft__shared_memory) + 2 * *ring + page - 1) / page * page;
	return true;
}

/* The counts of a flow as they are, for the one of its two sides that this end is. */
static int take_over(struct weft_chan *chan, enum weft_case_kind kind)
{
	struct weft__shared_end *end = weft__shared_end_of(chan);
	uint64_t sent = weft__load_acq(&end->flow[kind]->sent) / WEFT__FLOW_ONE; /* order SHARED-FLOW, both */
	uint64_t received = weft__load_acq(&end->flow[kind]->received) / WEFT__FLOW_ONE;
	uint64_t count = kind == WEFT_SEND ? sent : received;
	if (sent - received > chan->capacity)
		return -EPROTO;
	chan->side[kind] = (struct weft__chan_side){
		.place = end->ring[kind] + count % chan->capacity * chan->element_size,
		.other = count - (kind == WEFT_SEND ? chan->capacity : 0), /* full, or empty: it will look */
		.count = count,
	};
	return 0;
}

/* --- an end --- */

static void init(struct weft_chan *chan, const struct content *c, size_t ring, size_t size)
{
	struct weft__shared_end *end = weft__shared_end_of(chan);
	chan->element_size = c->element_size;
	chan->capacity = c->capacity;
	chan->state = WEFT__CHAN_UNBUFFERED | WEFT__CHAN_LINK | WEFT__CHAN_SHARED;
	end->size = size;
	end->parallel = weft__os_cpus() > 1;
	for (unsigned kind = 0; kind < 2; kind++) {
		unsigned i = kind == WEFT_SEND ? c->index : !c->index;
		end->flow[kind] = &end->memory->flow[i];
		end->ring[kind] = end->memory->rings + i * ring;
		end->ring_end[kind] = end->ring[kind] + c->element_size * c->capacity;
		end->turn[kind] = (struct weft_sem)WEFT_SEM_INIT(1);
	}
}

static struct weft_chan *alloc_end(void)
{
	size_t size = sizeof(struct weft_chan) + sizeof(struct weft__shared_end);
	size = (size + WEFT__CACHE_LINE - 1) / WEFT__CACHE_LINE * WEFT__CACHE_LINE;
	struct weft_chan *chan = weft__os_alloc_aligned(_Alignof(struct weft_chan), size);
	return chan ? memset(chan, 0, size) : NULL;
}

static int make_end(struct weft_chan **made, const struct content *c, const int inner[2])
{
	size_t ring, size;
	if (!sizes(c, &ring, &size) || !weft__os_shared_is(inner[MEMORY], size))
		return -EINVAL;
	struct weft_chan *chan = alloc_end();
	if (!chan)
		return -ENOMEM;
	struct weft__shared_end *end = weft__shared_end_of(chan);
	end->wake = inner[WAKE];
	end->memory = weft__os_shared_map(inner[MEMORY], size);
	int err = end->memory ? 0 : -ENOMEM;
	if (!err) {
		init(chan, c, ring, size);
		err = take_over(chan, WEFT_SEND);
	}
	if (!err)
		err = take_over(chan, WEFT_RECV);
	if (err) {
		if (end->memory)
			weft__os_unmap(end->memory, size);
		weft__os_free(chan);
		return err;
	}
	*made = chan;
	return 0;
}

void weft__shared_destroy(struct weft_chan *chan)
{
	struct weft__shared_end *end = weft__shared_end_of(chan);
	(void)weft_close(end->wake);
	(void)weft__os_close((int)chan->fd);
	weft__os_unmap(end->memory, end->size);
	weft__os_free(chan);
}

size_t weft__shared_count(const struct weft_chan *chan)
{
	struct weft__flow *flow = ((const struct weft__shared_end *)(const void *)chan->ring)->flow[WEFT_RECV];
	uint64_t received, sent;
	do { /* nothing was received from before the sends were read until after */
		received = weft__load_acq(&flow->received) / WEFT__FLOW_ONE; /* order SHARED-FLOW, all */
		sent = weft__load_acq(&flow->sent) / WEFT__FLOW_ONE;
	} while (received != weft__load_acq(&flow->received) / WEFT__FLOW_ONE);
	return sent - received > chan->capacity ? 0 : sent - received;
}

/* --- boxes --- */

/* The descriptors in a message's control part. */
union inner {
	char bytes[CMSG_SPACE(2 * sizeof(int))];
	struct cmsghdr header;
};

static void close_both(const int fds[2])
{
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			(void)weft__os_close(fds[i]);
}

static int make_box(const struct content *c, const int inner[2])
{
	union inner control = { .header = { CMSG_LEN(2 * sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec vec = { (void *)(uintptr_t)c, sizeof *c };
	struct msghdr message = {
		.msg_iov = &vec, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
	};
	int fds[2];
	memcpy(CMSG_DATA(&control.header), inner, 2 * sizeof(int));
	int err = weft__os_socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds);
	if (err)
		return err;
	ssize_t n = weft__os_sendmsg(fds[1], &message, 0);
	(void)weft__os_close(fds[1]);
	if (n < 0)
		(void)weft__os_close(fds[0]);
	return n < 0 ? (int)n : fds[0];
}

/* -EINVAL: it is something else. */
static int look_into(int box, struct content *c, int inner[2])
{
	union inner control;
	struct iovec vec = { c, sizeof *c };
	struct msghdr message = {
		.msg_iov = &vec, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
	};
	inner[0] = inner[1] = -1;
	ssize_t n = weft__os_recvmsg(box, &message, MSG_PEEK | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return n == -EAGAIN ? -EINVAL : (int)n;
	const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
		memcpy(inner, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
	bool is_box = n == sizeof *c && c->magic == MAGIC && c->version == VERSION && c->index < 2;
	if (is_box && inner[1] >= 0)
		return 0;
	close_both(inner);
	return is_box && message.msg_flags & MSG_CTRUNC ? -EMFILE : -EINVAL;
}

int weft__shared_open(struct weft_chan **end, int fd, size_t element_size)
{
	struct content c = { 0 };
	int inner[2], err = look_into(fd, &c, inner);
	if (err)
		return err;
	weft__fd_fresh(inner[WAKE], WEFT__FD_SOCKET);
	err = c.element_size == element_size ? make_end(end, &c, inner) : -EINVAL;
	if (!err) {
		(*end)->fd = fd;
		inner[WAKE] = -1;
	}
	close_both(inner);
	return err;
}

/* Ends are opened by their boxes here, too. */
static int make_ends(struct weft_chan *ends[2], struct content *c, int memory, const int wakes[2])
{
	int err = 0;
	for (unsigned i = 0; i < 2 && !err; i++) {
		const int inner[2] = { [MEMORY] = memory, [WAKE] = wakes[i] };
		c->index = i;
		int box = make_box(c, inner);
		err = box < 0 ? box : weft__shared_open(&ends[i], box, c->element_size);
		if (err && box >= 0)
			(void)weft__os_close(box);
		if (err && i > 0)
			weft__shared_destroy(ends[0]);
	}
	return err;
}

int weft_chan_pair_shared(struct weft_chan *ends[2], size_t element_size, size_t capacity)
{
	struct content c = { .magic = MAGIC, .version = VERSION, .element_size = element_size, .capacity = capacity };
	size_t ring, size;
	int wakes[2];
	if (!ends || !sizes(&c, &ring, &size))
		return -EINVAL;
	int memory = weft__os_shared_make(size);
	if (memory < 0)
		return memory;
	int err = weft__os_socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, wakes);
	if (!err) {
		err = make_ends(ends, &c, memory, wakes);
		close_both(wakes);
	}
	(void)weft__os_close(memory);
	return err;
}
