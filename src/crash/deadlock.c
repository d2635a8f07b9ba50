/* SPDX-License-Identifier: MIT */
/*
 * When all threads wait for ever. The monitor asks when all workers sleep. It is so if
 *
 *   - some thread is alive, no worker has a timer, nothing is runnable, no call on a descriptor is in progress;
 *   - each kernel thread of the process is a worker, the monitor, one of the blocking pool that has nothing to do, or waits
 *     inside weft without a time limit, not woken.
 *
 * Then nobody is left who could change anything. (A signal handler could: who means it to chooses another policy.) Since
 * these things cannot be looked at all in one moment, it has to be found so twice, with no thread dispatched between.
 */
#include "src/crash/deadlock.h"

#include <stdlib.h>
#include <unistd.h>

#include "src/crash/cycle.h"
#include "src/crash/dump.h"
#include "src/io/blocking.h"
#include "src/os/clock.h"
#include "src/os/kthread.h"
#include "src/poll/poller.h"
#include "src/sched/injector.h"
#include "src/sched/worker.h"

#define AGAIN_NS 10000000u	/* to the second look */
#define OTHERS_NS 1000000000ull /* while other kernel threads are there; doubled at each look */
#define OTHERS_MAX_NS 64000000000ull

static struct {
	enum weft_deadlock policy;
	uint64_t dispatches; /* at the last look: all workers' */
	bool suspected, reported;
	uint64_t patience;	 /* with other kernel threads */
	uint64_t mutexes_due;	 /* when they are to be looked at next */
	uint64_t mutexes_looked; /* all workers' dispatches then */
} watch;

void weft__deadlock_set(enum weft_deadlock policy)
{
	watch.policy = policy;
	watch.suspected = watch.reported = false;
	watch.patience = OTHERS_NS;
	watch.mutexes_due = watch.mutexes_looked = 0;
}

static uint64_t dispatches(void)
{
	uint64_t sum = 0;
	uint32_t n = weft__load_acq(&weft__pool.workers); /* order WORKERS */
	for (uint32_t i = 0; i < n; i++)
		sum += weft__load_rlx(&weft__load_acq(&weft__pool.worker[i])->dispatches); /* relaxed: they sleep */
	return sum;
}

/* One on its way to sleep counts as asleep before its last look at what it has, and may have lost its CPU there. */
static bool is_quiet(struct weft__worker *w)
{
	/* relaxed: it sleeps, or is seen once more */
	return weft__load_rlx(&w->deadline) == WEFT__NEVER && !weft__load_rlx(&w->inbox) && !weft__load_rlx(&w->next) &&
	       !weft__ring_count(&w->ready) && !weft__ring_count(&w->cont);
}

static bool all_quiet(void)
{
	uint32_t n = weft__load_acq(&weft__pool.workers); /* order WORKERS */
	for (uint32_t i = 0; i < n; i++)
		if (!is_quiet(weft__load_acq(&weft__pool.worker[i])))
			return false;
	return weft__load_acq(&weft__pool.sleepers) >= n && !weft__injector_count() && !weft__poller_waiting() &&
	       (weft__pool_alive() || weft__load_acq(&weft__pool.kernel_waiting));
}

static bool others_there(void)
{
	uint32_t ours = weft__load_acq(&weft__pool.workers) + 1 + weft__load_acq(&weft__pool.kernel_waiting) +
			weft__blocking_sleepers();
	return weft__os_kthreads() != ours;
}

static void report(void)
{
	weft__warn("deadlock: every thread waits, and nothing is left that could wake one");
	weft__dump(STDERR_FILENO);
	if (watch.policy == WEFT_DEADLOCK_ABORT)
		weft__panic("deadlock: the process is aborted; weft_config_set_deadlock chooses otherwise");
}

static uint64_t look_at_all(uint64_t now, uint64_t sum)
{
	bool changed = sum != watch.dispatches;
	watch.dispatches = sum;
	watch.reported &= !changed;
	if (watch.policy == WEFT_DEADLOCK_IGNORE || watch.reported || !all_quiet()) {
		watch.suspected = false;
		return WEFT__NEVER;
	}
	if (others_there()) {
		uint64_t again = now + watch.patience;
		watch.suspected = false;
		watch.patience = watch.patience < OTHERS_MAX_NS ? 2 * watch.patience : OTHERS_MAX_NS;
		return again;
	}
	watch.patience = OTHERS_NS;
	if (!watch.suspected || changed) {
		watch.suspected = true;
		return now + AGAIN_NS;
	}
	watch.reported = true;
	report();
	return WEFT__NEVER;
}

uint64_t weft__deadlock_look(uint64_t now)
{
	uint64_t sum = dispatches();
	uint64_t again = look_at_all(now, sum);
	bool mutexes = watch.policy != WEFT_DEADLOCK_IGNORE && sum != watch.mutexes_looked;
	return mutexes && watch.mutexes_due < again ? watch.mutexes_due : again;
}

void weft__deadlock_look_at_mutexes(uint64_t now)
{
	if (watch.policy == WEFT_DEADLOCK_IGNORE || now < watch.mutexes_due)
		return;
	uint64_t begun = weft__os_kthread_cpu_time();
	watch.mutexes_looked = dispatches();
	weft__mutex_cycles(STDERR_FILENO, true);
	uint64_t cost = weft__os_kthread_cpu_time() - begun;
	watch.mutexes_due = now + 1000000000u + 1000 * cost; /* a thousandth of the time at most */
}
