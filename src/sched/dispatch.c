/* SPDX-License-Identifier: MIT */
/* The look around: what a worker does once in K dispatches, and whenever it has run out of work. */
#include "src/sched/dispatch.h"

#include "src/os/clock.h"
#include "src/sched/cancel.h"
#include "src/sched/idle.h"
#include "src/sched/injector.h"

void weft__ready_inside(struct weft__worker *w, struct weft__thread *t)
{
	if (weft__unlikely(t->kind != WEFT__GREEN) || !weft__ring_push(&w->ready, t))
		weft__injector_push(t);
}

void weft__ready_collected(struct weft__worker *w, struct weft__thread *t)
{
	weft__wait_over(t);
	if (weft__unlikely(!weft__is_green(t)))
		weft__ready_kernel(t);
	else if (w)
		weft__ready_inside(w, t);
	else
		weft__injector_push(t);
}

static void collect_timers(struct weft__worker *w)
{
	uint64_t deadline = weft__load_rlx(&w->deadline);
	if (deadline != WEFT__NEVER && deadline <= weft__os_now())
		weft__timer_source->collect(w, false);
}

static bool has_nothing(struct weft__worker *w)
{
	return !weft__load_rlx(&w->next) && !weft__ring_count(&w->ready) && !weft__ring_count(&w->cont) &&
	       !weft__pinned_any(w);
}

static bool asked_lately(struct weft__worker *w, uint64_t period)
{
	uint64_t now = weft__os_now();
	if (now - weft__load_rlx(&w->polled) < period)
		return true;
	weft__store_rlx(&w->polled, now); /* relaxed: a hint to the monitor */
	return false;
}

/* Descriptors are armed. One that has nothing to run, and would ask in vain by what was last, asks by going to sleep there at once. */
static void ask_poller(struct weft__worker *w)
{
	bool nothing = has_nothing(w);
	if (nothing && w->quiet && w->collected <= 1 && weft__poller_is_free(w))
		return;
	if (!asked_lately(w, weft__tune.poll_ns) || nothing)
		(void)weft__poller_source->collect(w);
}

/* All that was ready at the last batch has had its turn, or is elsewhere. */
static bool round_is_over(struct weft__worker *w)
{
	return (int32_t)(weft__load_rlx(&w->dispatches) - w->round) >= 0 || has_nothing(w);
}

/* Requests are on its ring. Before the round is over no more is taken or asked for: that would only stand behind the others, its
 * data in its buffer, and be out of the caches when it comes to run. It hands over and sleeps by one system call, so one that is
 * on its way to sleep does neither yet, but for what is more than a batch. */
static void ask_ring(struct weft__worker *w)
{
	bool sleeps = !w->current && !w->searching && !w->expects_inbox, over = round_is_over(w);
	if (over)
		(void)weft__poller_source->look(w);
	if (sleeps && has_nothing(w) && weft__poller_source->attempt(w))
		return;
	bool starves = weft__load_rlx(&w->queued) > weft__tune.uring_batch && has_nothing(w); /* relaxed: a hint */
	uint64_t period = starves ? 0 : over ? weft__tune.poll_ns : weft__tune.monitor_min_ns;
	if ((starves || !sleeps) && !asked_lately(w, period))
		(void)weft__poller_source->collect(w);
}

static void age(struct weft__worker *w)
{
	if (++w->looks % weft__tune.age_period)
		return;
	struct weft__thread *oldest = weft__ring_pop_front(&w->cont);
	if (oldest)
		weft__ready_inside(w, oldest);
}

static struct weft__thread *pop_ready(struct weft__worker *w)
{
	uint32_t n = weft__ring_count(&w->ready);
	if (weft__unlikely(weft__tune.choose != NULL) && n > 0)
		weft__ring_to_front(&w->ready, weft__tune.choose(n));
	return weft__ring_pop_front(&w->ready);
}

struct weft__thread *weft__look_around(struct weft__worker *w)
{
	if (weft__unlikely(weft__load_acq(&w->token) == WEFT__TOKEN_LOST)) /* order TOKEN */
		return NULL;
	struct weft__thread *next = weft__load_rlx(&w->next);
	collect_timers(w);
	weft__injector_take(w);
	if (weft__load_rlx(&w->requests)) /* relaxed, both: who waits here has done so here */
		ask_ring(w);
	else if (weft__load_rlx(&weft__pool.armed))
		ask_poller(w);
	if (next) {
		weft__store_rlx(&w->next, NULL);
		weft__ready_inside(w, next);
	}
	age(w);
	struct weft__thread *t = w->looks & 1 ? weft__pinned_pop(w) : NULL;
	if (!t)
		t = pop_ready(w);
	if (!t)
		t = weft__pinned_pop(w);
	if (weft__unlikely(!weft__ring_has_room(&w->ready))) /* as for a thread that yields it has to have */
		weft__injector_push(weft__ring_pop_back(&w->ready));
	if (weft__ring_count(&w->ready) > 0)
		weft__wake_if_asleep(); /* threads that yield and timers wake nobody by themselves */
	return t ? t : weft__ring_pop_back(&w->cont);
}
