/* SPDX-License-Identifier: MIT */
/*
 * copy-N, pipe-N, socket-N, queue-N: messages of N bytes to another unit, by what the model has of its own (a channel; a ring in
 * shared memory with semaphores), by pipes, by Unix sockets, by POSIX message queues. Figures: a round trip, there and back; and the
 * stream one way, in megabytes a second. Each message bears its number at both ends, which the other side sends back.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "locks.h"
#include "pair.h"
#include "queues.h"

enum { SLOTS_BYTES = 1 << 18, SLOTS_MOST = 64 };
#define ANSWER ((uint64_t)1 << 62) /* flags in the number: send it back; it is the last */
#define LAST ((uint64_t)1 << 63)

static uint64_t size; /* of a message */

static uint64_t slots(void)
{
	return size * SLOTS_MOST <= SLOTS_BYTES ? SLOTS_MOST : size * 2 <= SLOTS_BYTES ? SLOTS_BYTES / size : 2;
}

/* --- its own: a channel, or a ring for each direction --- */

static struct ring {
	union semaphore room, messages;
	uint64_t sent, received;
	char *slots;
} * rings;
static struct weft_chan *chans[2];

MODEL_INLINE bool own_make(const struct model *m)
{
	rings = system_shared(2 * sizeof(*rings));
	for (int side = 0; side < 2 && rings; side++) {
		struct ring *g = &rings[side];

		if (model_is_weft(m) && weft_chan_create(&chans[side], size, slots()) != 0)
			return false;
		if (!model_is_weft(m) && !((g->slots = system_shared(slots() * size)) && semaphore_make(&g->room, m) &&
					   semaphore_make(&g->messages, m)))
			return false;
		for (uint64_t i = 0; !model_is_weft(m) && i < slots(); i++)
			semaphore_release(&g->room, m);
	}
	return rings != NULL;
}

MODEL_INLINE void own_send(int to, char *message, const struct model *m)
{
	struct ring *g = &rings[to];

	if (model_is_weft(m)) {
		(void)weft_chan_send(chans[to], message);
		return;
	}
	semaphore_acquire(&g->room, m);
	memcpy(g->slots + g->sent++ % slots() * size, message, size);
	semaphore_release(&g->messages, m);
}

MODEL_INLINE void own_recv(int self, char *message, const struct model *m)
{
	struct ring *g = &rings[self];

	if (model_is_weft(m)) {
		(void)weft_chan_recv(chans[self], message);
		return;
	}
	semaphore_acquire(&g->messages, m);
	memcpy(message, g->slots + g->received++ % slots() * size, size);
	semaphore_release(&g->room, m);
}

/* --- descriptors: green threads wait in weft's calls, all others in the kernel's --- */

static int in[2], out[2]; /* where a side reads; where to write for it */

MODEL_INLINE bool pipe_make(const struct model *m)
{
	int fds[2][2];
	bool ok = pipe(fds[0]) == 0 && pipe(fds[1]) == 0;

	(void)m;
	for (int side = 0; side < 2 && ok; side++) {
		in[side] = fds[side][0];
		out[side] = fds[side][1];
	}
	return ok;
}

MODEL_INLINE bool socket_make(const struct model *m)
{
	bool ok = socketpair(AF_UNIX, SOCK_STREAM, 0, in) == 0;

	(void)m;
	out[0] = in[1];
	out[1] = in[0];
	return ok;
}

MODEL_INLINE void fd_send(int to, char *message, const struct model *m)
{
	for (uint64_t done = 0; done < size;) {
		ssize_t n = m->id == MODEL_GREEN ? weft_write(out[to], message + done, size - done)
						 : write(out[to], message + done, size - done);

		if (n <= 0)
			return;
		done += (uint64_t)n;
	}
}

MODEL_INLINE void fd_recv(int self, char *message, const struct model *m)
{
	for (uint64_t done = 0; done < size;) {
		ssize_t n = m->id == MODEL_GREEN ? weft_read(in[self], message + done, size - done)
						 : read(in[self], message + done, size - done);

		if (n <= 0)
			return;
		done += (uint64_t)n;
	}
}

/* --- message queues --- */

MODEL_INLINE bool queue_make(const struct model *m)
{
	(void)m;
	return queues_make(10, (long)size);
}

MODEL_INLINE void queue_send(int to, char *message, const struct model *m)
{
	(void)m;
	(void)mq_send(queues[to], message, size, 0);
}

MODEL_INLINE void queue_recv(int self, char *message, const struct model *m)
{
	(void)m;
	(void)mq_receive(queues[self], message, size, NULL);
}

/* --- the play --- */

struct way {
	bool (*make)(const struct model *m);
	void (*send)(int to, char *message, const struct model *m);
	void (*recv)(int self, char *message, const struct model *m);
};
static const struct way own = { own_make, own_send, own_recv }, pipes = { pipe_make, fd_send, fd_recv },
			sockets = { socket_make, fd_send, fd_recv }, queue = { queue_make, queue_send, queue_recv };
static const struct way *way;

static void put(char *message, uint64_t number)
{
	memcpy(message, &number, sizeof(number));
	memcpy(message + size - sizeof(number), &number, sizeof(number));
}

/* 0: the two ends differ. */
static uint64_t get(const char *message)
{
	uint64_t first, last;

	memcpy(&first, message, sizeof(first));
	memcpy(&last, message + size - sizeof(last), sizeof(last));
	return first == last ? first : 0;
}

MODEL_INLINE void *partner(void *arg, const struct model *m)
{
	char *message = calloc(1, size);
	uint64_t number = 0;

	pair_enter(m, 1);
	while (message && !(number & LAST)) {
		way->recv(1, message, m);
		number = get(message);
		if (number & ANSWER || number == 0) /* 0 is a broken one, which the other side sees */
			way->send(0, message, m);
	}
	free(message);
	return arg;
}
MODEL_THREAD(partner)

/* n messages, of which each, or the last alone, comes back: how many did as they should. */
MODEL_INLINE uint64_t exchange(char *message, uint64_t n, bool each, const struct model *m)
{
	uint64_t good = 0;

	for (uint64_t i = 1; i <= n; i++) {
		uint64_t number = i | (each || i == n ? ANSWER : 0);

		put(message, number);
		way->send(1, message, m);
		if (!(number & ANSWER))
			continue;
		way->recv(0, message, m);
		good += get(message) == number;
	}
	return good;
}

MODEL_INLINE void measure(struct batch *b, char *message, const struct model *m)
{
	while (batch_more(b)) {
		uint64_t begin, good;

		batch_start(b);
		good = exchange(message, b->ops, true, m);
		batch_stop(b);
		batch_check(b, good == b->ops, "not each message came back whole");
		begin = batch_now();
		good = exchange(message, 8 * b->ops, false, m);
		batch_record(b, 1, (double)(8 * b->ops * size) * 1e3 / (double)(batch_now() - begin));
		batch_check(b, good == 1, "the stream's last message did not come back whole");
	}
	put(message, LAST);
	way->send(1, message, m);
}

MODEL_INLINE void by(struct run *r, const struct model *m, const struct way *by, void *(*fn)(void *))
{
	char *message = calloc(1, r->size);
	union unit unit;

	size = r->size;
	way = by;
	pair_enter(m, 0);
	if (!message || !by->make(m) || m->spawn(&unit, fn, rings) != 0) {
		batch_fail(&r->batch, "no means, or no partner: %s", strerror(errno));
		return;
	}
	measure(&r->batch, message, m);
	batch_check(&r->batch, m->join(unit) == (uintptr_t)rings, "the partner was lost");
	free(message);
}

#define WAY(name, means)                                                                                               \
	MODEL_INLINE void name(struct run *r, const struct model *m)                                                   \
	{                                                                                                              \
		by(r, m, &(means), MODEL_OF(partner, m));                                                              \
	}

WAY(copy, own)
MODEL_BODY(copy)
WAY(piped, pipes)
MODEL_BODY(piped)
WAY(socketed, sockets)
MODEL_BODY(socketed)
WAY(queued, queue)
MODEL_KERNEL_BODY(queued)

#define COPY(id, name, n, bodies, text)                                                                                \
	const struct bench bench_##id = {                                                                              \
		.rows = { name, name },                                                                                \
		.units = { "ns", "MB/s" },                                                                             \
		.what = text,                                                                                          \
		.body = bodies,                                                                                        \
		.without = { "green threads have channels instead", NULL, NULL,                                        \
			     "bound threads have channels instead" },                                                  \
		.size = { n, n, n },                                                                                   \
		.flags = BENCH_MANY_CPUS,                                                                              \
	}

COPY(copy_8, "copy-8", 8, MODEL_BODIES(copy), "8 bytes by its own means: a round trip; a stream");
COPY(copy_1k, "copy-1k", 1 << 10, MODEL_BODIES(copy), "1 KB by its own means: a round trip; a stream");
COPY(copy_32k, "copy-32k", 32 << 10, MODEL_BODIES(copy), "32 KB by its own means: a round trip; a stream");
COPY(copy_1m, "copy-1m", 1 << 20, MODEL_BODIES(copy), "1 MB by its own means: a round trip; a stream");
COPY(pipe_8, "pipe-8", 8, MODEL_BODIES(piped), "8 bytes over pipes: a round trip; a stream");
COPY(pipe_1k, "pipe-1k", 1 << 10, MODEL_BODIES(piped), "1 KB over pipes: a round trip; a stream");
COPY(pipe_32k, "pipe-32k", 32 << 10, MODEL_BODIES(piped), "32 KB over pipes: a round trip; a stream");
COPY(pipe_1m, "pipe-1m", 1 << 20, MODEL_BODIES(piped), "1 MB over pipes: a round trip; a stream");
COPY(socket_8, "socket-8", 8, MODEL_BODIES(socketed), "8 bytes over Unix sockets: a round trip; a stream");
COPY(socket_1k, "socket-1k", 1 << 10, MODEL_BODIES(socketed), "1 KB over Unix sockets: a round trip; a stream");
COPY(socket_32k, "socket-32k", 32 << 10, MODEL_BODIES(socketed), "32 KB over Unix sockets: a round trip; a stream");
COPY(socket_1m, "socket-1m", 1 << 20, MODEL_BODIES(socketed), "1 MB over Unix sockets: a round trip; a stream");
COPY(queue_8, "queue-8", 8, MODEL_KERNEL_BODIES(queued), "8 bytes by POSIX message queues: a round trip; a stream");
COPY(queue_1k, "queue-1k", 1 << 10, MODEL_KERNEL_BODIES(queued),
     "1 KB by POSIX message queues: a round trip; a stream");
