/* SPDX-License-Identifier: MIT */
/*
 * Model: the idle protocol (src/sched/idle.h, idle.c) with all that takes part in it: the workers' loop, stealing, the
 * injector, the wake path of unpark, and the stop of a pool that drains. No monitor.
 *
 * The first thread makes others runnable and keeps its worker until all of these but the last run; so do they for each
 * other. So all goes on only if every worker that sleeps is woken in time: if one wake-up is lost all of them sleep, and
 * the checker reports a deadlock. Three workers; MODEL_IDLE_TWO: two, so that none makes up for what another misses;
 * MODEL_IDLE_OUTSIDE: two, and a kernel thread from outside makes the threads runnable.
 *
 * Also checked: each thread runs once, and every worker leaves its loop when all threads have ended.
 */
#include "src/sched/idle.h"
#include "src/os/kthread.h"
#include "src/os/signal_stack.h"
#include "src/sched/dispatch.h"
#include "src/sched/injector.h"
#include "src/sched/monitor.h"
#include "src/sched/park.h"
#include "tests/model/os.h"

#if defined(MODEL_IDLE_TWO)
enum { WORKERS = 2, THREADS = 3, OUTSIDERS = 0 };
#elif defined(MODEL_IDLE_OUTSIDE)
enum { WORKERS = 2, THREADS = 2, OUTSIDERS = 1 };
#else
enum { WORKERS = 3, THREADS = 4, OUTSIDERS = 0 };
#endif

const unsigned model_threads = WORKERS + OUTSIDERS;
struct weft__tune weft__tune = { .ring_initial = 4, .ring_max = 4, .fair_period = 8, .age_period = 2, .spin_ns = 0 };

static struct weft__thread thread[THREADS];
static weft__a32 begun[THREADS];
static unsigned runs[THREADS];

static void make(unsigned i)
{
	thread[i] = (struct weft__thread){ .kind = WEFT__GREEN, .sp = &thread[i] };
}

static void wait_for(unsigned i)
{
	while (weft__load_acq(&begun[i]) == 0)
		weft__os_futex_wait(&begun[i], 0, UINT64_MAX);
}

static void run(struct weft__thread *t)
{
	unsigned self = (unsigned)(t - thread);
	MODEL_ASSERT(runs[self]++ == 0);
	weft__store_rel(&begun[self], 1);
	weft__os_futex_wake(&begun[self], model_threads);
	if (OUTSIDERS) {
		wait_for(1 - self);
		return;
	}
	if (self == 0 && model_choose(2)) /* else the others hardly ever come as far as to sleep before there is work */
		for (unsigned i = 0; i < 200 && model_newest(&weft__pool.sleepers.cell) == 0; i++)
			model_yield(MODEL_HERE);
	for (unsigned i = 1; self == 0 && i < THREADS; i++)
		weft__ready(&thread[i]);
	for (unsigned i = 1; self < THREADS - 1 && i < THREADS - 1; i++)
		wait_for(i);
}

/* From the worker's own stack to a thread, and from thread to thread as they end, until there is none. */
int weft__arch_switch(void **save, void *to, weft__a32 *release)
{
	struct weft__worker *w = weft__worker();
	struct weft__thread *t = to;
	(void)save;
	weft__store_rel(release, 0);
	while (t) {
		run(t);
		weft__worker_enter(w);
		weft__bump_rlx(&w->ended, 1);
		t = w->current = weft__pick(w);
		weft__worker_leave(w);
	}
	return 0;
}

static bool attach(struct weft__worker *w)
{
	(void)w;
	return true;
}

static void nothing(struct weft__worker *w)
{
	(void)w;
}

static void none_due(struct weft__worker *w, bool seized)
{
	(void)w, (void)seized;
}

static const struct weft__source source = { attach, nothing, none_due };
const struct weft__source *weft__timer_source = &source;

void model_before(void)
{
	model_tick = weft__tune.carry_ns = 1; /* a lone thread is taken at the second look */
	weft__pool.parallelism = WORKERS;
	weft__pool.seed = 1;
	weft__store_rlx(&weft__pool.symmetric, model_fences == MODEL_SYMMETRIC);
	weft__list_init(&weft__pool.asleep);
	weft__store_rlx(&weft__pool.tokens, WORKERS);
	weft__store_rlx(&weft__pool.state, WEFT__POOL_RUNNING);
	weft__store_rlx(&weft__pool.draining, 1);
	weft__store_rlx(&weft__pool.spawned_outside, THREADS);
	for (unsigned i = 0; i < WORKERS; i++)
		weft__worker_new();
	for (unsigned i = 0; i < THREADS; i++)
		make(i);
	if (!OUTSIDERS)
		weft__injector_push(&thread[0]);
}

void model_thread(unsigned index)
{
	if (index < WORKERS)
		weft__worker_run(weft__load_acq(&weft__pool.worker[index]));
	else
		for (unsigned i = 0; i < THREADS; i++)
			weft__ready(&thread[i]);
}

void model_resumed(unsigned index)
{
	(void)index;
}

void model_after(void)
{
	for (unsigned i = 0; i < THREADS; i++)
		MODEL_ASSERT(runs[i] == 1);
	MODEL_ASSERT(weft__load_rlx(&weft__pool.sleepers) == 0);
	MODEL_ASSERT(weft__load_rlx(&weft__pool.searching) == 0);
	weft__worker_free_all();
}
