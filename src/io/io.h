/* SPDX-License-Identifier: MIT */
/*
 * What all calls on descriptors have in common: try, wait until it may be worth to try again, try. A call describes itself by a
 * struct weft__io, of which it fills what its `try` reads.
 */
#ifndef WEFT_SRC_IO_IO_H
#define WEFT_SRC_IO_IO_H

#include <errno.h>

#include "src/poll/fd.h"
#include "weft/io.h"

struct weft__io;

/* The system call, without waiting: a count, or a negative errno value, of which -EAGAIN alone means to wait. */
typedef ssize_t weft__io_try(struct weft__io *io, struct weft__fd *e);

struct weft__io {
	weft__io_try *try;
	uint64_t deadline; /* WEFT__NEVER; or 0: one try */
	int fd;
	enum weft__fd_way way;
	bool tells;	/* on a stream a count below `size` shows that it is dry */
	bool begins;	/* the first try must be made, whatever the entry says */
	bool receives;	/* a ring may do it on a socket: a receive into one buffer, without flags */
	bool exclusive; /* see weft__fd_wait */
	bool no_wait;	/* the caller asked for -EAGAIN */
	bool woken;	/* it has waited */
	bool deaf;	/* nothing tells when it is worth to try again: see weft__io_is_deaf */
	int flags;
	socklen_t length;
	size_t size;
	void *data; /* a buffer, a vector, a message */
	void *address;
	socklen_t *length_out;
};

/* Count the call in, run it, count it out. */
ssize_t weft__io_run(struct weft__io *io);

/* The same for one buffer of at least a byte, without flags to the kernel: by shorter ways where there are any. */
ssize_t weft__io_receive(int fd, void *data, size_t size, uint64_t deadline, weft__io_try *try, int flags);
ssize_t weft__io_send(int fd, const void *data, size_t size, uint64_t deadline, weft__io_try *try, int flags);

/* On an entry whose call is counted in already: one try to send at least a byte, if it is a socket that was not full the last time. Else,
 * or if it is, -EAGAIN. And what the short ways do not do; receives: as in struct weft__io. */
ssize_t weft__io_send_at_once(struct weft__fd *e, int fd, const void *data, size_t size);
ssize_t weft__io_by_tries(struct weft__fd *e, int fd, enum weft__fd_way way, void *data, size_t size, uint64_t deadline,
			  weft__io_try *try, int flags, bool receives);

/* A call to this address of the Unix domain can fail for want of room at the other side. The kernel reports no edge then. */
bool weft__io_is_deaf(const void *address, socklen_t length);

/* On an entry whose call is counted in already. */
ssize_t weft__io_run_inside(struct weft__io *io, struct weft__fd *e);

#endif
