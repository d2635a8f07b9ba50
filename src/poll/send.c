/* SPDX-License-Identifier: MIT */
/*
 * A send without a copy (WEFT__SEND): the kernel reads the caller's data where they are, until they are acknowledged. It tells when
 * it has let go, and till then the caller's frame and its data have to stay.
 *
 *      QUEUED (may be taken back) -> HANDED, the kernel may have the data -> `over`, it has let go
 *
 * No cancel makes it let go, nor does a close: what the socket has taken it sends, however slowly the other side reads. So who
 * gives up (canceled, time up, closed) ends the connection, which drops the data, and waits for the rest, which is short.
 *
 * Rejected:
 * - To return when the socket has taken the data, and tell later that they are let go: the buffer then outlives the call, its thread
 *   and the runtime, and whoever frees it must know. Pages that are freed too early are sent with what is in them by then.
 * - MSG_ZEROCOPY and the error queue: it works without a ring, but a socket with anything in that queue is ready all the time for
 *   whoever waits for input, and the messages are of the socket, not of a call.
 */
#include <errno.h>

#include "src/os/io.h"
#include "src/poll/entry.h"
#include "src/poll/request.h"
#include "src/sched/worker.h"

static struct weft__fd_waiter *waiter_of(struct weft__wait *wait)
{
	return weft__container(wait, struct weft__fd_waiter, wait);
}

/* Its end comes all the same, if it has been handed over. */
static bool revoke(struct weft__wait *wait, struct weft__thread *self)
{
	struct weft__fd_waiter *waiter = waiter_of(wait);
	(void)self;
	weft__fd_lock(waiter->entry);
	bool waits = waiter->queued;
	if (waits) {
		(void)weft__uring_take_back(&waiter->request);
		weft__list_remove(&waiter->node);
		waiter->queued = false;
	}
	weft__fd_unlock(waiter->entry);
	return waits;
}

static bool commit_again(struct weft__wait *wait)
{
	struct weft__fd_waiter *waiter = waiter_of(wait);
	struct weft__fd *e = waiter->entry;
	weft__fd_lock(e);
	bool waits = waiter->queued = !waiter->over;
	if (waits)
		weft__list_push_back(&e->waiters[waiter->way], &waiter->node);
	weft__fd_unlock(e); /* the waiter may be gone after it */
	return waits;
}

/* Whether the kernel has let go, or never had it. */
static bool is_let_go(struct weft__fd_waiter *waiter)
{
	weft__fd_lock(waiter->entry);
	bool let_go = waiter->over || !waiter->request.ring;
	weft__fd_unlock(waiter->entry);
	return let_go;
}

/* A close that comes meanwhile wakes it for nothing. */
static void end_connection(struct weft__fd_waiter *waiter)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	struct weft__wait *wait = &waiter->wait;
	(void)weft__os_connect(waiter->request.fd, &nobody, sizeof nobody);
	*wait = (struct weft__wait){ commit_again, NULL, wait->self, wait->reason, wait->object, .shielded = true };
	while (!is_let_go(waiter))
		(void)weft__park(wait, WEFT__NEVER);
}

ssize_t weft__request_send(struct weft__fd *e, int fd, const void *data, size_t size, int flags,
			   const struct weft__reason *reason, uint64_t deadline)
{
	struct weft__fd_waiter waiter = {
		.wait = { weft__fd_commit, revoke, weft__self_or_null(), reason, e, .shielded = false },
		.entry = e,
		.way = WEFT__OUTPUT,
		.request = { .fd = fd,
			     .op = WEFT__SEND,
			     .events = (uint32_t)flags,
			     .data = (void *)(uintptr_t)data,
			     .size = size },
	};
	int err = weft__uring_attach(weft__worker());
	if (err)
		return err;
	err = weft__park(&waiter.wait, deadline);
	bool let_go = is_let_go(&waiter);
	if (let_go && waiter.request.ring)
		return waiter.request.result;
	if (!let_go)
		end_connection(&waiter);
	return waiter.closed ? -EBADF : err;
}
