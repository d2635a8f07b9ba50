/* SPDX-License-Identifier: MIT */
/*
 * What stress programs share. Each is a plain program: 0 passed, 1 failed, 77 skipped with the reason printed.
 *
 * Environment: WEFT_SEED      replays (threads still race; what is random in the program is the same)
 *              WEFT_STRESS    how long, as a factor: 1 (the default) is a few seconds a program
 *              WEFT_WORKERS   how many workers: unset, the program runs with 1, then 2, then 8
 *              WEFT_STRESS_ABORT  set: dump core (abort) on failure, for a debugger
 *              WEFT_TEST_MODE     barrier: as on a kernel without membarrier
 *
 * A watchdog ends the program, with the state of every worker printed, when progress() has not been called for a while.
 */
#ifndef WEFT_TESTS_STRESS_H
#define WEFT_TESTS_STRESS_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/compiler.h"
#include "src/base/random.h"
#include "src/os/fault.h"
#include "src/sched/injector.h"
#include "src/sched/worker.h"
#include "weft.h"

#define STRESS_SLOW (WEFT__TSAN || WEFT__ASAN)

typedef _Atomic(uint64_t) shared;

#define get(x) atomic_load_explicit(&(x), memory_order_acquire)
#define set(x, v) atomic_store_explicit(&(x), (v), memory_order_release)
#define add(x, n) atomic_fetch_add_explicit(&(x), (n), memory_order_acq_rel)
#define take_all(x) atomic_exchange_explicit(&(x), 0, memory_order_acq_rel)

static struct {
	const char *name;
	uint64_t seed;
	double factor;
	unsigned workers;
	uint64_t patience; /* of the watchdog, ns */
	shared beats, over;
} stress;

/* Hints alone: nothing is stopped while it is read. */
static inline void stress_dump(void)
{
	struct weft__pool *p = &weft__pool;
	uint32_t n = weft__load_acq(&p->workers);
	fprintf(stderr,
		"pool: state %u parallelism %u tokens %d workers %u sleepers %u searching %u injector %u alive %lld\n",
		weft__load_acq(&p->state), p->parallelism, (int)weft__load_acq(&p->tokens), n,
		weft__load_acq(&p->sleepers), weft__load_acq(&p->searching), weft__injector_count(),
		(long long)weft__pool_alive());
	for (uint32_t i = 0; i < n; i++) {
		struct weft__worker *w = weft__load_acq(&p->worker[i]);
		fprintf(stderr,
			"worker %u: kthread %d token %u listed %d wake %u busy %u attention %u dispatches %u current "
			"%p "
			"next %p cont %u ready %u searching %d due in %lld us\n",
			w->index, w->kthread_id, weft__load_acq(&w->token), !weft__list_empty(&w->sleeping),
			weft__load_acq(&w->wake), weft__load_acq(&w->bias.busy), weft__load_acq(&w->bias.attention),
			weft__load_acq(&w->dispatches), (void *)w->current, (void *)weft__load_acq(&w->next),
			weft__ring_count(&w->cont), weft__ring_count(&w->ready), w->searching,
			weft__load_acq(&w->deadline) == UINT64_MAX
				? -1LL
				: (long long)(weft__load_acq(&w->deadline) - weft_now()) / 1000);
	}
}

static _Noreturn __attribute__((noinline, unused)) void stress_fail(const char *file, int line, const char *what,
								    long long is, long long should)
{
	static shared failed;
	while (add(failed, 1) != 0)
		pause();
	fprintf(stderr, "%s:%d: not so: %s (%lld, %lld)\nWEFT_SEED=%llu WEFT_WORKERS=%u\n", file, line, what, is,
		should, (unsigned long long)stress.seed, stress.workers);
	stress_dump();
	if (getenv("WEFT_STRESS_ABORT"))
		abort();
	_exit(1);
}

#define must(condition)                                                                                                \
	do {                                                                                                           \
		if (weft__unlikely(!(condition)))                                                                      \
			stress_fail(__FILE__, __LINE__, #condition, 0, 1);                                             \
	} while (0)

#define must_eq(actual, expected)                                                                                      \
	do {                                                                                                           \
		long long is_ = (long long)(actual), should_ = (long long)(expected);                                  \
		if (weft__unlikely(is_ != should_))                                                                    \
			stress_fail(__FILE__, __LINE__, #actual " == " #expected, is_, should_);                       \
	} while (0)

static inline void progress(void)
{
	atomic_fetch_add_explicit(&stress.beats, 1, memory_order_relaxed);
}

static void *stress_watch(void *arg)
{
	uint64_t seen = 0, since = weft_now();
	while (!get(stress.over)) {
		usleep(20000);
		if (get(stress.beats) != seen) {
			seen = get(stress.beats);
			since = weft_now();
		} else if (weft_now() - since > stress.patience) {
			stress_fail(__FILE__, __LINE__, "no progress", (long long)seen, 0);
		}
	}
	return arg;
}

/* How many rounds of something: n by default. */
static inline uint64_t scaled(uint64_t n)
{
	double scaled = (double)n * stress.factor / (STRESS_SLOW ? 20 : 1);
	return scaled < 1 ? 1 : (uint64_t)scaled;
}

/* When a phase that goes by time ends. */
static inline uint64_t phase_end(uint64_t ms)
{
	return weft_now() + (uint64_t)((double)WEFT_MS(ms) * stress.factor);
}

/* A seed for the n-th thread; never 0. */
static inline uint64_t seed_of(uint64_t n)
{
	uint64_t x = (stress.seed + n) * 0x9e3779b97f4a7c15u;
	x ^= x >> 29;
	x = x * 0xbf58476d1ce4e5b9u | 1;
	(void)weft__random_next(&x);
	return x;
}

/* 0 <= result < n */
static inline uint32_t pick_of(uint64_t *seed, uint32_t n)
{
	return (uint32_t)((weft__random_next(seed) >> 32) * n >> 32);
}

static inline void spin_for(uint64_t ns)
{
	for (uint64_t end = weft_now() + ns; weft_now() < end;)
		weft__cpu_relax();
}

static inline struct weft_config stress_config(void)
{
	struct weft_config config = WEFT_CONFIG_INIT;
	must_eq(weft_config_set_workers(&config, stress.workers), 0);
	must_eq(weft_config_set_seed(&config, stress.seed), 0);
	return config;
}

static inline void stress_run(void *(*fn)(void *), void *arg)
{
	struct weft_config config = stress_config();
	must_eq(weft_run(&config, fn, arg, NULL), 0);
	must_eq(weft_workers(), 0);
}

static inline void stress_start(void)
{
	struct weft_config config = stress_config();
	must_eq(weft_start(&config), 0);
}

/* Of the detached ones somebody may still be alive, whatever it has told. */
static inline void stress_stop(void)
{
	while (weft_stop() != 0)
		weft_sleep(WEFT_US(100));
}

static inline weft_t spawn(const struct weft_attr *attr, void *(*fn)(void *), void *arg)
{
	weft_t thread = WEFT_NONE;
	must_eq(weft_spawn(&thread, attr, fn, arg), 0);
	must(thread != WEFT_NONE);
	return thread;
}

static inline void *join(weft_t thread)
{
	void *result = NULL;
	must_eq(weft_join(thread, &result), 0);
	return result;
}

static inline pthread_t outsider(void *(*fn)(void *), void *arg)
{
	pthread_t thread;
	must_eq(pthread_create(&thread, NULL, fn, arg), 0);
	return thread;
}

static inline _Noreturn void skip(const char *reason)
{
	printf("%s: skipped: %s\n", stress.name, reason);
	exit(77);
}

/* A line of /proc/meminfo or /proc/self/status, in KiB. */
static inline uint64_t kib_of(const char *path, const char *key)
{
	char line[256];
	unsigned long long kib = 0;
	FILE *file = fopen(path, "r");
	while (file && fgets(line, sizeof line, file))
		if (strncmp(line, key, strlen(key)) == 0)
			sscanf(line + strlen(key), " %llu", &kib);
	if (file)
		fclose(file);
	return kib;
}

static inline int stress_no_barrier(enum weft__os_site site)
{
	return site == WEFT__OS_BARRIER ? -ENOSYS : 0;
}

/* What main returns: the phase with each number of workers, or with the one that was asked for. */
static inline int stress_main(const char *name, void (*phase)(void))
{
	static const unsigned usual[] = { 1, 2, 8 };
	const char *seed = getenv("WEFT_SEED"), *factor = getenv("WEFT_STRESS"), *workers = getenv("WEFT_WORKERS");
	const char *mode = getenv("WEFT_TEST_MODE");
	pthread_t watchdog;
	stress.name = name;
	stress.seed = (seed ? strtoull(seed, NULL, 0) : weft_now() * 0x9e3779b97f4a7c15u) | 1;
	stress.factor = factor ? strtod(factor, NULL) : 1;
	stress.patience = WEFT_S(STRESS_SLOW ? 120 : 30);
	if (mode && strcmp(mode, "barrier") == 0)
		weft__os_fault_hook = stress_no_barrier;
	printf("%s: WEFT_SEED=%llu\n", name, (unsigned long long)stress.seed);
	fflush(stdout);
	must_eq(pthread_create(&watchdog, NULL, stress_watch, NULL), 0);
	for (unsigned i = 0; i < (workers ? 1 : sizeof usual / sizeof *usual); i++) {
		stress.workers = workers ? (unsigned)atoi(workers) : usual[i];
		uint64_t start = weft_now();
		phase();
		printf("%s: %u workers: %.1f s\n", name, stress.workers, (double)(weft_now() - start) / 1e9);
		fflush(stdout);
	}
	set(stress.over, 1);
	pthread_join(watchdog, NULL);
	return 0;
}

#endif
