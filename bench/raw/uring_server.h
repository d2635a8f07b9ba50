/* SPDX-License-Identifier: MIT */
/*
 * The echo server of epoll_server.h on a ring: what io_uring gives on this machine. One kernel thread; a receive in flight for each
 * connection, sent back by a plain send; one system call for all that is due (SINGLE_ISSUER, DEFER_TASKRUN: Linux 6.1).
 */
#ifndef BENCH_RAW_URING_SERVER_H
#define BENCH_RAW_URING_SERVER_H

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

#include "epoll_server.h"

enum { RAW_RING = 1024, RAW_COMPLETIONS = 16384, RAW_DESCRIPTORS = 1 << 16, RAW_BUFFER = 1024 };

static inline struct io_uring_sqe *raw_sqe(struct io_uring *ring, int fd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	while (!sqe) {
		io_uring_submit(ring);
		sqe = io_uring_get_sqe(ring);
	}
	io_uring_sqe_set_data64(sqe, (uint64_t)fd); /* stays: to prepare does not touch it */
	return sqe;
}

static inline void raw_ring_accept(struct io_uring *ring, int listener)
{
	io_uring_prep_multishot_accept(raw_sqe(ring, listener), listener, NULL, NULL, 0);
}

static inline void raw_ring_recv(struct io_uring *ring, char (*buffers)[RAW_BUFFER], int fd)
{
	io_uring_prep_recv(raw_sqe(ring, fd), fd, buffers[fd], RAW_BUFFER, 0);
}

static inline void raw_ring_take(struct io_uring *ring, char (*buffers)[RAW_BUFFER], int listener,
				 const struct io_uring_cqe *cqe)
{
	int fd = (int)cqe->user_data, n = cqe->res;
	if (fd == listener && n >= 0)
		raw_ring_recv(ring, buffers, n);
	else if (fd != listener && n > 0 && send(fd, buffers[fd], (size_t)n, MSG_NOSIGNAL) == n)
		raw_ring_recv(ring, buffers, fd);
	else if (fd != listener)
		close(fd);
	if (fd == listener && !(cqe->flags & IORING_CQE_F_MORE))
		raw_ring_accept(ring, listener);
}

/* Returns, a negative errno value, if the kernel has no such ring. */
static inline int raw_serve_by_ring(int listener)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
						   IORING_SETUP_CQSIZE,
					  .cq_entries = RAW_COMPLETIONS };
	struct io_uring ring;
	int err = io_uring_queue_init_params(RAW_RING, &ring, &params);
	char(*buffers)[RAW_BUFFER] = calloc(RAW_DESCRIPTORS, RAW_BUFFER);
	if (err || !buffers)
		return err ? err : -ENOMEM;
	raw_ring_accept(&ring, listener);
	for (;;) {
		struct io_uring_cqe *cqe;
		unsigned head, n = 0;
		io_uring_submit_and_wait(&ring, 1);
		io_uring_for_each_cqe(&ring, head, cqe)
		{
			raw_ring_take(&ring, buffers, listener, cqe);
			n++;
		}
		io_uring_cq_advance(&ring, n);
	}
}

#endif
