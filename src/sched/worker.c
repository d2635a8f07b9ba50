/* SPDX-License-Identifier: MIT */
/* Workers: made, run, freed. The loop below runs on the worker's own stack, whenever there is no thread to switch to.
 */
#include "src/sched/worker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "src/os/clock.h"
#include "src/os/kthread.h"
#include "src/os/memory.h"
#include "src/os/signal_stack.h"
#include "src/sched/dispatch.h"
#include "src/sched/idle.h"
#include "src/sched/injector.h"
#include "src/sched/monitor.h"
#include "src/sched/pinned.h"
#include "src/sched/spread.h"
#include "src/sched/steal.h"

struct weft__pool weft__pool;
static struct weft__lock growth; /* workers are made one at a time */

static bool init(struct weft__worker *w)
{
	w->looked = weft__os_alloc_zeroed(WEFT__ALL_WORKERS_MAX, sizeof *w->looked);
	if (!w->looked || !weft__ring_init(&w->cont, weft__tune.ring_initial) ||
	    !weft__ring_init(&w->ready, weft__tune.ring_initial))
		return false;
	return weft__timer_source->attach(w);
}

/* The worker itself stays, for its next life: a kernel thread outside the pool that is waking somebody may look at it,
 * by its counters, after the pool has stopped. */
static void destroy(struct weft__worker *w)
{
	weft__timer_source->detach(w);
	weft__ring_destroy(&w->ready);
	weft__ring_destroy(&w->cont);
	weft__os_free(w->looked);
}

/* From here on others may look at it: it stays until the pool stops. It counts as awake, and need not sleep before it
 * has work, so the monitor is roused for it. */
static void publish(struct weft__worker *w)
{
	weft__store_rel(&weft__pool.workers, w->index + 1); /* order WORKERS */
	weft__monitor_rouse();
}

static struct weft__worker *make(void)
{
	uint32_t index = weft__load_rlx(&weft__pool.workers);
	struct weft__worker *w = weft__load_rlx(&weft__pool.worker[index]); /* relaxed: under `growth`, or alone */
	if (!w)
		w = weft__os_alloc_aligned(_Alignof(struct weft__worker), sizeof *w);
	if (!w)
		return NULL;
	weft__store_rel(&weft__pool.worker[index], w); /* order WORKERS */
	*w = (struct weft__worker){ .index = index, .spin_ns = weft__tune.spin_ns };
	w->random = (weft__pool.seed + index) * 0x9e3779b97f4a7c15u | 1;
	weft__store_rlx(&w->deadline, WEFT__NEVER);
	weft__store_rlx(&w->stuck, UINT32_MAX);
	weft__store_rlx(&w->bias.attention, weft__load_rlx(&weft__pool.symmetric) ? WEFT__BIAS_SYMMETRIC : 0);
	weft__list_init(&w->sleeping);
	if (!init(w)) {
		destroy(w);
		return NULL;
	}
	return w;
}

struct weft__worker *weft__worker_new(void)
{
	struct weft__worker *w = make();
	if (w)
		publish(w);
	return w;
}

void weft__worker_free_all(void)
{
	for (uint32_t i = weft__load_acq(&weft__pool.workers); i-- > 0;) {
		struct weft__worker *w = weft__load_acq(&weft__pool.worker[i]);
		weft__add_acqrel(&weft__pool.spawned_outside, weft__load_acq(&w->spawned)); /* the sums stay equal */
		weft__add_acqrel(&weft__pool.ended_outside, weft__load_acq(&w->ended));
		destroy(w);
	}
	weft__store_rel(&weft__pool.workers, 0);
}

void weft__worker_forget(void)
{
	growth = (struct weft__lock){ 0 };
	memset(&weft__pool, 0, sizeof weft__pool);
}

static struct weft__worker *worker(uint32_t index)
{
	return weft__load_acq(&weft__pool.worker[index]); /* order WORKERS */
}

uint64_t weft__pool_alive(void)
{
	uint32_t n = weft__load_acq(&weft__pool.workers);
	uint64_t ended = weft__load_acq(&weft__pool.ended_outside), spawned = 0;
	/* What has ended is counted first: if the sums are equal, nothing was alive in between. */
	for (uint32_t i = 0; i < n; i++)
		ended += weft__load_acq(&worker(i)->ended); /* order ALIVE */
	for (uint32_t i = 0; i < n; i++)
		spawned += weft__load_acq(&worker(i)->spawned);
	return spawned + weft__load_acq(&weft__pool.spawned_outside) - ended;
}

bool weft__pool_close(void)
{
	uint32_t state = WEFT__POOL_RUNNING;
	if (!weft__cas_acqrel(&weft__pool.state, &state, WEFT__POOL_CLOSING))
		return false;
	weft__fence_full(); /* order STOP: against weft__pool_enter_outside, which counts and then looks at the state */
	bool empty = weft__pool_alive() == 0;
	weft__store_rel(&weft__pool.state, empty ? WEFT__POOL_STOPPING : WEFT__POOL_RUNNING); /* order STOP */
	return empty;
}

void weft__worker_shed(struct weft__worker *w, uint32_t continuations)
{
	struct weft__thread *t;
	if ((t = weft__load_rlx(&w->next)))
		weft__injector_push(t);
	weft__store_rlx(&w->next, NULL);
	while ((t = weft__ring_pop_front(&w->ready)))
		weft__injector_push(t);
	while (continuations-- > 0 && (t = weft__ring_pop_front(&w->cont)))
		weft__injector_push(t);
}

bool weft__token_take(struct weft__worker *w)
{
	uint32_t free = weft__load_rlx(&weft__pool.tokens);
	while ((int32_t)free > 0)
		if (weft__cas_acqrel(&weft__pool.tokens, &free, free - 1)) { /* order TOKEN */
			weft__store_rel(&w->token, WEFT__TOKEN_HELD);
			return true;
		}
	return false;
}

void weft__token_force(struct weft__worker *w)
{
	weft__sub_acqrel(&weft__pool.tokens, 1); /* order TOKEN */
	weft__store_rel(&w->token, WEFT__TOKEN_HELD);
}

/* Without a token nothing may run here, nor may it count as a searcher, whom others rely on. */
static void hand_over(struct weft__worker *w)
{
	weft__worker_enter(w);
	if (weft__load_rlx(&w->deadline) <= weft__os_now())
		weft__timer_source->collect(w, false);
	weft__worker_shed(w, UINT32_MAX);
	weft__worker_leave(w);
	weft__search_end(w);
	if (weft__injector_count())
		weft__wake_one();
}

static bool has_token(struct weft__worker *w)
{
	if (weft__load_acq(&w->token) == WEFT__TOKEN_HELD || weft__token_take(w))
		return true;
	if (!weft__pinned_any(w))
		return false;
	weft__token_force(w);
	return true;
}

bool weft__pool_drained(void)
{
	if (!weft__load_acq(&weft__pool.draining))
		return false;
	weft__fence_full(); /* order STOP: of those that end the last two threads, one sees both counts */
	return weft__pool_alive() == 0;
}

/* A pool that drains stops when the last thread has ended: whoever runs out of work looks. */
static void stop_if_drained(void)
{
	if (weft__pool_drained() && weft__pool_close())
		weft__wake_all();
}

static void loop(struct weft__worker *w)
{
	while (!weft__pool_stopping()) {
		struct weft__thread *t = has_token(w) ? weft__search(w) : NULL;
		if (t) {
			weft__worker_enter(w);
			weft__switch_from_idle(w, t);
			continue;
		}
		if (weft__load_acq(&w->token) != WEFT__TOKEN_HELD) /* order TOKEN: lost before the search, or in it */
			hand_over(w);
		stop_if_drained();
		if (!weft__pool_stopping())
			weft__sleep(w);
	}
}

void weft__worker_run(struct weft__worker *w)
{
	struct weft__signal_stack old;
	weft__os_signal_stack_set(&old, NULL);
	unsigned long slack = weft__os_timer_slack(1); /* threads sleep by this worker's timers */
	weft__san_own_stack(&w->own);
	w->kthread_id = weft__os_kthread_id();
	w->thrown = weft__thrown_here();
	weft__arch_set_worker(w);
	weft__spread_begin(w);
	loop(w);
	weft__spread_end(w);
	if (w->searching) /* woken to search, it found the pool stopped; the count outlives the pool */
		weft__sub_acqrel(&weft__pool.searching, 1);
	weft__arch_set_worker(NULL);
	weft__record_flush(&w->records);
	weft__stack_cache_flush(&w->stacks);
	weft__os_timer_slack(slack);
	weft__os_signal_stack_free(weft__os_signal_stack_restore(&old));
}

static sigset_t blocked; /* signals, in each worker */

void weft__worker_inherit(void)
{
	blocked = weft__os_signals_blocked();
}

static void *kthread_main(void *arg)
{
	struct weft__worker *w = arg;
	char name[16];
	snprintf(name, sizeof name, "weft-%u", (unsigned)w->index);
	weft__os_kthread_name(name);
	weft__os_signals_block(&blocked);
	weft__lock(&growth); /* until it is published */
	weft__unlock(&growth);
	weft__worker_run(w);
	return NULL;
}

int weft__worker_start(void)
{
	int err = -ENOMEM;
	weft__lock(&growth);
	struct weft__worker *w = weft__load_rlx(&weft__pool.workers) < WEFT__ALL_WORKERS_MAX ? make() : NULL;
	if (w && (err = weft__os_kthread_start(&w->kthread, kthread_main, w, 0, false, true)))
		destroy(w);
	else if (w)
		publish(w);
	weft__unlock(&growth);
	return err;
}
