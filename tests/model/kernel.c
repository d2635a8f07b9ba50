/* SPDX-License-Identifier: MIT */
#include "tests/model/kernel.h"

#include <errno.h>
#include <poll.h>

#include "src/os/epoll.h"
#include "src/os/futex.h"
#include "src/os/io.h"
#include "src/os/uring.h"

enum { EVENTS = MODEL_FDS, RINGS = 2, REQUESTS = 8, ENTRIES = 2, COMPLETIONS = 8 };

struct kernel_ring {
	unsigned sq_head, sq_tail, sq_flags, array[ENTRIES];
	struct io_uring_sqe sqes[ENTRIES];
	unsigned cq_head, cq_tail;
	struct io_uring_cqe cqes[COMPLETIONS];
};

static struct {
	struct kernel_ring ring[RINGS];
	int rings, events;
	unsigned there[EVENTS + RINGS]; /* on descriptors, and on events */
	struct kernel_request {
		struct kernel_ring *ring; /* NULL: none */
		struct io_uring_sqe sqe;
	} request[REQUESTS];
	bool closed[MODEL_FDS];
} kernel;

unsigned model_received;
bool model_kernel_is_old;
weft__a32 model_news;

void model_tell(void)
{
	weft__add_acqrel(&model_news, 1);
	weft__os_futex_wake(&model_news, MODEL_THREADS_MAX);
}

static void complete(struct kernel_ring *r, uint64_t key, int result)
{
	MODEL_ASSERT(r->cq_tail - r->cq_head < COMPLETIONS);
	r->cqes[r->cq_tail++ % COMPLETIONS] = (struct io_uring_cqe){ .user_data = key, .res = result };
}

static void do_if_ready(struct kernel_request *q)
{
	int fd = q->sqe.fd;
	if (!q->ring || !kernel.there[fd])
		return;
	if (q->sqe.opcode == IORING_OP_RECV) {
		kernel.there[fd]--;
		model_received++;
	}
	complete(q->ring, q->sqe.user_data, q->sqe.opcode == IORING_OP_RECV ? 1 : POLLIN);
	q->ring = NULL;
}

static int cancel(struct kernel_ring *r, uint64_t key)
{
	for (int i = 0; i < REQUESTS; i++)
		if (kernel.request[i].ring == r && kernel.request[i].sqe.user_data == key) {
			kernel.request[i].ring = NULL;
			complete(r, key, -ECANCELED);
			return 0;
		}
	return -ENOENT;
}

static void begin(struct kernel_ring *r, const struct io_uring_sqe *sqe)
{
	int i = 0;
	if (sqe->opcode == IORING_OP_ASYNC_CANCEL) {
		complete(r, sqe->user_data, cancel(r, sqe->addr));
		return;
	}
	MODEL_ASSERT(sqe->fd >= EVENTS || !kernel.closed[sqe->fd]);
	while (kernel.request[i].ring)
		i++;
	kernel.request[i] = (struct kernel_request){ r, *sqe };
	do_if_ready(&kernel.request[i]);
}

void model_come(int fd)
{
	kernel.there[fd]++;
	for (int i = 0; i < REQUESTS; i++)
		if (kernel.request[i].ring && kernel.request[i].sqe.fd == fd)
			do_if_ready(&kernel.request[i]);
	model_tell();
}

int weft__os_uring_create(struct io_uring *ring, uint32_t submissions, uint32_t completions)
{
	struct kernel_ring *r = &kernel.ring[kernel.rings];
	MODEL_ASSERT(submissions == ENTRIES && completions == COMPLETIONS);
	*ring = (struct io_uring){ .ring_fd = kernel.rings++ };
	ring->sq.khead = &r->sq_head, ring->sq.ktail = &r->sq_tail, ring->sq.kflags = &r->sq_flags;
	ring->sq.array = r->array, ring->sq.sqes = r->sqes;
	ring->sq.ring_entries = ENTRIES, ring->sq.ring_mask = ENTRIES - 1;
	ring->cq.khead = &r->cq_head, ring->cq.ktail = &r->cq_tail, ring->cq.cqes = r->cqes;
	ring->cq.ring_entries = COMPLETIONS, ring->cq.ring_mask = COMPLETIONS - 1;
	return 0;
}

void io_uring_queue_exit(struct io_uring *ring)
{
	(void)ring;
}

/* Sends without a copy are not in this model. */
bool weft__os_uring_knows(struct io_uring *ring, int op)
{
	(void)ring, (void)op;
	return false;
}

int weft__os_uring_enter(const struct io_uring *ring, unsigned submit, bool wait, uint64_t deadline)
{
	struct kernel_ring *r = &kernel.ring[ring->ring_fd];
	(void)deadline;
	model_yield(MODEL_HERE);
	unsigned taken = 0;
	for (; taken < submit && r->sq_head != r->sq_tail; taken++, r->sq_head++)
		begin(r, &r->sqes[r->array[r->sq_head % ENTRIES]]);
	model_tell();
	for (uint32_t seen; wait && (seen = weft__load_acq(&model_news), r->cq_head == r->cq_tail);)
		weft__os_futex_wait(&model_news, seen, UINT64_MAX);
	return (int)taken;
}

ssize_t weft__os_recvfrom(int fd, void *buffer, size_t size, int flags, struct sockaddr *from, socklen_t *length)
{
	(void)buffer, (void)size, (void)flags, (void)from, (void)length;
	model_yield(MODEL_HERE);
	MODEL_ASSERT(!kernel.closed[fd]);
	if (!kernel.there[fd])
		return -EAGAIN;
	kernel.there[fd]--;
	model_received++;
	return 1;
}

ssize_t weft__os_readv(int fd, const struct iovec *vec, int n, enum weft__os_way way)
{
	(void)fd, (void)vec, (void)n, (void)way;
	MODEL_ASSERT(false); /* pipes are not in this model */
	return -EAGAIN;
}

int weft__os_uring_cancel(const struct io_uring *ring, uint64_t key)
{
	int err = model_kernel_is_old ? -EINVAL : cancel(&kernel.ring[ring->ring_fd], key);
	model_tell();
	return err;
}

int weft__os_eventfd(void)
{
	return EVENTS + kernel.events++;
}

void weft__os_eventfd_add(int fd)
{
	model_come(fd);
}

void weft__os_eventfd_take(int fd)
{
	kernel.there[fd] = 0;
}

int weft__os_close(int fd)
{
	if (fd < EVENTS)
		kernel.closed[fd] = true;
	return 0;
}

bool model_is_closed(int fd)
{
	return kernel.closed[fd];
}

void model_has_no_request(void)
{
	for (int i = 0; i < REQUESTS; i++)
		MODEL_ASSERT(!kernel.request[i].ring || kernel.request[i].sqe.fd >= EVENTS);
	for (int i = 0; i < RINGS; i++)
		for (unsigned at = kernel.ring[i].cq_head; at != kernel.ring[i].cq_tail; at++)
			MODEL_ASSERT(kernel.ring[i].cqes[at % COMPLETIONS].user_data <= 1);
}
