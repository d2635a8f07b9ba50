/* SPDX-License-Identifier: MIT */
/*
 * Model: the monitor's sleep (src/sched/monitor.c) against a worker that is new, and may sleep and be woken: while a
 * worker is awake, the monitor is, or will be. In the end the worker waits until the monitor has fired a timer of its
 * that is overdue: if the monitor sleeps for ever, so does everybody, a deadlock.
 */
#include "src/os/clock.h"
#include "src/os/kthread.h"
#include "src/sched/idle.h"
#include "src/sched/injector.h"
#include "src/sched/monitor.h"
#include "tests/model/os.h"

enum { WORKER, MONITOR, OUTSIDER };

const unsigned model_threads = 3;
struct weft__tune weft__tune = { .ring_initial = 2, .ring_max = 2, .fair_period = 8, .trim_ns = ~0u };

static struct weft__thread thread;
static void *(*monitor_main)(void *);
static weft__a32 looked, stopped;

int weft__os_kthread_start(pthread_t *id, void *(*fn)(void *), void *arg, size_t stack, bool detached, bool quiet)
{
	(void)id, (void)arg, (void)stack, (void)detached, (void)quiet;
	monitor_main = fn;
	return 0;
}

bool weft__os_kthread_blocked(int id)
{
	(void)id;
	return false;
}

/* The monitor's is the only one joined. */
int pthread_join(pthread_t id, void **result)
{
	(void)id, (void)result;
	while (weft__load_acq(&stopped) == 0)
		weft__os_futex_wait(&stopped, 0, UINT64_MAX);
	return 0;
}

static bool attach(struct weft__worker *w)
{
	(void)w;
	return true;
}

static void detach(struct weft__worker *w)
{
	(void)w;
}

static void collect(struct weft__worker *w, bool seized)
{
	(void)seized;
	weft__store_rlx(&w->deadline, WEFT__NEVER);
	weft__store_rel(&looked, 1);
	weft__os_futex_wake(&looked, 1);
}

static const struct weft__source source = { attach, detach, collect };
const struct weft__source *weft__timer_source = &source;

static void be_new_and_wait(void)
{
	struct weft__worker *w = weft__worker_new();
	weft__store_rlx(&w->token, WEFT__TOKEN_HELD);
	if (model_choose(2))
		weft__sleep(w);
	weft__store_rlx(&w->deadline, 0);
	while (weft__load_acq(&looked) == 0)
		weft__os_futex_wait(&looked, 0, UINT64_MAX);
	weft__monitor_stop();
}

static void nothing_to_do(uint64_t now)
{
	(void)now;
}

static uint64_t all_asleep(uint64_t now)
{
	(void)now;
	return WEFT__NEVER;
}

static const struct weft__watch watch = { nothing_to_do, all_asleep };

void model_before(void)
{
	weft__pool.parallelism = 1;
	weft__store_rlx(&weft__pool.symmetric, model_fences == MODEL_SYMMETRIC);
	weft__list_init(&weft__pool.asleep);
	weft__store_rlx(&weft__pool.state, WEFT__POOL_RUNNING);
	MODEL_ASSERT(weft__monitor_start(&watch) == 0);
}

void model_thread(unsigned index)
{
	if (index == WORKER) {
		be_new_and_wait();
	} else if (index == MONITOR) {
		monitor_main(NULL);
		weft__store_rel(&stopped, 1);
		weft__os_futex_wake(&stopped, 1);
	} else {
		weft__injector_push(&thread);
		weft__wake_one();
	}
}

void model_resumed(unsigned index)
{
	(void)index;
}

void model_after(void)
{
	weft__worker_free_all();
}
