/* SPDX-License-Identifier: MIT */
/* Try, wait, try. */
#include "src/io/io.h"
#include "weft/time.h"

static const struct weft__reason reasons[2] = { { "input from a descriptor", NULL },
						{ "output to a descriptor", NULL } };

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

/* Dry says that a try would be in vain, as far as has been collected: who is not going to wait for more tries all the same,
 * and so does who has waited elsewhere. */
static bool is_in_vain(struct weft__io *io, uint32_t seen)
{
	return (seen & WEFT__FD_DRY) && io->deadline && !io->no_wait && !io->deaf && weft__self_or_null();
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
	return io->deaf ? pause_deaf(io, e) : weft__fd_wait(e, io->fd, io->way, &reasons[io->way], io->deadline);
}

ssize_t weft__io_run_inside(struct weft__io *io, struct weft__fd *e)
{
	for (bool woken = false;; woken = true) {
		uint32_t seen = weft__fd_look(e, io->way);
		if ((io->begins && !woken) || !is_in_vain(io, seen)) {
			ssize_t n = io->try(io, e);
			if (weft__likely(n != -EAGAIN)) {
				bool dry = shows_dry(io, e, seen, n) && weft__fd_dry(e, io->way, seen);
				if (woken && !dry)
					weft__fd_pass(e, io->way);
				return n;
			}
			if (!io->deaf)
				(void)weft__fd_dry(e, io->way,
						   seen); /* or something has come: then the wait ends at once */
		}
		if (io->no_wait || io->deadline == 0)
			return io->no_wait ? -EAGAIN : -ETIMEDOUT;
		int err = wait(io, e);
		if (err == -ETIMEDOUT)
			io->deadline = 0; /* the last try: the poller may be late */
		else if (weft__unlikely(err))
			return err;
	}
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
