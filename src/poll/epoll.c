/* SPDX-License-Identifier: MIT */
/*
 * The poller on epoll: one instance for all workers, each descriptor in it once, edge-triggered, so that nothing has to be
 * told to the kernel at each wait, and anybody can collect: another worker, or the monitor when all are busy.
 *
 * A descriptor is taken out of the instance before it is closed. A close would do that too, but whoever collects looks at what
 * is in the instance, and holds it open meanwhile: a pipe would still take what is written after its reader's close, a
 * listener's address be in use. What is closed behind weft's back may live on by a copy (dup, fork): its edges carry an
 * earlier generation of the number and are dropped. Output is asked for only by the first who waits for it: many sockets never
 * do, and those of the Unix domain would report each read of the other side.
 *
 * Rejected: an instance for each worker. It keeps connections where they are, but the edges of a busy worker wait for it, or
 * others have to look into all instances; and whoever is first to become idle has nothing to do.
 */
#include "src/poll/epoll.h"

#include <errno.h>

#include "src/os/epoll.h"
#include "src/os/io.h"
#include "src/poll/fd.h"
#include "src/poll/poller.h"

/* As many as are on the stack at a time: that of a green thread, at a look around. */
enum { EVENTS = 32 };

#define WAKE_KEY UINT64_MAX

static struct {
	int fd, event;
} epoll;

int weft__epoll_begin(void)
{
	int err;
	epoll.fd = weft__os_epoll_create();
	if (epoll.fd < 0)
		return epoll.fd;
	err = epoll.event = weft__os_eventfd();
	if (epoll.event >= 0)
		err = weft__os_epoll_control(epoll.fd, EPOLL_CTL_ADD, epoll.event, EPOLLIN, WAKE_KEY);
	if (err >= 0)
		return 0;
	if (epoll.event >= 0)
		weft__os_close(epoll.event);
	weft__os_close(epoll.fd);
	return err;
}

void weft__epoll_end(void)
{
	weft__os_close(epoll.event);
	weft__os_close(epoll.fd);
}

/* What the kernel knows may be other than what we think: of a copy, or one closed behind our back. */
int weft__epoll_arm(int fd, uint32_t generation, unsigned ways, bool known)
{
	uint32_t events = EPOLLET | EPOLLRDHUP | EPOLLPRI;
	uint64_t key = (uint64_t)generation << 32 | (uint32_t)fd;
	if (ways & 1u << WEFT__INPUT)
		events |= EPOLLIN;
	if (ways & 1u << WEFT__OUTPUT)
		events |= EPOLLOUT;
	int err = weft__os_epoll_control(epoll.fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, events, key);
	if (err == (known ? -ENOENT : -EEXIST))
		err = weft__os_epoll_control(epoll.fd, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, events, key);
	return err;
}

/* If it is not there any more, all the better. */
void weft__epoll_disarm(int fd)
{
	(void)weft__os_epoll_control(epoll.fd, EPOLL_CTL_DEL, fd, 0, 0);
}

static unsigned edge_of(uint32_t events)
{
	unsigned edge = 0;
	if (events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		edge |= WEFT__EDGE_INPUT;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		edge |= WEFT__EDGE_OUTPUT;
	if (events & (EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) /* PRI: a read may stop short at urgent data */
		edge |= WEFT__EDGE_ENDED;
	return edge;
}

/* The wake is level-triggered, so that whoever collects besides does not take it from who sleeps. */
void weft__epoll_collect(struct weft__list *woken, uint64_t deadline)
{
	struct epoll_event events[EVENTS];
	int n = weft__os_epoll_wait(epoll.fd, events, EVENTS, deadline);
	for (int i = 0; i < n; i++) {
		uint64_t key = events[i].data.u64;
		if (key != WAKE_KEY)
			weft__fd_edge((int)(uint32_t)key, (uint32_t)(key >> 32), edge_of(events[i].events), woken);
		else if (deadline)
			weft__os_eventfd_take(epoll.event);
	}
}

void weft__epoll_wake(void)
{
	weft__os_eventfd_add(epoll.event);
}
