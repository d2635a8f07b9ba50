/* SPDX-License-Identifier: MIT */
/* See resume.h. */
#include "tests/model/resume.h"

#include "src/sched/dispatch.h"
#include "src/sched/idle.h"
#include "src/time/timer.h"
#include "tests/model/model.h"
#include "tests/model/os.h"

struct weft__tune weft__tune = { .ring_initial = 2, .ring_max = 2, .fair_period = 8, .age_period = 2 };
struct weft__pool weft__pool;

static struct weft__worker worker[MODEL_WORKERS];
static struct weft__thread *the_thread;
static weft__a32 event; /* counts what may have made it runnable */

bool weft__wake_searcher(struct weft__worker *any)
{
	(void)any;
	weft__add_acqrel(&event, 1);
	weft__os_futex_wake(&event, 1);
	return true;
}

/* The thread's registers are saved: whoever finds it may resume it, and this here is the only one that looks. */
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
	MODEL_ASSERT(found == the_thread);
	w = &worker[model_choose(MODEL_WORKERS)];
	weft__arch_set_worker(w);
	w->current = found;
	return result;
}

void model_fire_overdue(void)
{
	struct weft__worker *w = &worker[model_choose(MODEL_WORKERS)];
	model_clock += 1 << 20;
	if (!weft__bias_seize(&w->bias))
		return;
	weft__timer_source->collect(w, true);
	weft__bias_release(&w->bias);
	weft__wake_one();
}

void model_workers_begin(struct weft__thread *thread, bool bound)
{
	bool symmetric = model_fences == MODEL_SYMMETRIC;
	the_thread = thread;
	weft__pool.parallelism = MODEL_WORKERS;
	weft__store_rlx(&weft__pool.symmetric, symmetric);
	for (unsigned i = 0; i < MODEL_WORKERS; i++) {
		worker[i].index = i;
		weft__ring_init(&worker[i].ready, 2);
		weft__ring_init(&worker[i].cont, 2);
		weft__store_rlx(&worker[i].token, WEFT__TOKEN_HELD);
		weft__store_rlx(&worker[i].deadline, WEFT__NEVER);
		weft__store_rlx(&worker[i].bias.attention, symmetric ? WEFT__BIAS_SYMMETRIC : 0);
		weft__timer_source->attach(&worker[i]);
	}
	if (!bound) {
		model_worker[0] = &worker[0];
		worker[0].current = thread;
	}
}

void model_workers_end(void)
{
	for (unsigned i = 0; i < MODEL_WORKERS; i++) {
		MODEL_ASSERT(weft__look_around(&worker[i]) == NULL);
		weft__timer_source->detach(&worker[i]);
		weft__ring_destroy(&worker[i].ready);
		weft__ring_destroy(&worker[i].cont);
	}
}
