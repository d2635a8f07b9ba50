/* SPDX-License-Identifier: MIT */
/*
 * Model: waits for descriptors by edges (src/poll/fd.h, src/io/io.c), which the poller on epoll reports. The
 * threads are bound, so no worker is needed: what is different for green ones is in the models of park.c.
 *
 * Two threads each take one thing from a descriptor, as accept does. One puts one there, and then another, or
 * closes the descriptor. The kernel tells the collector, once for two things or twice. Checked: nobody sleeps
 * while there is something for it (else a deadlock); a close ends all waits, and acts when all calls are out.
 *
 * MODEL_EDGE_ANY: one thread waits for any of two descriptors, some of its waits with a time limit; of each
 * another reports an edge, and something has come before it. Checked: no edge is missed (else a deadlock); each
 * wait is ended once; nobody looks into one that is over.
 */
#include <errno.h>

#include "src/io/io.h"
#include "src/poll/entry.h"
#include "src/poll/epoll.h"
#include "src/poll/outside.h"
#include "src/poll/poller.h"
#include "src/sched/idle.h"
#include "tests/model/os.h"

#ifdef MODEL_EDGE_ANY
enum { WAITER, SENDER, OTHER_SENDER, THREADS, FDS = 2 };
#else
enum { WAITER, OTHER_WAITER, SENDER, COLLECTOR, THREADS, FDS = 1, WAITERS = 2 };
#endif

const unsigned model_threads = THREADS;
struct weft__tune weft__tune;
struct weft__pool weft__pool;

static struct weft__thread thread[THREADS];

/* The kernel. Its steps are single ones: nobody goes on in between. */
static struct {
	unsigned there, taken; /* things */
	unsigned edges;	       /* to be reported */
	bool armed, closed;
} kernel[FDS];

static bool tried[THREADS];
static unsigned tries;	/* the senders begin after some, for their steps are few */
static weft__a32 calls; /* counts what the collector is to look for */

/* --- the parts that no model is about --- */

void weft__wake_to_poll(void)
{
}

void weft__take_turns(void)
{
}

int weft_yield(void)
{
	return 0; /* the caller goes on to weft__os_relax */
}

bool weft__outside_kick(void)
{
	return false; /* all are inside */
}

int weft__epoll_begin(void)
{
	return 0;
}

static void call_collector(void)
{
	weft__add_acqrel(&calls, 1);
	weft__os_futex_wake(&calls, 1);
}

/* Reports what is there already. */
int weft__epoll_arm(int fd, uint32_t generation, unsigned ways, bool known)
{
	MODEL_ASSERT(!kernel[fd].closed && ways == 1u << WEFT__INPUT && generation == 0);
	(void)known;
	kernel[fd].armed = true;
	kernel[fd].edges += kernel[fd].there > kernel[fd].taken;
	call_collector();
	return 0;
}

/* Edges that have been collected by now are still reported. */
void weft__epoll_disarm(int fd)
{
	MODEL_ASSERT(kernel[fd].armed && !kernel[fd].closed);
	kernel[fd].armed = false;
}

int weft__os_close(int fd)
{
	MODEL_ASSERT(!kernel[fd].armed && !kernel[fd].closed);
	kernel[fd].closed = true;
	return 0;
}

static void lose_cpu(void)
{
	for (unsigned i = model_choose(2) * model_choose(16); i > 0; i--)
		model_yield(MODEL_HERE);
}

/*
 * A call that goes on when the number is closed would go on with another descriptor; one that has just come in is
 * told.
 */
static ssize_t take(struct weft__io *io, struct weft__fd *e)
{
	(void)e;
	if (kernel[io->fd].closed) {
		MODEL_ASSERT(!tried[model_self()]);
		return -EBADF;
	}
	tried[model_self()] = true;
	tries++;
	if (kernel[io->fd].taken == kernel[io->fd].there) {
		lose_cpu();
		return -EAGAIN;
	}
	kernel[io->fd].taken++;
	return 1;
}

static void await_any_of(unsigned most)
{
	unsigned until = model_choose(most + 1);
	while (tries < until)
		model_yield(MODEL_HERE);
	lose_cpu();
}

void model_before(void)
{
	static struct weft__fd entries[1 << WEFT__FD_CHUNK_LOG2];
	weft__store_rlx(&weft__fd_chunks[0], entries);
	for (unsigned i = 0; i < THREADS; i++)
		thread[i].kind = WEFT__BOUND;
	weft__store_rlx(&entries[0].kind, WEFT__FD_SOCKET);
	weft__poller_choose(WEFT_IO_EPOLL);
	MODEL_ASSERT(weft__poller_begin() == 0);
}

void model_resumed(unsigned index)
{
	weft__set_kernel_self(&thread[index]);
}

static void report(int fd, struct weft__list *woken)
{
	weft__list_init(woken);
	weft__fd_edge(fd, 0, WEFT__EDGE_INPUT, woken);
}

#ifndef MODEL_EDGE_ANY

static unsigned over, got;
static bool closing;

static void wait_for_one(void)
{
	struct weft__io io = { .try = take, .deadline = WEFT__NEVER };
	ssize_t n = weft__io_run(&io);
	MODEL_ASSERT(n == 1 || (n == -EBADF && closing));
	got += n == 1;
	over++;
	call_collector();
}

/* One edge, however many there are. */
static void put(unsigned n)
{
	kernel[0].there += n;
	kernel[0].edges += kernel[0].armed;
	call_collector();
}

static void send_or_close(void)
{
	unsigned how = model_choose(3);
	if (model_choose(2)) /* as an earlier call has left it */
		MODEL_ASSERT(weft__fd_arm(weft__fd_entry(0), 0, WEFT__INPUT, false) == 0);
	await_any_of(1); /* who finds it dry does not try */
	put(how == 0 ? 2 : 1);
	if (how == 1)
		put(1);
	if (how == 2) {
		closing = true;
		MODEL_ASSERT(weft__fd_close(0) == 0 && kernel[0].closed);
	}
}

static void collect(void)
{
	struct weft__list woken;
	for (;;) {
		uint32_t seen = weft__load_acq(&calls);
		if (kernel[0].edges) {
			kernel[0].edges--;
			report(0, &woken);
			weft__fd_ready(&woken);
		} else if (over < WAITERS) {
			weft__os_futex_wait(&calls, seen, UINT64_MAX);
		} else {
			return;
		}
	}
}

void model_thread(unsigned index)
{
	if (index < WAITERS)
		wait_for_one();
	else if (index == SENDER)
		send_or_close();
	else
		collect();
}

void model_after(void)
{
	MODEL_ASSERT(got == kernel[0].taken && (closing || got == WAITERS));
	for (int way = 0; way < 2; way++)
		MODEL_ASSERT(!weft__fd_entry(0)->waiters[way].next ||
			     weft__list_empty(&weft__fd_entry(0)->waiters[way]));
	MODEL_ASSERT(weft__load_rlx(&weft__fd_entry(0)->use) == 0);
}

#else

/* In a frame of who waits. */
struct frame {
	struct weft__fd_waiter waiter[FDS];
	struct weft__fd_set set;
	struct model_plain alive;
};

static struct frame *frame; /* whose wait it is */
static unsigned wakes;

static void make(struct frame *f)
{
	*f = (struct frame){ .set = { .n = FDS, .waiter = f->waiter } };
	for (int i = 0; i < FDS; i++)
		f->waiter[i] = (struct weft__fd_waiter){ .set = &f->set, .entry = weft__fd_entry(i) };
	frame = f;
	model_write(&f->alive, 1);
}

/* As weft_poll asks: the edges first. */
static bool ask(struct frame *f)
{
	bool found = false;
	tries++;
	for (int i = 0; i < FDS; i++)
		f->waiter[i].seen = weft__fd_look(weft__fd_entry(i), WEFT__INPUT);
	for (int i = 0; i < FDS; i++)
		for (; kernel[i].taken < kernel[i].there; found = true)
			kernel[i].taken++;
	return found;
}

/* Until it has found something on both. */
static void wait_for_any(void)
{
	static struct frame frames[2]; /* what is left behind in one that is over is not mended by the next */
	unsigned timed = 2;
	while (kernel[0].taken + kernel[1].taken < FDS) {
		struct frame *f = &frames[model_choose(2)];
		make(f);
		if (!ask(f)) {
			bool limited = timed && model_choose(2);
			timed -= limited;
			wakes = 0;
			int err = weft__fd_wait_any(&f->set, NULL, limited ? 1 : WEFT__NEVER);
			MODEL_ASSERT(err == 0 || (limited && err == -ETIMEDOUT));
			MODEL_ASSERT(wakes == 0 || (wakes == 1 && err == 0));
			for (int i = 0; i < FDS; i++)
				MODEL_ASSERT(!f->waiter[i].queued);
		}
		model_write(&f->alive, 0);
	}
}

static void come(int fd)
{
	struct weft__list woken;
	await_any_of(fd == 0 ? 1 : 2);
	kernel[fd].there++;
	report(fd, &woken);
	for (struct weft__thread *t; (t = weft__fd_woken(&woken));) {
		MODEL_ASSERT(t == &thread[WAITER] && model_read(&frame->alive));
		wakes++;
		weft__ready(t);
	}
}

void model_thread(unsigned index)
{
	if (index == WAITER)
		wait_for_any();
	else
		come((int)index - SENDER);
}

void model_after(void)
{
	MODEL_ASSERT(kernel[0].taken + kernel[1].taken == FDS);
}

#endif
