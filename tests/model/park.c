/* SPDX-License-Identifier: MIT */
/*
 * Model: the permit (src/sched/park.c and the park word of record.h) with two threads that give it, one that takes it,
 * and timers that end some of its waits (src/time/sleep.c, timer.c). The taker is a green thread, which may be resumed
 * on another worker, or (MODEL_PARK_BOUND) a bound one.
 *
 * Checked: no permit is lost (the taker goes on till it has seen both: else a deadlock) or counts twice; each wait is
 * ended once (nothing runnable is left over); what a giver did before is seen by who took its permit.
 */
#include <errno.h>

#include "src/sched/dispatch.h"
#include "src/sched/idle.h"
#include "src/sched/park.h"
#include "src/sched/spawn.h"
#include "src/time/timer.h"
#include "tests/model/os.h"
#include "weft/thread.h"

enum { TAKER, GIVER, OTHER_GIVER, MONITOR, GIVERS = 2, WORKERS = 2 };

#ifdef MODEL_PARK_BOUND
enum { BOUND = 1 };
#else
enum { BOUND = 0 };
#endif

const unsigned model_threads = BOUND ? 3 : 4;
struct weft__tune weft__tune = { .ring_initial = 2, .ring_max = 2, .fair_period = 8, .age_period = 2 };
struct weft__pool weft__pool;

static struct weft__worker worker[WORKERS];
static struct weft__thread taker;
static struct model_plain payload[GIVERS];
static weft__a32 event; /* counts what may have made the taker runnable */
static unsigned woken;

void weft__wake_one(void)
{
	weft__add_acqrel(&event, 1);
	weft__os_futex_wake(&event, 1);
}

/* The taker's registers are saved: whoever finds it may resume it, and this here is the only one that looks. */
int weft__arch_switch_call(void **save, void *to, void (*after)(void *), void *arg)
{
	struct weft__worker *w = weft__worker();
	struct weft__thread *found = NULL;
	int result = 0;
	*save = &result;
	MODEL_ASSERT(to == NULL);
	after(arg);
	while (!found) {
		uint32_t seen = weft__load_acq(&event);
		weft__worker_enter(w);
		found = weft__look_around(w);
		weft__worker_leave(w);
		if (!found)
			weft__os_futex_wait(&event, seen, UINT64_MAX);
	}
	MODEL_ASSERT(found == &taker);
	w = &worker[model_choose(WORKERS)];
	weft__arch_set_worker(w);
	w->current = found;
	return result;
}

static void take(void)
{
	unsigned timed = 2;
	while (taker.seen < GIVERS * WEFT__PERMIT) {
		int err = timed && model_choose(2) ? timed--, weft_park_timeout(1) : weft_park();
		MODEL_ASSERT(err == 0 || err == -ETIMEDOUT);
		woken += err == 0;
	}
	for (unsigned i = 0; i < GIVERS; i++)
		MODEL_ASSERT(model_read(&payload[i]) == 1);
}

static void give(unsigned i)
{
	model_write(&payload[i], 1);
	MODEL_ASSERT(weft_unpark(taker.handle) == 0);
}

/* As the monitor does with a worker that does not. */
static void fire_overdue(struct weft__worker *w)
{
	model_clock += 1 << 20;
	if (!weft__bias_seize(&w->bias))
		return;
	weft__timer_source->collect(w, true);
	weft__bias_release(&w->bias);
	weft__wake_one();
}

void model_before(void)
{
	struct weft__record_cache records = { 0 };
	weft__pool.parallelism = WORKERS;
	for (unsigned i = 0; i < WORKERS; i++) {
		worker[i].index = i;
		weft__ring_init(&worker[i].ready, 2);
		weft__ring_init(&worker[i].cont, 2);
		weft__store_rlx(&worker[i].token, WEFT__TOKEN_HELD);
		weft__store_rlx(&worker[i].deadline, WEFT__NEVER);
		weft__timer_source->attach(&worker[i]);
	}
	taker.kind = BOUND ? WEFT__BOUND : WEFT__GREEN;
	taker.record = weft__record_get(&records);
	taker.handle = weft__record_next_handle(taker.record);
	weft__store_rlx(&taker.record->join, weft__join_word(taker.handle, WEFT__JOIN_DETACHED));
	weft__store_rlx(&taker.record->park, weft__park_word(taker.handle));
	weft__store_rlx(&taker.record->thread, &taker);
	if (!BOUND) {
		model_worker[TAKER] = &worker[0];
		worker[0].current = &taker;
	}
}

void model_thread(unsigned index)
{
	if (index == TAKER)
		take();
	else if (index != MONITOR)
		give(index - GIVER);
	else
		for (unsigned i = 0; i < 3; i++)
			fire_overdue(&worker[model_choose(WORKERS)]);
}

void model_resumed(unsigned index)
{
	if (BOUND)
		weft__set_kernel_self(index == TAKER ? &taker : NULL);
}

void model_after(void)
{
	MODEL_ASSERT(woken <= GIVERS);
	for (unsigned i = 0; i < WORKERS; i++) {
		MODEL_ASSERT(weft__look_around(&worker[i]) == NULL);
		weft__timer_source->detach(&worker[i]);
		weft__ring_destroy(&worker[i].ready);
		weft__ring_destroy(&worker[i].cont);
	}
}
