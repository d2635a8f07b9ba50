/* SPDX-License-Identifier: MIT */
/*
 * The servers of epoll_server.h and http.h on a ring: what io_uring gives on this machine. One kernel thread; a receive in flight
 * for each connection, answered by a plain send; one system call for all that is due (SINGLE_ISSUER, DEFER_TASKRUN: Linux 6.1).
 */
#ifndef BENCH_RAW_URING_SERVER_H
#define BENCH_RAW_URING_SERVER_H

#include <errno.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdlib.h>

#include "epoll_server.h"
#include "http.h"

enum { RAW_RING = 1024, RAW_COMPLETIONS = 16384 };

/* What has come on each connection: found by its descriptor. */
struct raw_ring {
	struct io_uring ring;
	struct raw_http *states;
	int listener;
	bool http;
};

static inline struct io_uring_sqe *raw_sqe(struct raw_ring *r, int fd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->ring);
	while (!sqe) {
		io_uring_submit(&r->ring);
		sqe = io_uring_get_sqe(&r->ring);
	}
	io_uring_sqe_set_data64(sqe, (uint64_t)fd); /* stays: to prepare does not touch it */
	return sqe;
}

static inline void raw_ring_accept(struct raw_ring *r)
{
	io_uring_prep_multishot_accept(raw_sqe(r, r->listener), r->listener, NULL, NULL, 0);
}

static inline void raw_ring_recv(struct raw_ring *r, int fd)
{
	struct raw_http *h = &r->states[fd];
	io_uring_prep_recv(raw_sqe(r, fd), fd, h->in + h->size, sizeof h->in - h->size, 0);
}

static inline bool raw_ring_answer(struct raw_ring *r, int fd, size_t n)
{
	struct raw_http *h = &r->states[fd];
	char out[RAW_HTTP_OUT];
	size_t size = r->http ? raw_http_answers(h, n, out) : n;
	return !size || send(fd, r->http ? out : h->in, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static inline void raw_ring_take(struct raw_ring *r, const struct io_uring_cqe *cqe)
{
	int fd = (int)cqe->user_data, n = cqe->res;
	if (fd == r->listener && n >= 0) {
		raw_ring_recv(r, n);
	} else if (fd != r->listener && n > 0 && raw_ring_answer(r, fd, (size_t)n)) {
		raw_ring_recv(r, fd);
	} else if (fd != r->listener) {
		r->states[fd].size = 0;
		close(fd);
	}
	if (fd == r->listener && !(cqe->flags & IORING_CQE_F_MORE))
		raw_ring_accept(r);
}

/* Returns, a negative errno value, if the kernel has no such ring. */
static inline int raw_serve_by_ring(int listener, bool http)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
						   IORING_SETUP_CQSIZE,
					  .cq_entries = RAW_COMPLETIONS };
	struct raw_ring r = { .states = calloc(RAW_HTTP_DESCRIPTORS, sizeof *r.states),
			      .listener = listener,
			      .http = http };
	int err = io_uring_queue_init_params(RAW_RING, &r.ring, &params);
	if (err || !r.states)
		return err ? err : -ENOMEM;
	raw_ring_accept(&r);
	for (;;) {
		struct io_uring_cqe *cqe;
		unsigned head, n = 0;
		io_uring_submit_and_wait(&r.ring, 1);
		io_uring_for_each_cqe(&r.ring, head, cqe)
		{
			raw_ring_take(&r, cqe);
			n++;
		}
		io_uring_cq_advance(&r.ring, n);
	}
}

#endif
