/* SPDX-License-Identifier: MIT */
/* Searching, sleeping and waking; the protocol is in idle.h. */
#include "src/sched/idle.h"

#include "src/os/barrier.h"
#include "src/os/clock.h"
#include "src/sched/dispatch.h"
#include "src/sched/gather.h"
#include "src/sched/injector.h"
#include "src/sched/monitor.h"
#include "src/sched/pinned.h"
#include "src/sched/spread.h"
#include "src/sched/steal.h"

/* What a waker leaves in a sleeper's `wake`, for what it has done on its behalf. */
enum { NOT_WOKEN, WOKEN_TO_SEARCH, WOKEN_WITH_TOKEN, WOKEN_TO_STOP };

bool weft__work_visible(void)
{
	if (weft__injector_count())
		return true;
	uint32_t n = weft__load_acq(&weft__pool.workers); /* order WORKERS */
	for (uint32_t i = 0; i < n; i++) {
		struct weft__worker *w = weft__load_acq(&weft__pool.worker[i]);
		if (weft__ring_count(&w->ready) > 0 || weft__ring_count(&w->cont) > 1)
			return true;
	}
	return false;
}

/* Off the list of sleepers, under its lock. */
static void unlist(struct weft__worker *w)
{
	weft__list_remove(&w->sleeping);
	weft__store_rlx(&w->asleep, 0);
	weft__sub_acqrel(&weft__pool.sleepers, 1);
}

/* It is off the list. Where it sleeps stood fast while it was on it, and may change once it is told. */
static void rouse(struct weft__worker *w, uint32_t how)
{
	bool polls = w->polls;
	weft__store_rel(&w->wake, how); /* order WAKE */
	if (polls)
		weft__poller_source->wake(w);
	else
		weft__os_futex_wake(&w->wake, 1);
}

/* This one, or if it is NULL the latest; with a token. NULL: there is none. */
static struct weft__worker *pop_sleeper(struct weft__worker *w)
{
	weft__lock(&weft__pool.sleep_lock);
	bool any = !weft__list_empty(w ? &w->sleeping : &weft__pool.asleep);
	if (any && !w)
		w = weft__container(weft__pool.asleep.next, struct weft__worker, sleeping);
	bool taken = any && weft__token_take(w);
	if (taken)
		unlist(w);
	weft__unlock(&weft__pool.sleep_lock);
	return taken ? w : NULL;
}

/*
 * Leave the searchers to do something else than step 2. Whoever made work runnable and saw `searching` as it was has
 * left that work to us, so the last one looks once more.
 */
static void leave_searchers(void)
{
	if (weft__sub_acqrel(&weft__pool.searching, 1) != 1) /* order SEARCH */
		return;
	weft__fence_full(); /* order SEARCH: a sleeper not seen here has its step 4 still before it */
	if (!weft__load_rlx(&weft__pool.sleepers) || (int32_t)weft__load_rlx(&weft__pool.tokens) <= 0)
		return;
	weft__os_barrier(); /* order SEARCH: against the light fence of the submitter */
	if (weft__work_visible())
		weft__wake_one();
}

bool weft__wake_searcher(struct weft__worker *w)
{
	uint32_t none = 0;
	weft__fence_full(); /* order SEARCH: the work is visible before `searching` is looked at */
	if (!weft__cas_acqrel(&weft__pool.searching, &none, 1)) /* order SEARCH: one wake in flight */
		return true;
	w = pop_sleeper(w);
	if (!w) {
		leave_searchers();
		return false;
	}
	rouse(w, WOKEN_TO_SEARCH); /* it owns a token and counts as searching */
	return true;
}

void weft__wake_worker(struct weft__worker *w)
{
	weft__lock(&weft__pool.sleep_lock);
	bool listed = !weft__list_empty(&w->sleeping);
	if (listed) {
		unlist(w);
		weft__token_force(w);
	}
	weft__unlock(&weft__pool.sleep_lock);
	if (!listed)
		return;
	rouse(w, WOKEN_WITH_TOKEN);
}

void weft__wake_to_poll(void)
{
	weft__fence_full(); /* order POLLED: the descriptor is counted before we look who sleeps */
	if (weft__load_rlx(&weft__pool.sleepers) && !weft__load_rlx(&weft__pool.polling))
		weft__wake_one();
}

void weft__wake_all(void)
{
	weft__lock(&weft__pool.sleep_lock);
	while (!weft__list_empty(&weft__pool.asleep)) {
		struct weft__worker *w = weft__container(weft__pool.asleep.next, struct weft__worker, sleeping);
		unlist(w);
		rouse(w, WOKEN_TO_STOP);
	}
	weft__unlock(&weft__pool.sleep_lock);
}

static struct weft__thread *look(struct weft__worker *w)
{
	weft__worker_enter(w);
	struct weft__thread *t = weft__look_around(w);
	weft__worker_leave(w);
	return t || weft__load_rlx(&w->token) != WEFT__TOKEN_HELD ? t : weft__steal(w);
}

static bool worth_spinning(const struct weft__worker *w)
{
	if (weft__poller_is_free(w) && !w->expects_inbox)
		return false; /* there is a better place to wait for most of what could come */
	return w->searching || w->expects_inbox || weft__pool.parallelism == 1 ||
	       2 * weft__load_rlx(&weft__pool.searching) < weft__pool.parallelism;
}

/* A spin that found work is worth repeating; one in vain is halved, for waking costs less than spinning in vain. */
static void adapt(struct weft__worker *w, bool found)
{
	uint32_t least = weft__tune.spin_ns / 16;
	w->expects_inbox &= found;
	w->spin_ns = found ? weft__tune.spin_ns : w->spin_ns / 2 > least ? w->spin_ns / 2 : least;
}

static struct weft__thread *spin(struct weft__worker *w)
{
	uint64_t end = weft__os_now() + w->spin_ns;
	struct weft__thread *t = NULL;
	w->quiet = false;
	if (!w->searching && !w->expects_inbox) {
		weft__add_acqrel(&weft__pool.searching, 1); /* order SEARCH */
		w->searching = true;
	}
	do {
		for (unsigned i = 0; i < 20 && !weft__pinned_any(w); i++)
			weft__cpu_relax();
		t = look(w);
	} while (!t && weft__os_now() < end && !weft__pool_stopping() && weft__load_rlx(&w->token) == WEFT__TOKEN_HELD);
	adapt(w, t != NULL);
	return t;
}

/* While its inbox may be filled in a moment it does not look elsewhere first: that takes the cache lines of the lanes from a
 * worker which is about to fill it. */
struct weft__thread *weft__search(struct weft__worker *w)
{
	w->spins = worth_spinning(w);
	struct weft__thread *t = w->expects_inbox && !weft__pinned_any(w) ? NULL : look(w);
	if (!t && worth_spinning(w))
		t = spin(w);
	if (w->searching) {
		w->searching = false;
		if (t)
			leave_searchers();
		else
			weft__sub_acqrel(&weft__pool.searching, 1); /* order SEARCH: step 1, the others follow */
	}
	return t;
}

void weft__search_end(struct weft__worker *w)
{
	if (!w->searching)
		return;
	w->searching = false;
	leave_searchers();
}

static void list_asleep(struct weft__worker *w)
{
	weft__store_rlx(&w->wake, NOT_WOKEN); /* relaxed: published by the lock */
	uint32_t held = WEFT__TOKEN_HELD;
	bool give_back = weft__cas_acqrel(&w->token, &held, WEFT__TOKEN_NONE); /* order TOKEN: it may be lost */
	weft__lock(&weft__pool.sleep_lock);
	w->polls = weft__poller_is_free(w);
	if (w->polls) {
		w->quiet = w->collected <= 1;
		weft__store_rlx(&weft__pool.polling, 1); /* relaxed: as asleep */
		weft__list_push_back(&weft__pool.asleep,
				     &w->sleeping); /* who wakes somebody takes another if there is one */
	} else {
		weft__list_push_front(&weft__pool.asleep, &w->sleeping);
	}
	weft__store_rlx(&w->asleep, 1); /* relaxed: the fence that follows orders it */
	weft__add_acqrel(&weft__pool.sleepers, 1);
	if (give_back)
		weft__add_acqrel(&weft__pool.tokens, 1);
	else
		weft__store_rlx(&w->token, WEFT__TOKEN_NONE);
	weft__unlock(&weft__pool.sleep_lock);
}

/* True if nobody had woken it yet. */
static bool unlist_self(struct weft__worker *w)
{
	weft__lock(&weft__pool.sleep_lock);
	bool listed = !weft__list_empty(&w->sleeping);
	if (listed)
		unlist(w);
	if (w->polls)
		weft__store_rlx(&weft__pool.polling, 0); /* relaxed: written under the lock; a hint to the others */
	weft__unlock(&weft__pool.sleep_lock);
	return listed;
}

/* On its futex it was woken for its inbox sooner than the longest spin would have ended: so it spins for that long again. Two that answer
 * each other would else sleep at each turn once they do, as a sleeping CPU takes longer to wake than the shortest spin. */
static void adapt_to_sleep(struct weft__worker *w, uint64_t slept)
{
	if (weft__pinned_any(w) && slept < weft__tune.spin_ns)
		w->spin_ns = weft__tune.spin_ns;
}

/* Until woken, or a timer is due; in the poller, or something has come. */
static void wait(struct weft__worker *w)
{
	while (weft__load_acq(&w->wake) == NOT_WOKEN) /* order WAKE */
		if (w->polls) {
			uint64_t begin = weft__gather_begin(w);
			weft__poller_source->sleep(w, weft__load_rlx(&w->deadline));
			if (!weft__gather(w, begin))
				return;
		} else {
			uint64_t begin = weft__os_now();
			bool woken = weft__spread_wait(w, NOT_WOKEN);
			adapt_to_sleep(w, weft__os_now() - begin);
			if (!woken)
				return;
		}
}

/*
 * Step 3. Light fences are those of workers: while there is no other, nobody has made one. But where descriptors are busy a
 * lone worker takes its time all the same: more of them become ready meanwhile, it need not sleep, and batches stay large. At
 * 50 connections that is 5 % of the CPU time of an echo, and a pause of 3 us instead does not do as well.
 */
static void fence_against_workers(struct weft__worker *w)
{
	weft__fence_full(); /* order SEARCH: a worker that is not counted here sees us listed */
	bool busy = w->polls && !w->quiet && !weft__load_rlx(&w->requests);
	if (weft__load_acq(&weft__pool.workers) > 1 || busy) /* order WORKERS */
		weft__os_barrier();
}

void weft__sleep(struct weft__worker *w)
{
	bool can_run = weft__load_rlx(&w->token) == WEFT__TOKEN_HELD;
	list_asleep(w);
	fence_against_workers(w);
	bool work = can_run && weft__work_visible();
	bool stay = w->polls || !weft__poller_is_free(w); /* order POLLED: after the barrier */
	if (stay && !work && !weft__pinned_any(w) && !weft__pool_drained() && !weft__pool_stopping())
		wait(w);
	if (!unlist_self(w)) {
		uint32_t how;
		while ((how = weft__load_acq(&w->wake)) ==
		       NOT_WOKEN) /* order WAKE: it is off the list, so this is on its way */
			weft__cpu_relax();
		w->searching = how == WOKEN_TO_SEARCH;
	} else if (work) {
		/* Left to us when we were a searcher. We are one again, lest only the first of it is found. */
		weft__add_acqrel(&weft__pool.searching, 1); /* order SEARCH */
		w->searching = true;
	}
	weft__monitor_rouse();
}
