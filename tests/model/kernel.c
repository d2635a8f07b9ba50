/* SPDX-License-Identifier: MIT */
#include "tests/model/kernel.h"

#include <errno.h>
#include <poll.h>

#include "src/os/epoll.h"
#include "src/os/futex.h"
#include "src/os/io.h"
#include "src/os/uring.h"
#include "src/sched/worker.h"

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
		unsigned by; /* who handed it over */
		bool held;   /* it has completed, and holds its descriptor */
	} request[REQUESTS];
	bool closed[MODEL_FDS];
	bool inside[MODEL_THREADS_MAX]; /* workers, and the monitor */
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

/* 0: the monitor. */
static unsigned caller(void)
{
	return weft__worker() ? weft__worker()->index + 1 : 0;
}

void model_inside(bool inside)
{
	kernel.inside[caller()] = inside;
	for (int i = 0; i < REQUESTS && !inside; i++)
		if (kernel.request[i].held && kernel.request[i].by == caller())
			kernel.request[i] = (struct kernel_request){ 0 };
}

void model_pause(unsigned steps)
{
	model_inside(true);
	for (; steps > 0; steps--)
		model_yield(MODEL_HERE);
	model_inside(false);
}

void model_sleep(weft__a32 *word, uint32_t seen)
{
	model_inside(true);
	weft__os_futex_wait(word, seen, UINT64_MAX);
	model_pause(model_choose(2) * 100);
}

/* Its completion is there: it is gone, or holds its descriptor for now. */
static void retire(struct kernel_request *q)
{
	q->held = q->sqe.fd < EVENTS && kernel.inside[q->by] && model_choose(2);
	if (!q->held)
		q->ring = NULL;
}

void weft__os_uring_settle(const struct io_uring *ring)
{
	for (int i = 0; i < REQUESTS; i++)
		if (kernel.request[i].held && kernel.request[i].ring == &kernel.ring[ring->ring_fd])
			kernel.request[i] = (struct kernel_request){ 0 };
}

static void do_if_ready(struct kernel_request *q)
{
	int fd = q->sqe.fd;
	if (!q->ring || q->held || !kernel.there[fd])
		return;
	if (q->sqe.opcode == IORING_OP_RECV) {
		kernel.there[fd]--;
		model_received++;
	}
	complete(q->ring, q->sqe.user_data, q->sqe.opcode == IORING_OP_RECV ? 1 : POLLIN);
	retire(q);
}

static int cancel(struct kernel_ring *r, uint64_t key)
{
	for (int i = 0; i < REQUESTS; i++) {
		struct kernel_request *q = &kernel.request[i];
		if (q->ring == r && !q->held && q->sqe.user_data == key) {
			complete(r, key, -ECANCELED);
			retire(q);
			return 0;
		}
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
		MODEL_ASSERT(++i < REQUESTS);
	kernel.request[i] = (struct kernel_request){ .ring = r, .sqe = *sqe, .by = caller() };
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
	unsigned taken = 0;
	(void)deadline;
	model_inside(true);
	model_yield(MODEL_HERE);
	for (; taken < submit && r->sq_head != r->sq_tail; taken++, r->sq_head++)
		begin(r, &r->sqes[r->array[r->sq_head % ENTRIES]]);
	model_tell();
	for (uint32_t seen; wait && (seen = weft__load_acq(&model_news), r->cq_head == r->cq_tail);)
		weft__os_futex_wait(&model_news, seen, UINT64_MAX);
	model_inside(false);
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
