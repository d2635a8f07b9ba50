/* SPDX-License-Identifier: MIT */
/*
 * After every call that may switch, weft's idea of the current worker is the worker of the kernel thread that runs the
 * code. The accessor is inlined into one long function around the switches, which is where a compiler would keep an
 * address too long: run it also at -O3 -flto by gcc and clang.
 *
 * Default: 1 s for each number of workers. Long target: WEFT_STRESS=300.
 */
#include "src/os/kthread.h"
#include "stress.h"

enum { THREADS = 32 };

static shared migrations, switches;
static uint64_t end;

weft__inline struct weft__worker *here(void)
{
	struct weft__worker *w = weft__worker();
	must(w != NULL);
	must_eq(w->kthread_id, weft__os_kthread_id());
	must(weft__worker() == w);
	return w;
}

static void *child(void *arg)
{
	here();
	weft_yield();
	here();
	return arg;
}

static void *wander(void *arg)
{
	uint64_t seed = seed_of((uintptr_t)arg), moved = 0, n = 0;
	weft_t self = weft_self();
	struct weft__worker *before = here(), *now;
#define STEP(call)                                                                                                     \
	call;                                                                                                          \
	now = here();                                                                                                  \
	moved += now != before;                                                                                        \
	before = now;                                                                                                  \
	must(weft_self() == self)
	while (weft_now() < end) {
		weft_t other = 0;
		STEP(weft_yield());
		STEP(weft_sleep(1 + pick_of(&seed, 1000)));
		STEP(weft_yield());
		STEP(weft_park_timeout(1 + pick_of(&seed, 1000)));
		STEP(must_eq(weft_spawn(&other, NULL, child, NULL), 0));
		STEP(must_eq(weft_join(other, NULL), 0));
		weft_unpark(self);
		STEP(must_eq(weft_park(), 0));
		STEP(weft_yield());
		n += 8;
		progress();
	}
	add(migrations, moved);
	add(switches, n);
	return NULL;
}

static void *all(void *arg)
{
	weft_t thread[THREADS];
	end = phase_end(500);
	for (uintptr_t i = 0; i < THREADS; i++)
		thread[i] = spawn(NULL, wander, (void *)i);
	for (int i = 0; i < THREADS; i++)
		join(thread[i]);
	printf("stress_tls: %llu of %llu calls returned on another worker\n", (unsigned long long)take_all(migrations),
	       (unsigned long long)take_all(switches));
	return arg;
}

static void phase(void)
{
	const struct weft__tune usual = weft__tune;
	stress_run(all, NULL);
	weft__tune.ring_initial = weft__tune.ring_max = 2;
	weft__tune.fair_period = 2;
	stress_run(all, NULL);
	weft__tune = usual;
}

int main(void)
{
	return stress_main("stress_tls", phase);
}
