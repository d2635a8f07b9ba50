/* SPDX-License-Identifier: MIT */
/*
 * pipe, socketpair, mq, shm-futex: a round trip of an element by what the kernel has to carry it: a pipe each way, a
 * pair of Unix sockets, a POSIX message queue each way, memory with a futex each way. The latter two
 * between kernel threads and between processes alone; what green threads have instead is chan.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "queues.h"
#include "rally.h"

/* --- pipes, sockets --- */

static int in[2], out[2]; /* where a side reads; where to write for it */

MODEL_INLINE bool made(struct run *r, const char *what, bool ok)
{
	if (!ok)
		batch_fail(&r->batch, "%s: %s", what, strerror(errno));
	return ok;
}

MODEL_INLINE bool pipe_make(struct run *r, const struct model *m)
{
	int fds[2][2];
	bool ok = pipe(fds[0]) == 0 && pipe(fds[1]) == 0;

	(void)m;
	for (int side = 0; side < 2 && ok; side++) {
		in[side] = fds[side][0];
		out[side] = fds[side][1];
	}
	return made(r, "pipe", ok);
}

MODEL_INLINE bool socketpair_make(struct run *r, const struct model *m)
{
	bool ok = socketpair(AF_UNIX, SOCK_STREAM, 0, in) == 0;

	(void)m;
	out[0] = in[1];
	out[1] = in[0];
	return made(r, "socketpair", ok);
}

MODEL_INLINE void fd_send(unsigned to, uint64_t element, const struct model *m)
{
	if (m->id == MODEL_GREEN)
		(void)weft_write(out[to], &element, sizeof(element));
	else
		(void)!write(out[to], &element, sizeof(element));
}

MODEL_INLINE uint64_t fd_recv(unsigned self, const struct model *m)
{
	uint64_t element = 0;
	ssize_t n = m->id == MODEL_GREEN ? weft_read(in[self], &element, sizeof(element))
					 : read(in[self], &element, sizeof(element));

	return n == sizeof(element) ? element : RALLY_END;
}

/* --- message queues --- */

MODEL_INLINE bool mq_make(struct run *r, const struct model *m)
{
	(void)m;
	return made(r, "mq_open", queues_make(1, sizeof(uint64_t)));
}

MODEL_INLINE void mq_send_to(unsigned to, uint64_t element, const struct model *m)
{
	(void)m;
	(void)mq_send(queues[to], (const char *)&element, sizeof(element), 0);
}

MODEL_INLINE uint64_t mq_recv(unsigned self, const struct model *m)
{
	uint64_t element = 0;

	(void)m;
	return mq_receive(queues[self], (char *)&element, sizeof(element), NULL) == sizeof(element) ? element
												    : RALLY_END;
}

/* --- shared memory --- */

static struct slot {
	struct seat seat; /* a kernel thread's or a process's is a futex */
	uint64_t element;
	char pad[64];
} * slots;

MODEL_INLINE bool shm_make(struct run *r, const struct model *m)
{
	(void)m;
	slots = system_shared(2 * sizeof(*slots));
	return made(r, "mmap", slots != NULL);
}

MODEL_INLINE void shm_send(unsigned to, uint64_t element, const struct model *m)
{
	slots[to].element = element;
	m->unpark(&slots[to].seat);
}

MODEL_INLINE uint64_t shm_recv(unsigned self, const struct model *m)
{
	m->park(&slots[self].seat);
	return slots[self].element;
}

/* One of these, by a pointer: it does not count beside what they call. */
static const struct means pipes = { pipe_make, fd_send, fd_recv }, sockets = { socketpair_make, fd_send, fd_recv },
			  messages = { mq_make, mq_send_to, mq_recv }, shared = { shm_make, shm_send, shm_recv };
static const struct means *means;

MODEL_INLINE void *partner(void *arg, const struct model *m)
{
	return rally_partner(arg, m, means);
}
MODEL_THREAD(partner)

MODEL_INLINE void *play(void *arg, const struct model *m)
{
	return rally_play(arg, m, means, MODEL_OF(partner, m));
}
MODEL_THREAD(play)

MODEL_INLINE void rally_by(struct run *r, const struct model *m, const struct means *by)
{
	means = by;
	rally_run(r, m, by, false, MODEL_OF(play, m));
}

MODEL_INLINE void by_pipe(struct run *r, const struct model *m)
{
	rally_by(r, m, &pipes);
}
MODEL_BODY(by_pipe)

MODEL_INLINE void by_socketpair(struct run *r, const struct model *m)
{
	rally_by(r, m, &sockets);
}
MODEL_BODY(by_socketpair)

MODEL_INLINE void by_mq(struct run *r, const struct model *m)
{
	rally_by(r, m, &messages);
}
MODEL_KERNEL_BODY(by_mq)

MODEL_INLINE void by_shm_futex(struct run *r, const struct model *m)
{
	rally_by(r, m, &shared);
}
MODEL_KERNEL_BODY(by_shm_futex)

const struct bench bench_pipe = {
	.rows = { "pipe" },
	.units = { "ns" },
	.what = "a round trip over two pipes",
	.body = MODEL_BODIES(by_pipe),
};

const struct bench bench_socketpair = {
	.rows = { "socketpair" },
	.units = { "ns" },
	.what = "a round trip over a pair of Unix sockets",
	.body = MODEL_BODIES(by_socketpair),
};

const struct bench bench_mq = {
	.rows = { "mq" },
	.units = { "ns" },
	.what = "a round trip over two POSIX message queues",
	.body = MODEL_KERNEL_BODIES(by_mq),
};

const struct bench bench_shm_futex = {
	.rows = { "shm-futex" },
	.units = { "ns" },
	.what = "a round trip through shared memory, with a futex each way",
	.body = MODEL_KERNEL_BODIES(by_shm_futex),
};
