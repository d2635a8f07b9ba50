/* SPDX-License-Identifier: MIT */
/*
 * The monitor. Every 1 ms while it finds something to do, up to every 10 ms while it does not, it looks at each worker
 * that has dispatched nothing since the last look:
 *
 *   - work that others could take, and somebody asleep who could: wake one (nobody is woken for a lone continuation,
 *     so a spawner whose child turns out to be long waits here)
 *   - a timer overdue: seize the worker's lock and fire it into the injector
 *   - blocked in the kernel while work waits: take its token away, for a sleeping or a new worker to run that work.
 *     When the blocked worker comes back it finds its token gone at its next dispatch.
 *   - (once a look) work and a free token, and nobody asleep: after a while, one spare worker more
 *   - not looking at what its ring has completed, nor handing over what it is to: the monitor does, into the injector
 *   - busy, all of them, for so long that nobody has asked the poller: the monitor does, into the injector
 *   - running one thread on and on, nobody being asleep: what waits behind it goes to the injector, where the others look
 *
 * While all workers sleep, so does the monitor. It also has idle stacks give their pages back.
 */
#include "src/sched/monitor.h"

#include "src/os/clock.h"
#include "src/os/kthread.h"
#include "src/sched/idle.h"
#include "src/sched/injector.h"
#include "src/stack/stack.h"

static struct {
	pthread_t kthread;
	weft__a32 word; /* futex: 0 at work, 1 asleep until roused, 2 to stop */
	uint64_t trimmed;
	uint64_t idle_token_since; /* there has been work for it, and nobody; 0: not so */
	const struct weft__watch *watch;
} monitor;

static bool has_work(struct weft__worker *w)
{
	return weft__ring_count(&w->ready) || weft__ring_count(&w->cont) || weft__load_rlx(&w->next);
}

static bool fire_overdue(struct weft__worker *w, uint64_t now)
{
	if (weft__load_rlx(&w->deadline) > now || !weft__bias_seize(&w->bias))
		return false;
	weft__timer_source->collect(w, true);
	weft__bias_release(&w->bias);
	weft__wake_one();
	return true;
}

/* Move what is in the lanes of a worker that does not get to it to the injector: nobody may ever come to steal it, all others
 * being busy, and it may be just what the thread that holds the worker up waits for. */
static bool rescue(struct weft__worker *w, uint32_t continuations)
{
	if (!has_work(w) || !weft__bias_seize(&w->bias))
		return false;
	weft__worker_shed(w, continuations);
	weft__bias_release(&w->bias);
	weft__wake_one();
	return true;
}

void weft__monitor_add_spare(void)
{
	if (weft__load_rlx(&weft__pool.workers) < weft__pool.parallelism + weft__tune.spare_workers)
		(void)weft__worker_start(); /* else the token waits for the next worker that sleeps or returns */
}

/* Take the token of a worker that is blocked in the kernel, and see that somebody uses it. */
static void replace(struct weft__worker *w)
{
	uint32_t held = WEFT__TOKEN_HELD;
	if (!weft__cas_acqrel(&w->token, &held, WEFT__TOKEN_LOST)) /* order TOKEN */
		return;
	weft__bias_poke(&w->bias);
	weft__add_acqrel(&weft__pool.tokens, 1);
	(void)rescue(w, UINT32_MAX);
	if (weft__load_rlx(&weft__pool.sleepers))
		weft__wake_one();
	else
		weft__monitor_add_spare();
}

/* There is work and a token, but nobody to take them: of several who gave theirs up all counted on the same sleeper, or no
 * spare worker could be made then. One at a time, as one that is new needs a while to come to it. */
static bool stand_in(uint64_t now)
{
	if (!weft__injector_count() || (int32_t)weft__load_rlx(&weft__pool.tokens) <= 0 ||
	    weft__load_rlx(&weft__pool.sleepers)) {
		monitor.idle_token_since = 0;
		return false;
	}
	if (!monitor.idle_token_since)
		monitor.idle_token_since = now;
	if (now - monitor.idle_token_since < weft__tune.monitor_max_ns)
		return true;
	monitor.idle_token_since = now;
	weft__monitor_add_spare();
	return true;
}

/* It has requests on its ring, and neither sleeps there nor looks. */
static bool neglects_ring(struct weft__worker *w, uint64_t now)
{
	return weft__load_rlx(&w->requests) && !weft__load_rlx(&w->asleep) &&
	       now - weft__load_rlx(&w->polled) >= weft__tune.monitor_min_ns; /* relaxed, all: hints */
}

/* Has it gone on since the last look? */
static bool dispatches(struct weft__worker *w)
{
	return weft__load_acq(&w->token) == WEFT__TOKEN_HELD &&
	       weft__load_rlx(&w->dispatches) != w->monitored; /* relaxed: a hint */
}

/* One that goes on is told to look itself: the kernel completes what we hand over in our kernel thread, each time waking us. True:
 * it may go on like that. */
static bool stand_in_at_ring(struct weft__worker *w, uint64_t now)
{
	if (!neglects_ring(w, now))
		return false;
	if (dispatches(w)) {
		weft__bias_poke(&w->bias);
		return true;
	}
	if (weft__poller_source->stand_in(w)) {
		weft__bias_poke(&w->bias);
		weft__wake_one();
	}
	return true;
}

/* To ask takes long enough for it to go on, to run out of work, and to fall asleep: then that is what was seen. */
static bool is_blocked(struct weft__worker *w)
{
	return weft__tune.spare_workers && weft__os_kthread_blocked(w->kthread_id) &&
	       weft__load_rlx(&w->dispatches) == w->monitored && /* relaxed: a hint */
	       weft__load_acq(&w->token) == WEFT__TOKEN_HELD;
}

/* True if there was something to do. */
static bool look_at(struct weft__worker *w, uint64_t now)
{
	uint32_t dispatches = weft__load_rlx(&w->dispatches); /* relaxed: a hint */
	if (weft__load_acq(&w->token) != WEFT__TOKEN_HELD) {
		w->monitored = dispatches - 1; /* it wakes with no time behind it in which it was stuck */
		return (int)fire_overdue(w, now) | (int)rescue(w, UINT32_MAX);
	}
	bool stuck = dispatches == w->monitored;
	w->monitored = dispatches;
	if (!stuck)
		return false;
	weft__store_rlx(&w->stuck, dispatches); /* relaxed: a hint */
	bool found = fire_overdue(w, now);
	if (!has_work(w) && !weft__injector_count())
		return found;
	if (weft__load_rlx(&weft__pool.sleepers) && (int32_t)weft__load_rlx(&weft__pool.tokens) > 0)
		weft__wake_one();
	else if (is_blocked(w))
		replace(w);
	else if (weft__pool.parallelism > 1)
		(void)rescue(w, 1); /* as a thief would: depth first stays so, but for the oldest */
	return true;
}

/* Nobody sleeps in the poller. Has somebody asked it lately? If not, we do. True if so: it may go on like that. */
static bool poll_overdue(uint64_t now)
{
	uint32_t n = weft__load_acq(&weft__pool.workers); /* order WORKERS */
	if (!weft__load_rlx(&weft__pool.armed) || weft__load_rlx(&weft__pool.polling))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		struct weft__worker *w = weft__load_acq(&weft__pool.worker[i]); /* order WORKERS */
		if (now - weft__load_rlx(&w->polled) < weft__tune.monitor_min_ns)
			return false;
	}
	if (!weft__poller_source->collect(NULL))
		return true;
	for (uint32_t i = 0; i < n; i++) {
		struct weft__worker *w = weft__load_acq(&weft__pool.worker[i]); /* order WORKERS */
		weft__bias_poke(&w->bias);
	}
	weft__wake_one();
	return true;
}

static bool look_at_all(uint64_t now)
{
	bool found = poll_overdue(now);
	uint32_t n = weft__load_acq(&weft__pool.workers); /* order WORKERS */
	for (uint32_t i = 0; i < n; i++) {
		struct weft__worker *w = weft__load_acq(&weft__pool.worker[i]); /* order WORKERS */
		found |= stand_in_at_ring(w, now);
		found |= look_at(w, now);
	}
	found |= stand_in(now);
	return found;
}

static void trim(uint64_t now)
{
	if (now - monitor.trimmed < weft__tune.trim_ns)
		return;
	monitor.trimmed = now;
	weft__stack_trim();
}

/* All asleep, or none there yet: sleep until roused, having been seen to by those who wake or come meanwhile. */
static void sleep_if_all_do(void)
{
	uint32_t awake = 0;
	if (weft__load_acq(&weft__pool.sleepers) < weft__load_acq(&weft__pool.workers))
		return;
	if (!weft__cas_acqrel(&monitor.word, &awake, 1)) /* order ROUSE */
		return;
	weft__fence_full(); /* order ROUSE: against a change of either count and the look at the word that follows */
	if (weft__load_acq(&weft__pool.sleepers) < weft__load_acq(&weft__pool.workers)) {
		uint32_t asleep = 1;
		weft__cas_acqrel(&monitor.word, &asleep, 0);
		return;
	}
	monitor.idle_token_since = 0; /* it is roused while a worker wakes, and has not taken its token yet */
	uint64_t until = monitor.watch->all_asleep(weft__os_now());
	while (weft__load_acq(&monitor.word) == 1)
		if (!weft__os_futex_wait(&monitor.word, 1, until)) {
			uint32_t asleep = 1;
			weft__cas_acqrel(&monitor.word, &asleep, 0);
		}
}

void weft__monitor_rouse(void)
{
	uint32_t asleep = 1;
	weft__fence_full(); /* order ROUSE */
	if (weft__load_rlx(&monitor.word) == 1 && weft__cas_acqrel(&monitor.word, &asleep, 0))
		weft__os_futex_wake(&monitor.word, 1);
}

static void *monitor_main(void *arg)
{
	uint64_t period = weft__tune.monitor_min_ns;
	weft__os_kthread_name("weft-monitor");
	while (weft__load_acq(&monitor.word) != 2) {
		uint64_t now = weft__os_now();
		bool found = look_at_all(now);
		trim(now);
		monitor.watch->looked(now);
		period = found ? weft__tune.monitor_min_ns : period * 2;
		if (period > weft__tune.monitor_max_ns)
			period = weft__tune.monitor_max_ns;
		weft__os_futex_wait(&monitor.word, 0, now + period);
		sleep_if_all_do();
	}
	return arg;
}

int weft__monitor_start(const struct weft__watch *watch)
{
	monitor.watch = watch;
	weft__store_rel(&monitor.word, 0);
	monitor.trimmed = weft__os_now();
	monitor.idle_token_since = 0;
	return weft__os_kthread_start(&monitor.kthread, monitor_main, NULL, 0, false, true);
}

void weft__monitor_stop(void)
{
	weft__store_rel(&monitor.word, 2);
	weft__os_futex_wake(&monitor.word, 1);
	pthread_join(monitor.kthread, NULL);
}
