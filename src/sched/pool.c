/* SPDX-License-Identifier: MIT */
/*
 * The pool's life. One at a time in a process; `lifecycle` is held while it starts and while it stops.
 *
 * fork: the child has the forking kernel thread alone, and so no pool. All that was asked of weft before is void there:
 * every call answers as if no runtime ran, and none can be started (a lock may have been held by a thread that is not
 * there any more), until weft__pool_forget has made all of it anew. What it cannot tell (a wait for another thread) dies with
 * a message: src/os/fork.h. The child may use the rest of the process as after any fork of a program with threads.
 */
#include "src/sched/pool.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include "src/os/barrier.h"
#include "src/os/clock.h"
#include "src/os/cpu.h"
#include "src/os/fork.h"
#include "src/os/memory.h"
#include "src/os/signal_stack.h"
#include "src/sched/idle.h"
#include "src/sched/injector.h"
#include "src/sched/monitor.h"
#include "src/sched/spawn.h"

static struct weft__lock lifecycle;
static void (*on_stopping)(void);

static void after_fork_in_child(void)
{
	weft__os_memory_reset(); /* at once: its descriptor may be another one's once the child has closed what it inherited */
	if (weft__load_rlx(&weft__pool.state) == WEFT__POOL_NONE)
		return;
	weft__os_forked = true;
	weft__record_forget();
	weft__store_rlx(&weft__pool.state, WEFT__POOL_NONE);
	weft__arch_set_worker(NULL);
	weft__set_kernel_self(NULL);
}

/* The memory of workers and stacks stays. The caller may stand on one. */
void weft__pool_forget(void)
{
	lifecycle = (struct weft__lock){ 0 };
	weft__worker_forget();
	weft__injector_forget();
	weft__stack_forget();
	weft__pool.outside = (struct weft__outside){ .n_kept = 0 };
	weft__os_forked = false;
}

static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, after_fork_in_child);
}

static void reset(const struct weft__settings *settings)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, watch_forks);
	weft__os_memory_reset();
	memset(&weft__pool.outside.stacks, 0, sizeof weft__pool.outside.stacks);
	weft__pool.parallelism = settings->workers ? settings->workers : weft__os_cpus();
	if (weft__pool.parallelism > WEFT__WORKERS_MAX)
		weft__pool.parallelism = WEFT__WORKERS_MAX;
	weft__pool.stack_class = settings->stack_class;
	weft__store_rlx(&weft__pool.symmetric, !weft__os_barrier_init());
	weft__pool.first_crashed = false;
	weft__pool.seed = settings->seed;
	if (!weft__pool.seed && getrandom(&weft__pool.seed, sizeof weft__pool.seed, GRND_NONBLOCK) < 0)
		weft__pool.seed = weft__os_now();
	weft__worker_inherit();
	weft__arch_fp_control = settings->fp_control;
	weft__list_init(&weft__pool.asleep);
	weft__store_rlx(&weft__pool.sleepers, 0);
	weft__store_rlx(&weft__pool.polling, 0);
	weft__store_rlx(&weft__pool.armed, 0);
	weft__store_rlx(&weft__pool.draining, 0);
	weft__store_rlx(&weft__pool.tokens, weft__pool.parallelism);
}

static void finish(void)
{
	if (on_stopping)
		on_stopping();
	weft__monitor_stop();
	uint32_t n = weft__load_acq(&weft__pool.workers); /* not before: the monitor may have been making one */
	weft__wake_all();
	for (uint32_t i = weft__pool.started_by_run; i < n; i++) {
		struct weft__worker *w = weft__load_acq(&weft__pool.worker[i]); /* order WORKERS */
		pthread_join(w->kthread, NULL);
	}
	while (weft__load_acq(&weft__pool.visitors)) /* order VISIT */
		weft__os_relax();
	weft__poller_source->stop();
	weft__worker_free_all();
	while (weft__pool.outside.n_kept)
		weft__os_signal_stack_free(weft__pool.outside.kept[--weft__pool.outside.n_kept]);
	weft__stack_destroy();
	weft__store_rel(&weft__pool.state, WEFT__POOL_NONE);
}

/* With `lifecycle` held. */
static int begin(const struct weft__settings *settings, bool by_run)
{
	if (weft__os_forked)
		return -EPERM;
	if (weft__load_acq(&weft__pool.state) != WEFT__POOL_NONE)
		return -EALREADY;
	reset(settings);
	weft__pool.started_by_run = by_run;
	on_stopping = settings->stopping;
	if (by_run && !weft__worker_new())
		return -ENOMEM;
	weft__store_rel(&weft__pool.state, WEFT__POOL_RUNNING);
	if (settings->started)
		settings->started(settings->config);
	int err = weft__monitor_start(settings->watch);
	if (err) {
		if (on_stopping)
			on_stopping();
		weft__worker_free_all();
		weft__store_rel(&weft__pool.state, WEFT__POOL_NONE);
		return err;
	}
	while (!err && weft__load_rlx(&weft__pool.workers) < weft__pool.parallelism)
		err = weft__worker_start();
	if (err) {
		weft__store_rel(&weft__pool.state, WEFT__POOL_STOPPING);
		finish();
	}
	return err;
}

static int start(const struct weft__settings *settings, bool by_run)
{
	struct weft__worker *w = weft__worker();
	if (w || weft__kernel_self())
		return -EDEADLK;
	weft__lock(&lifecycle);
	int err = begin(settings, by_run);
	weft__unlock(&lifecycle);
	return err;
}

int weft__pool_start(const struct weft__settings *settings)
{
	return start(settings, false);
}

static int stop(void)
{
	if (weft__load_acq(&weft__pool.state) != WEFT__POOL_RUNNING || weft__pool.started_by_run)
		return -EPERM;
	if (!weft__pool_close())
		return -EBUSY;
	finish();
	return 0;
}

int weft__pool_stop(void)
{
	if (weft__worker() || weft__kernel_self())
		return -EDEADLK;
	weft__lock(&lifecycle);
	int err = stop();
	weft__unlock(&lifecycle);
	return err;
}

int weft__pool_enter_outside(void)
{
	while (weft__load_acq(&weft__pool.state) != WEFT__POOL_NONE) {
		weft__add_acqrel(&weft__pool.spawned_outside, 1);
		weft__fence_full(); /* order STOP */
		if (weft__load_acq(&weft__pool.state) == WEFT__POOL_RUNNING)
			return 0;
		weft__add_acqrel(&weft__pool.ended_outside, 1);
		weft__lock(&lifecycle); /* closing: wait until it is known whether it stops */
		weft__unlock(&lifecycle);
	}
	return -EPERM;
}

void weft__pool_leave_outside(void)
{
	weft__visit_begin();
	weft__add_acqrel(&weft__pool.ended_outside, 1); /* order ALIVE */
	weft__fence_full();				/* order STOP */
	if (weft__load_acq(&weft__pool.draining))
		weft__wake_one(); /* to see whether this was the last */
	weft__visit_end();
}

struct main_thread {
	void *(*fn)(void *);
	void *arg, *result;
};

/* By weft_exit it ends like one whose fn calls that itself: then the pool drains. */
void *weft__run_main(void *arg)
{
	struct main_thread *m = arg;
	weft__pool.result = &m->result;
	weft__store_rlx(&weft__pool.first, weft_self());
	weft_exit(m->fn(m->arg));
}

int weft__pool_run(const struct weft__settings *settings, void *(*fn)(void *), void *arg, void **result)
{
	struct main_thread m = { .fn = fn, .arg = arg };
	int err = start(settings, true);
	if (err)
		return err;
	err = weft_spawn(NULL, NULL, weft__run_main, &m);
	if (err)
		weft__store_rel(&weft__pool.draining, 1);
	weft__worker_run(weft__load_acq(&weft__pool.worker[0]));
	weft__lock(&lifecycle);
	finish();
	weft__unlock(&lifecycle);
	if (!err && weft__pool.first_crashed)
		return -EOWNERDEAD;
	if (!err && result)
		*result = m.result;
	return err;
}
