/* SPDX-License-Identifier: MIT */
/*
 * Model: the stop of a pool (src/sched/pool.c, weft__pool_close and weft__pool_alive in worker.c) against a spawn from
 * outside, and against a thread that spawns another on one worker, which is stolen and ends on the next.
 *
 * Checked: the pool does not stop while a thread lives; a spawn from outside that was let in is counted.
 */
#include <errno.h>

#include "src/sched/idle.h"
#include "src/sched/pool.h"
#include "src/sched/spawn.h"
#include "tests/model/os.h"

enum { STOPPER, OUTSIDER, SPAWNER, THIEF };

const unsigned model_threads = 4;
struct weft__tune weft__tune = { .ring_initial = 2, .ring_max = 2, .fair_period = 8 };

static struct weft__worker *worker[2];
static weft__a32 stolen;
static int stopped;

static bool attach(struct weft__worker *w)
{
	(void)w;
	return true;
}

static void detach(struct weft__worker *w)
{
	(void)w;
}

static const struct weft__source source = { attach, detach, NULL };
const struct weft__source *weft__timer_source = &source;

struct weft__thread *weft__kernel_self(void)
{
	return NULL;
}

void weft__wake_all(void)
{
}

void weft__monitor_stop(void)
{
}

void weft__stack_destroy(void)
{
}

int pthread_join(pthread_t id, void **result)
{
	(void)id, (void)result;
	return 0;
}

/* Some thread lives now. */
static void alive(void)
{
	uint64_t state = model_newest(&weft__pool.state.cell);
	MODEL_ASSERT(state == WEFT__POOL_RUNNING || state == WEFT__POOL_CLOSING);
}

static void spawn_from_outside(void)
{
	int err = weft__pool_enter_outside();
	MODEL_ASSERT(err == 0 || err == -EPERM);
	if (err)
		return;
	alive();
	model_yield(MODEL_HERE);
	alive();
	weft__add_acqrel(&weft__pool.ended_outside, 1);
}

/* As run_now and end in spawn.c do. */
static void spawn_one(struct weft__worker *w)
{
	alive();
	weft__bump_rlx(&w->spawned, 1);
	weft__store_rel(&stolen, 1);
	alive();
	model_yield(MODEL_HERE);
	alive();
	weft__count_ended(w);
}

static void run_stolen(struct weft__worker *w)
{
	for (unsigned i = 0; i < 3 && !weft__load_acq(&stolen); i++)
		model_yield(MODEL_HERE);
	if (weft__load_acq(&stolen))
		weft__count_ended(w);
	else
		weft__store_rel(&stolen, 2);
}

void model_before(void)
{
	for (unsigned i = 0; i < 2; i++)
		worker[i] = weft__worker_new();
	weft__store_rlx(&worker[0]->spawned, 1);
	weft__store_rlx(&weft__pool.state, WEFT__POOL_RUNNING);
}

void model_thread(unsigned index)
{
	if (index == STOPPER)
		for (unsigned i = 0; i < 2 && !stopped; i++)
			stopped = weft__pool_stop() == 0;
	else if (index == OUTSIDER)
		spawn_from_outside();
	else if (index == SPAWNER)
		spawn_one(worker[0]);
	else
		run_stolen(worker[1]);
}

void model_resumed(unsigned index)
{
	(void)index;
}

void model_after(void)
{
	if (!stopped)
		weft__worker_free_all();
}
