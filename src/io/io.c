/* SPDX-License-Identifier: MIT */
/* Try, wait, try. */
#include "src/io/io.h"

#include "src/os/io.h"
#include "src/poll/poller.h"
#include "src/poll/request.h"
#include "weft/time.h"

/*
 * Whether a try that came back with n shows that nothing is left. A TCP socket gives all it has, unless there is urgent data;
 * a pipe takes all it has room for. But who reads from a pipe cannot know whether the writer keeps packets apart (O_DIRECT),
 * and a socket of the Unix domain stops at descriptors that are passed.
 */
static bool shows_dry(struct weft__io *io, struct weft__fd *e, uint32_t seen, ssize_t n)
{
	if (n <= 0 || !io->tells || (size_t)n >= io->size || (seen & WEFT__FD_ENDED))
		return false;
	int kind = weft__fd_kind(e, io->fd);
	return kind == WEFT__FD_STREAM || (kind == WEFT__FD_PIPE && io->way == WEFT__OUTPUT);
}

/* Whether it may wait without a try, where that seems to be in vain. Who is not going to wait tries all the same, and so does
 * who has waited elsewhere. */
static bool may_skip(const struct weft__io *io)
{
	return io->deadline && !io->no_wait && !io->deaf && weft__self_or_null();
}

bool weft__io_is_deaf(const void *address, socklen_t length)
{
	return address && length >= sizeof(sa_family_t) && ((const struct sockaddr *)address)->sa_family == AF_UNIX;
}

/* One that cannot be told asks every millisecond. */
static int pause_deaf(struct weft__io *io, struct weft__fd *e)
{
	uint64_t now = weft__os_now();
	if (now >= io->deadline)
		return -ETIMEDOUT;
	int err = weft_sleep(io->deadline - now < WEFT_MS(1) ? io->deadline - now : WEFT_MS(1));
	return !err && weft__fd_is_closing(e) ? -EBADF : err;
}

static int wait(struct weft__io *io, struct weft__fd *e)
{
	return io->deaf ? pause_deaf(io, e) : weft__fd_wait(e, io->fd, io->way, io->exclusive, io->deadline);
}

/* By edges: one that is to be carried on is. */
static ssize_t try_by_edges(struct weft__io *io, struct weft__fd *e)
{
	uint32_t seen = weft__fd_look(e, io->way);
	if (!(io->begins && !io->woken) && (seen & WEFT__FD_DRY) && may_skip(io))
		return -EAGAIN;
	ssize_t n = io->try(io, e);
	if (weft__likely(n != -EAGAIN)) {
		bool dry = shows_dry(io, e, seen, n) && weft__fd_dry(e, io->way, seen);
		if (io->woken && !dry)
			weft__fd_pass(e, io->way);
	} else if (!io->deaf) {
		(void)weft__fd_dry(e, io->way, seen); /* or something has come: then the wait ends at once */
	}
	return n;
}

/* By requests: what is done without a try, it being predicted to be in vain, is done by them. */
static ssize_t try_by_requests(struct weft__io *io, struct weft__fd *e)
{
	if (!io->woken && !io->begins && weft__fd_skips(e, io->way) && may_skip(io))
		return -EAGAIN;
	ssize_t n = io->try(io, e);
	if (weft__likely(n != -EAGAIN))
		weft__fd_predict(e, io->way, io->woken, shows_dry(io, e, 0, n));
	else if (!io->woken)
		weft__fd_predict_none(e, io->way);
	return n;
}

/* Whether a request can do all of it: wait, and receive into the caller's buffer. */
static bool can_receive(int kind)
{
	return kind >= WEFT__FD_STREAM && kind <= WEFT__FD_PIPE && weft__request_may_receive();
}

weft__inline ssize_t receive(struct weft__fd *e, int fd, int kind, void *data, size_t size, uint64_t deadline)
{
	enum weft__request_op op = kind == WEFT__FD_PIPE ? WEFT__READ : WEFT__RECEIVE;
	ssize_t n = weft__request_receive(e, fd, op, data, size, deadline);
	if (n > 0)
		weft__fd_predict(e, WEFT__INPUT, true, kind == WEFT__FD_STREAM && n < (ssize_t)size);
	return n;
}

/* received: it is done, or has failed for good. */
static ssize_t wait_or_receive(struct weft__io *io, struct weft__fd *e, bool *received)
{
	int kind = weft__fd_kind(e, io->fd);
	ssize_t n = io->receives && can_receive(kind) ? receive(e, io->fd, kind, io->data, io->size, io->deadline)
						      : -EAGAIN;
	*received = n != -EAGAIN;
	return *received ? n : wait(io, e);
}

static ssize_t run(struct weft__io *io, struct weft__fd *e)
{
	for (;;) {
		bool received;
		ssize_t n = weft__poller_is_uring() ? try_by_requests(io, e) : try_by_edges(io, e);
		if (weft__likely(n != -EAGAIN))
			return n;
		if (io->no_wait || io->deadline == 0)
			return io->no_wait ? -EAGAIN : -ETIMEDOUT;
		n = wait_or_receive(io, e, &received);
		io->woken = true;
		if (received)
			return n;
		if (n == -ETIMEDOUT)
			io->deadline = 0; /* the last try: the poller may be late */
		else if (weft__unlikely(n))
			return n;
	}
}

/* By edges one that has been woken passes on as soon as its try is over. */
ssize_t weft__io_run_inside(struct weft__io *io, struct weft__fd *e)
{
	ssize_t n = run(io, e);
	if (weft__unlikely(io->exclusive) && io->woken && weft__poller_is_uring())
		weft__fd_pass(e, io->way);
	return n;
}

ssize_t weft__io_run(struct weft__io *io)
{
	struct weft__fd *e;
	weft__take_turns();
	ssize_t n = weft__fd_enter(io->fd, &e);
	if (weft__unlikely(n))
		return n;
	n = weft__io_run_inside(io, e);
	weft__fd_leave(e);
	return n;
}

/* --- short ways --- */

weft__noinline ssize_t weft__io_by_tries(struct weft__fd *e, int fd, enum weft__fd_way way, void *data, size_t size,
					 uint64_t deadline, weft__io_try *try, int flags, bool receives)
{
	return weft__io_run_inside(&(struct weft__io){ .try = try,
						       .deadline = deadline,
						       .fd = fd,
						       .way = way,
						       .tells = true,
						       .receives = receives,
						       .flags = flags,
						       .size = size,
						       .data = data },
				   e);
}

/*
 * Nothing is there yet, by the prediction, so a request is queued without a try. Where many threads wait what each has on its stack is
 * out of the caches when it goes on, and every frame is a line or two to fetch: so there are few.
 */
ssize_t weft__io_receive(int fd, void *data, size_t size, uint64_t deadline, weft__io_try *try, int flags)
{
	struct weft__fd *e;
	weft__take_turns();
	ssize_t n = weft__fd_enter(fd, &e);
	if (weft__unlikely(n))
		return n;
	int kind = weft__load_rlx(&e->kind) & ~WEFT__FD_NONBLOCK; /* relaxed: a fact, or unknown */
	bool is_short = deadline && can_receive(kind) && weft__fd_skips(e, WEFT__INPUT);
	n = is_short ? receive(e, fd, kind, data, size, deadline) : -EAGAIN;
	if (n == -EAGAIN) /* a try comes first; or the kernel will not wait */
		n = weft__io_by_tries(e, fd, WEFT__INPUT, data, size, deadline, try, flags, !is_short);
	weft__fd_leave(e);
	return n;
}

ssize_t weft__io_send_at_once(struct weft__fd *e, int fd, const void *data, size_t size)
{
	int kind = weft__load_rlx(&e->kind) & ~WEFT__FD_NONBLOCK; /* relaxed: a fact, or unknown */
	bool is_socket = kind == WEFT__FD_STREAM || kind == WEFT__FD_SOCKET;
	return is_socket && weft__fd_seems_ready(e, WEFT__OUTPUT) ? weft__os_sendto(fd, data, size, 0, NULL, 0)
								  : -EAGAIN;
}

ssize_t weft__io_send(int fd, const void *data, size_t size, uint64_t deadline, weft__io_try *try, int flags)
{
	struct weft__fd *e;
	weft__take_turns();
	ssize_t n = weft__fd_enter(fd, &e);
	if (weft__unlikely(n))
		return n;
	n = weft__io_send_at_once(e, fd, data, size);
	if (n == -EAGAIN)
		n = weft__io_by_tries(e, fd, WEFT__OUTPUT, (void *)(uintptr_t)data, size, deadline, try, flags, false);
	weft__fd_leave(e);
	return n;
}
