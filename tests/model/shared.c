/* SPDX-License-Identifier: MIT */
/*
 * Model: a pair of channels through shared memory (src/chan/shared.c, shared_wake.c), of capacity 1, with a process at each
 * end. The sockets, and semaphores, are here.
 *
 *      shared          both processes send and receive, by two threads each
 *      -DMODEL_SHARED_CLOSE   one sends, one receives, one closes
 *      -DMODEL_SHARED_TIMED   one sends; where one receives, and may give up at first, another sends in vain
 *      -DMODEL_SHARED_CROWD   one sends, to three of whom one may give up
 *
 * Checked: an element is in its place before it is read, and its place is free before the next one is (a place is a plain
 * variable, any race on it is found); each is received once, in order, all that were sent; nobody sleeps for ever.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "src/chan/shared.h"
#include "tests/model/os.h"
#include "weft/io.h"
#include "weft/time.h"

#if defined MODEL_SHARED_CROWD
enum { SENDS = 3 };
#else
enum { SENDS = 2 };
#endif

#if defined MODEL_SHARED_CLOSE || defined MODEL_SHARED_TIMED
const unsigned model_threads = 3;
#else
const unsigned model_threads = 4;
#endif

/* --- memory: place i of the rings is place[i] --- */

static union {
	struct weft__shared_memory memory;
	char bytes[sizeof(struct weft__shared_memory) + 2 * 8];
} memory;
static struct model_plain place[2];

static struct model_plain *place_of(const void *p)
{
	size_t offset = (size_t)((const char *)p - memory.memory.rings);
	return offset < 2 * 8 ? &place[offset / 8] : NULL;
}

void model_copy(void *to, const void *from)
{
	if (place_of(to))
		model_write(place_of(to), *(const uint64_t *)from);
	else
		*(uint64_t *)to = model_read(place_of(from));
}

void weft__chan_lock_slow(weft__a32 *lock)
{
	do
		model_yield(MODEL_HERE);
	while (weft__xchg_acq(lock, 1));
}

/* --- sockets: bytes at an end, or SHUT --- */

enum { SHUT = 1 << 16 };
static weft__a32 socket_word[2];

static void give(int fd, uint32_t what)
{
	(void)weft__or_acqrel(&socket_word[fd], what);
	weft__os_futex_wake(&socket_word[fd], 1);
}

ssize_t weft__os_sendto(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *to, socklen_t length)
{
	(void)buffer, (void)size, (void)flags, (void)to, (void)length;
	if (model_newest(&socket_word[fd].cell) & SHUT)
		return -EPIPE;
	give(!fd, 1);
	return 1;
}

int weft_shutdown(int fd, int how)
{
	(void)how;
	give(fd, SHUT);
	give(!fd, SHUT);
	return 0;
}

/* One that is timed is woken in time, or gives up. */
ssize_t weft_recv_timeout(int fd, void *buffer, size_t size, int flags, uint64_t nanoseconds)
{
	bool timed = nanoseconds != WEFT_FOREVER, over = false;
	(void)buffer, (void)size, (void)flags;
	for (;; over = timed) {
		uint32_t word = weft__and_acqrel(&socket_word[fd], SHUT);
		if (word)
			return word & ~(uint32_t)SHUT ? 1 : 0;
		if (over)
			return -ETIMEDOUT;
		(void)weft__os_futex_wait(&socket_word[fd], 0, timed ? 1 : UINT64_MAX);
	}
}

int weft__os_poll(struct pollfd *fds, size_t n, uint64_t deadline)
{
	(void)n, (void)deadline;
	return weft__load_acq(&socket_word[fds->fd]) & SHUT ? 1 : 0;
}

/* --- ends, and their semaphores --- */

static _Alignas(64) char storage[2][sizeof(struct weft_chan) + sizeof(struct weft__shared_end)];
static weft__a32 sem_word[2][3];

static struct weft_chan *end_of(unsigned i)
{
	return (struct weft_chan *)(void *)storage[i];
}

static weft__a32 *word_of(const struct weft_sem *sem)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct weft__shared_end *end = weft__shared_end_of(end_of(i));
		if (sem == &end->again)
			return &sem_word[i][2];
		if (sem == &end->turn[0] || sem == &end->turn[1])
			return &sem_word[i][sem - end->turn];
	}
	return NULL;
}

int weft_sem_acquire_timeout(struct weft_sem *sem, uint64_t nanoseconds)
{
	weft__a32 *word = word_of(sem);
	bool timed = nanoseconds != WEFT_FOREVER, over = false;
	for (;; over = timed) {
		uint32_t n = weft__load_acq(word);
		while (n)
			if (weft__cas_acqrel(word, &n, n - 1))
				return 0;
		if (over)
			return -ETIMEDOUT;
		(void)weft__os_futex_wait(word, 0, timed ? 1 : UINT64_MAX);
	}
}

int weft_sem_release(struct weft_sem *sem, uint32_t n)
{
	(void)weft__add_acqrel(word_of(sem), n);
	weft__os_futex_wake(word_of(sem), 1);
	return 0;
}

/* --- what is run --- */

static unsigned sent, received;

void model_before(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct weft_chan *chan = end_of(i);
		struct weft__shared_end *end = weft__shared_end_of(chan);
		chan->element_size = 8;
		chan->capacity = 1;
		end->memory = &memory.memory;
		end->wake = (int)i;
		for (unsigned kind = 0; kind < 2; kind++) {
			unsigned flow = kind == WEFT_SEND ? i : !i;
			end->flow[kind] = &memory.memory.flow[flow];
			end->ring[kind] = memory.memory.rings + flow * 8;
			end->ring_end[kind] = end->ring[kind] + 8;
			chan->side[kind].place = end->ring[kind];
			chan->side[kind].other = kind == WEFT_SEND ? (uint64_t)-1 : 0;
			weft__store_rlx(&sem_word[i][kind], 1);
		}
	}
}

static void send_one(unsigned i, uint64_t n, uint64_t nanoseconds)
{
	int err = weft__shared_send(end_of(i), &n, nanoseconds);
	MODEL_ASSERT(err == 0 || err == -EPIPE || (err == -ETIMEDOUT && nanoseconds != WEFT_FOREVER));
	sent += err == 0;
}

/* False: no more comes. */
static bool recv_one(unsigned i, uint64_t *next, uint64_t nanoseconds)
{
	uint64_t n = 0;
	int err = weft__shared_recv(end_of(i), &n, nanoseconds);
	if (err)
		return false;
	received++;
	MODEL_ASSERT(n >= *next && n < SENDS);
	*next = n + 1;
	return true;
}

static void send_all(unsigned i, uint64_t nanoseconds)
{
	for (uint64_t n = 0; n < SENDS; n++)
		send_one(i, n, nanoseconds);
}

#if defined MODEL_SHARED_CLOSE
void model_thread(unsigned index)
{
	uint64_t next = 0;
	if (index == 0)
		send_all(0, WEFT_FOREVER);
	else if (index == 1)
		while (recv_one(1, &next, WEFT_FOREVER))
			MODEL_ASSERT(next == received);
	else {
		weft__shared_close(end_of(model_choose(2)));
		weft__shared_probe(weft__shared_end_of(end_of(1)));
	}
}
#elif defined MODEL_SHARED_TIMED
void model_thread(unsigned index)
{
	uint64_t next = 0;
	if (index == 0)
		send_all(0, WEFT_FOREVER);
	else if (index == 1)
		while (next < SENDS)
			MODEL_ASSERT(recv_one(1, &next, 1) || recv_one(1, &next, WEFT_FOREVER));
	else
		send_all(1, 1);
}
#elif defined MODEL_SHARED_CROWD
void model_thread(unsigned index)
{
	uint64_t next = 0;
	if (index == 0)
		send_all(0, WEFT_FOREVER);
	else
		MODEL_ASSERT(recv_one(1, &next, index == 3 ? 1 : WEFT_FOREVER) || index == 3);
}
#else
void model_thread(unsigned index)
{
	uint64_t next = 0;
	if (index < 2)
		send_all(index, WEFT_FOREVER);
	else
		while (next < SENDS)
			MODEL_ASSERT(recv_one(index - 2, &next, WEFT_FOREVER));
}
#endif

void model_resumed(unsigned index)
{
	(void)index;
}

void model_after(void)
{
	bool closed = weft__load_rlx(&socket_word[0]) & SHUT; /* then all was received */
	for (unsigned i = 0; i < 2 && !closed; i++) {
		uint64_t next = 0;
		while (recv_one(i, &next, 0))
			;
	}
	MODEL_ASSERT(sent == received);
}
