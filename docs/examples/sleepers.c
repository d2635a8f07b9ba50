/* SPDX-License-Identifier: MIT */
/* Ten thousand threads that sleep at once: each costs a page of memory and a timer, and no kernel thread. */
#include <stdio.h>
#include <string.h>
#include <weft.h>

enum { SLEEPERS = 10000 };

static void *sleeper(void *arg)
{
	const uint64_t *nanoseconds = (const uint64_t *)arg;
	uint64_t begin = weft_now();
	if (weft_sleep(*nanoseconds) != 0 || weft_now() - begin < *nanoseconds)
		return NULL;
	return arg;
}

static void *first(void *arg)
{
	static weft_t thread[SLEEPERS];
	static uint64_t nanoseconds[SLEEPERS];
	int spawned = 0, good = 0;
	for (; spawned < SLEEPERS; spawned++) {
		nanoseconds[spawned] = WEFT_MS(1 + spawned % 100);
		int err = weft_spawn(&thread[spawned], WEFT_GREEN, sleeper, &nanoseconds[spawned]);
		if (err) {
			fprintf(stderr, "weft_spawn: %s\n", strerror(-err));
			break;
		}
	}
	for (int i = 0; i < spawned; i++) {
		void *result = NULL;
		good += weft_join(thread[i], &result) == 0 && result == &nanoseconds[i];
	}
	return good == SLEEPERS ? arg : NULL;
}

int main(void)
{
	uint64_t begin = weft_now();
	void *result = NULL;
	int err = weft_run(NULL, first, &begin, &result);
	if (err) {
		fprintf(stderr, "weft_run: %s\n", strerror(-err));
		return 1;
	}
	printf("%d threads slept 1 to 100 ms each; all in all it took %llu ms\n", SLEEPERS,
	       (unsigned long long)((weft_now() - begin) / WEFT_MS(1)));
	return result != &begin;
}
