/* SPDX-License-Identifier: MIT */
/*
 * Random recursion on stacks of random sizes that are used again and again, and given back in between: each frame is
 * filled with a pattern of its own and found unchanged after yields, sleeps and spawns, so no two threads share a byte.
 *
 * Default: 1 s for each number of workers. Long target: WEFT_STRESS=600.
 */
#include "stress.h"

static shared frames;
static uint64_t end;

static void disturb(uint64_t *seed, unsigned budget);

/* Goes down while the stack is above `low`: how large a frame is, the compiler decides. */
static __attribute__((noinline)) void descend(uint64_t *seed, const char *low)
{
	volatile uint64_t mine[32];
	uint64_t pattern = weft__random_next(seed);
	for (unsigned i = 0; i < 32; i++)
		mine[i] = pattern ^ i;
	add(frames, 1);
	if (pick_of(seed, 64) == 0)
		disturb(seed, 0);
	if ((const char *)__builtin_frame_address(0) > low)
		descend(seed, low);
	else
		disturb(seed, 2);
	for (unsigned i = 0; i < 32; i++)
		must_eq(mine[i], pattern ^ i);
}

struct job {
	uint64_t seed;
	size_t size;
	unsigned budget;
};

static void *thread_of(void *arg)
{
	struct job job = *(struct job *)arg;
	size_t most = job.size - (STRESS_SLOW ? 14336 : 12288), room = pick_of(&job.seed, 4) ? most / 16 : most;
	disturb(&job.seed, 0);
	descend(&job.seed, (const char *)__builtin_frame_address(0) - room);
	disturb(&job.seed, job.budget);
	progress();
	return NULL;
}

static void disturb(uint64_t *seed, unsigned budget)
{
	switch (pick_of(seed, 6)) {
	case 0:
		weft_sleep(pick_of(seed, 100000));
		break;
	case 1:
	case 2:
		if (budget && weft_now() < end) {
			static const size_t size[] = { 16384, 16384, 32768, 65536, 262144, 1048576 };
			struct weft_attr attr = WEFT_ATTR_INIT;
			struct job job = { weft__random_next(seed) | 1, size[pick_of(seed, 6)], budget - 1 };
			weft_attr_set_stack_size(&attr, job.size);
			weft_attr_set_queued(&attr, pick_of(seed, 2));
			join(spawn(&attr, thread_of, &job));
		}
		break;
	default:
		weft_yield();
	}
}

static void *root(void *arg)
{
	uint64_t seed = seed_of((uintptr_t)arg);
	while (weft_now() < end)
		disturb(&seed, 4);
	return NULL;
}

static void *all(void *arg)
{
	weft_t thread[40];
	for (uintptr_t i = 0; i < 40; i++)
		thread[i] = spawn(NULL, root, (void *)i);
	for (int i = 0; i < 40; i++)
		join(thread[i]);
	return arg;
}

static void phase(void)
{
	const struct weft__tune usual = weft__tune;
	weft__tune.trim_ns = 2000000; /* stacks are given back every few ms */
	for (int i = 0; i < 3; i++) {
		end = phase_end(330);
		stress_run(all, NULL);
	}
	weft__tune = usual;
	printf("stress_stacks: %llu frames\n", (unsigned long long)take_all(frames));
}

int main(void)
{
	return stress_main("stress_stacks", phase);
}
