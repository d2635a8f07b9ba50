/* SPDX-License-Identifier: MIT */
/*
 * A million threads parked at once, woken, joined; then a million handles of the dead, each of which every call refuses;
 * then, some trims later, their stacks' memory is back with the system, and threads on them start clean.
 *
 * Default: 1,000,000 with 1 worker and with 2 (200,000 with more, 20,000 under a sanitizer), some 5 KiB each; skipped
 * where less than that is free. WEFT_STRESS below 1 makes it fewer; there is no long target.
 */
#include "src/os/memory.h"
#include "src/stack/stack.h"
#include "stress.h"
#include <stdio.h>

static weft_t *thread;
static uint64_t n;
static shared parked, woken;

static void *wait_a_while(void *arg)
{
	add(parked, 1);
	must_eq(weft_park(), 0);
	add(woken, 1);
	return arg;
}

static uint64_t resident(void)
{
	return kib_of("/proc/self/status", "VmRSS:") / 1024;
}

static void refuse_all(void)
{
	char name[16];
	for (uint64_t i = 0; i < n; i++) {
		must_eq(weft_unpark(thread[i]), -ESRCH);
		must_eq(weft_detach(thread[i]), -ESRCH);
		must_eq(weft_join(thread[i], NULL), -ESRCH);
		must_eq(weft_join_timeout(thread[i], NULL, 0), -ESRCH);
		must_eq(weft_name_get(thread[i], name, sizeof name), -ESRCH);
	}
	progress();
}

static void *live(void *unused)
{
	(void)unused;
	for (uint64_t i = 0; i < n; i++) {
		thread[i] = spawn(NULL, wait_a_while, (void *)(uintptr_t)(i + 1));
		if (i % 1024 == 0)
			progress();
	}
	while (get(parked) < n)
		weft_yield();
	uint64_t alive = resident();
	for (uint64_t i = n; i-- > 0;)
		must_eq(weft_unpark(thread[i]), 0);
	progress();
	for (uint64_t i = 0; i < n; i++)
		must((uintptr_t)join(thread[i]) == i + 1);
	progress();
	must_eq(get(woken), n);
	refuse_all();
	printf("stress_million: %llu threads, %llu MiB", (unsigned long long)n, (unsigned long long)alive);
	return (void *)(uintptr_t)alive;
}

static void *clean(void *arg)
{
	/* Where another thread's frames were there are zeros now, or its left-overs: either can be written. */
	volatile char bottom[8192];
	for (size_t i = 0; i < sizeof bottom; i += 64)
		bottom[i] = 1;
	return arg;
}

static void phase(void)
{
	const struct weft__tune usual = weft__tune;
	n = stress.factor < 1 ? (uint64_t)(1e6 * stress.factor) : 1000000;
	if (stress.workers > 2 && n > 200000)
		n = 200000;
	if (STRESS_SLOW && n > (WEFT__TSAN ? 4000 : 20000))
		n = WEFT__TSAN ? 4000 : 20000;
	if (kib_of("/proc/meminfo", "MemAvailable:") / 6 < n)
		skip("not enough memory is free for so many threads");
	thread = malloc(n * sizeof *thread);
	must(thread != NULL);
	set(parked, 0);
	set(woken, 0);
	weft__tune.trim_ns = 20000000;
	stress_start();
	uint64_t alive = (uintptr_t)join(spawn(NULL, live, NULL)), later, limit = weft_now() + WEFT_S(60);
	refuse_all();
	/* Trims happen while somebody is awake. */
	while ((later = resident()) > alive / 4 && weft_now() < limit && n >= 100000 && !STRESS_SLOW) {
		join(spawn(NULL, clean, NULL));
		usleep(1000);
		progress();
	}
	printf(", later %llu MiB\n", (unsigned long long)later);
	must(later <= alive / 4 || n < 100000 || STRESS_SLOW);
	for (uint64_t i = 0; i < 10000 && i < n; i++)
		must(join(spawn(NULL, clean, &thread[i])) == &thread[i]);
	must_eq(weft_stop(), 0);
	free(thread);
	weft__tune = usual;
}

int main(void)
{
	if (!weft__os_guards_are_cheap()) {
		puts("stress_million: skipped: no guard regions here, so vm.max_map_count stops at some 32,000 stacks");
		return 77;
	}
	return stress_main("stress_million", phase);
}
