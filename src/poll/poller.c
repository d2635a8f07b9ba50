/* SPDX-License-Identifier: MIT */
/* The poller as the scheduler sees it: its life, whose turn it is to sleep in it, and what it makes runnable. */
#include "src/poll/poller.h"

#include "src/base/panic.h"
#include "src/os/clock.h"
#include "src/os/lock.h"
#include "src/poll/fd.h"
#include "src/sched/dispatch.h"
#include "src/sched/idle.h"

static struct {
	struct weft__lock lock; /* beginning and end */
	weft__a32 epoch;	/* 0 when there is none */
	uint16_t last;		/* the latest epoch; under lock */
	const struct weft__poll_backend *backend;
} poller = { .backend = &weft__poll_epoll };

void weft__poller_choose(enum weft_io io)
{
	if (io == WEFT_IO_URING)
		weft__warn("io_uring was asked for, but this version of weft has no poller on it: epoll it is");
}

uint32_t weft__poller_epoch(void)
{
	return weft__load_acq(&poller.epoch); /* order POLLER */
}

static int begin(void)
{
	if (weft__load_rlx(&poller.epoch))
		return 0;
	int err = poller.backend->begin();
	if (err)
		return err;
	if (++poller.last == 0)
		poller.last = 1;
	weft__store_rel(&poller.epoch, poller.last); /* order POLLER */
	return 0;
}

int weft__poller_begin(void)
{
	if (weft__poller_epoch())
		return 0;
	weft__lock(&poller.lock);
	int err = begin();
	weft__unlock(&poller.lock);
	return err;
}

/* By the pool, when nothing is alive any more. */
static void stop(void)
{
	if (!weft__poller_epoch())
		return;
	weft__lock(&poller.lock);
	weft__store_rel(&poller.epoch, 0); /* order POLLER */
	poller.backend->end();
	weft__store_rlx(&weft__pool.armed, 0); /* relaxed: under the lock, and nobody runs */
	weft__unlock(&poller.lock);
}

int weft__poller_arm(int fd, uint32_t generation, unsigned ways, bool known)
{
	return poller.backend->arm(fd, generation, ways, known);
}

void weft__poller_armed(void)
{
	weft__add_acqrel(&weft__pool.armed, 1); /* order POLLED */
	if (!weft__worker())
		weft__wake_to_poll();
}

/* While somebody runs who is not a thread of this runtime, it may stop and another begin. */
void weft__poller_disarmed(uint32_t epoch)
{
	if (!epoch)
		return;
	bool outside = !weft__self_or_null();
	if (outside)
		weft__lock(&poller.lock);
	if (epoch == weft__poller_epoch())
		weft__sub_acqrel(&weft__pool.armed, 1); /* order POLLED */
	if (outside)
		weft__unlock(&poller.lock);
}

bool weft__poller_waiting(void)
{
	return weft__poller_epoch() && weft__fd_waiting();
}

static unsigned make_runnable(struct weft__worker *w, struct weft__list *woken)
{
	unsigned n = 0;
	for (struct weft__thread *t; (t = weft__fd_woken(woken)); n++)
		weft__ready_collected(w, t);
	return n;
}

static bool collect(struct weft__worker *w)
{
	struct weft__list woken;
	weft__list_init(&woken);
	if (weft__poller_epoch()) /* `armed` alone orders nothing */
		poller.backend->collect(&woken, 0);
	unsigned n = make_runnable(w, &woken);
	if (w)
		w->collected += n;
	return n > 0;
}

/* Where descriptors are busy there is more by now, and a large batch is cheaper than many small ones: so another look follows
 * soon. Where one thread at a time is woken there is not. */
static void sleep_in(struct weft__worker *w, uint64_t deadline)
{
	struct weft__list woken;
	weft__list_init(&woken);
	if (weft__poller_epoch())
		poller.backend->collect(&woken, deadline);
	weft__worker_enter(w);
	w->collected = make_runnable(w, &woken);
	weft__worker_leave(w);
	if (w->quiet && w->collected <= 1)
		weft__store_rlx(&w->polled, weft__os_now()); /* relaxed: a hint to the monitor */
}

static void wake(void)
{
	if (weft__poller_epoch())
		poller.backend->wake();
}

static const struct weft__poller_source source = { collect, sleep_in, wake, stop };
const struct weft__poller_source *weft__poller_source = &source;
