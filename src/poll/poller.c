/* SPDX-License-Identifier: MIT */
/* The poller as the scheduler sees it: its life, whose turn it is to sleep in it, and what it makes runnable. */
#include "src/poll/poller.h"

#include <errno.h>

#include "src/os/clock.h"
#include "src/os/lock.h"
#include "src/os/uring.h"
#include "src/poll/epoll.h"
#include "src/poll/fd.h"
#include "src/poll/refused.h"
#include "src/poll/request.h"
#include "src/poll/uring.h"
#include "src/sched/dispatch.h"
#include "src/sched/idle.h"
#include "weft/poller.h"

static struct {
	struct weft__lock lock; /* beginning and end */
	weft__a32 epoch;	/* 0 when there is none */
	uint16_t last;		/* the latest epoch; under lock */
	enum weft_io wanted;	/* set at start */
	weft__a32 is_uring;	/* the one that has begun, or did last; written under lock */
} poller;

void weft__poller_choose(enum weft_io io)
{
	poller.wanted = io;
}

bool weft__poller_is_uring(void)
{
	return weft__load_rlx(&poller.is_uring); /* relaxed: published by the epoch, or a fact */
}

int weft_io_features(struct weft_io_features *features)
{
	struct weft__os_uring_offer offer;
	if (!features)
		return -EINVAL;
	weft__os_uring_probe(&offer);
	*features = (struct weft_io_features){
		.poller = weft__poller_is_uring() ? WEFT_IO_URING : WEFT_IO_EPOLL,
		.uring_error = offer.error,
		.uring_setup = offer.setup,
		.uring_features = offer.features,
		.uring_last_op = offer.last_op,
	};
	return 0;
}

uint32_t weft__poller_epoch(void)
{
	return weft__load_acq(&poller.epoch); /* order POLLER */
}

static int begin(void)
{
	if (weft__load_rlx(&poller.epoch))
		return 0;
	int err = poller.wanted == WEFT_IO_EPOLL ? -ENOTSUP : weft__uring_begin();
	if (err && poller.wanted != WEFT_IO_EPOLL)
		weft__uring_refused(err);
	weft__store_rlx(&poller.is_uring, !err); /* relaxed: published by the epoch */
	if (err)
		err = weft__epoll_begin();
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
	if (weft__poller_is_uring())
		weft__uring_end();
	else
		weft__epoll_end();
	weft__store_rlx(&weft__pool.armed, 0); /* relaxed: under the lock, and nobody runs */
	weft__unlock(&poller.lock);
}

void weft__poller_forget(void)
{
	poller.lock = (struct weft__lock){ 0 };
	stop();
}

void weft__poller_armed(void)
{
	weft__add_acqrel(&weft__pool.armed, 1); /* order POLLED */
	if (!weft__worker())
		weft__wake_to_poll();
}

/* While somebody runs who is not a thread of this runtime, it may stop and another begin. */
void weft__poller_disarm(uint32_t epoch, int fd)
{
	if (!epoch)
		return;
	bool outside = !weft__self_or_null();
	if (outside)
		weft__lock(&poller.lock);
	if (epoch == weft__poller_epoch()) {
		weft__sub_acqrel(&weft__pool.armed, 1); /* order POLLED */
		if (fd >= 0)
			weft__epoll_disarm(fd);
	}
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

/* Requests that are over: into its lanes, or if it does not come to that into the injector. */
static unsigned finish(struct weft__worker *w, struct weft__list *done)
{
	struct weft__list woken;
	weft__list_init(&woken);
	weft__request_finish(done, &woken);
	return make_runnable(w, &woken);
}

/* What a worker's ring has completed. */
static unsigned reap(struct weft__worker *w, bool instead)
{
	struct weft__list done;
	weft__list_init(&done);
	weft__uring_reap(w, instead ? UINT32_MAX : weft__tune.uring_batch, &done);
	return finish(instead ? NULL : w, &done);
}

/* Those that are ready now have their turn before more is asked for. */
static void begin_round(struct weft__worker *w)
{
	w->round = weft__load_rlx(&w->dispatches) + weft__ring_count(&w->ready);
}

static bool look(struct weft__worker *w)
{
	unsigned n = reap(w, false);
	w->collected += n;
	if (n >= weft__tune.uring_batch)
		begin_round(w);
	return n > 0;
}

static bool attempt(struct weft__worker *w)
{
	struct weft__list done;
	weft__list_init(&done);
	weft__uring_try(w, &done);
	return finish(w, &done) > 0;
}

static bool collect(struct weft__worker *w)
{
	struct weft__list woken;
	if (weft__poller_epoch() && weft__poller_is_uring()) { /* `armed` and `requests` alone order nothing */
		weft__uring_enter(w, false, 0);
		bool any = look(w);
		begin_round(w);
		return any;
	}
	weft__list_init(&woken);
	if (weft__poller_epoch())
		weft__epoll_collect(&woken, 0);
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
	bool uring = weft__poller_epoch() && weft__poller_is_uring();
	weft__list_init(&woken);
	if (uring)
		weft__uring_enter(w, true, deadline);
	else if (weft__poller_epoch())
		weft__epoll_collect(&woken, deadline);
	weft__worker_enter(w);
	w->collected = uring ? reap(w, false) : make_runnable(w, &woken);
	begin_round(w);
	weft__worker_leave(w);
	if (uring || (w->quiet && w->collected <= 1))
		weft__store_rlx(&w->polled, weft__os_now()); /* relaxed: a hint to the monitor */
}

static void wake(struct weft__worker *w)
{
	if (!weft__poller_epoch())
		return;
	if (weft__poller_is_uring())
		weft__uring_wake(w);
	else
		weft__epoll_wake();
}

static bool stand_in(struct weft__worker *w)
{
	weft__uring_stand_in(w);
	return reap(w, true) > 0;
}

static const struct weft__poller_source source = { look, attempt, collect, sleep_in, wake, stand_in, stop };
const struct weft__poller_source *weft__poller_source = &source;
