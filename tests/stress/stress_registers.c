/* SPDX-License-Identifier: MIT */
/*
 * Every callee-saved register and the FP control words hold random values of the thread's own across each way to switch:
 * yield, park, park with a time limit, sleep, spawn, join; with threads carried from worker to worker (lanes of two slots
 * overflow into the injector, from which any worker takes).
 *
 * Default: 1,200,000 switches for each number of workers. Long target: WEFT_STRESS=1000, a quarter of an hour.
 */
#include "stress.h"
#include "tests/arch/fill.h"

enum { PAIRS = 12 };

static struct player {
	shared handle;
	uint64_t rounds, seed, migrations;
	struct player *partner;
} players[2 * PAIRS];

static void *nothing(void *arg)
{
	return arg;
}

static void compare(const struct filled_call *call, int expected)
{
	must_eq((int32_t)call->result, expected);
	for (int i = 0; i < FILL_WORDS; i++)
		must_eq(call->in[i], call->out[i]);
}

#define FILL(call, fn, ...)                                                                                            \
	do {                                                                                                           \
		(call).function = (uint64_t)(uintptr_t)(fn);                                                           \
		uint64_t args_[5] = { __VA_ARGS__ };                                                                   \
		memcpy((call).arg, args_, sizeof args_);                                                               \
		fill_call(&(call));                                                                                    \
	} while (0)

/* One switch of a random kind. Partners unpark each other as they come by, so no park is for ever. */
static void one(struct player *p, struct filled_call *call)
{
	weft_t child;
	fill_random(call, &p->seed);
	switch (pick_of(&p->seed, 16)) {
	case 0:
		FILL(*call, weft_sleep, 1 + pick_of(&p->seed, 20000));
		compare(call, 0);
		break;
	case 1:
		FILL(*call, weft_park_timeout, 1 + pick_of(&p->seed, 20000));
		compare(call, call->result == 0 ? 0 : -ETIMEDOUT);
		break;
	case 2:
	case 3:
		FILL(*call, weft_spawn, (uint64_t)(uintptr_t)&child, 0, (uint64_t)(uintptr_t)nothing, 0);
		compare(call, 0);
		FILL(*call, weft_join, child, 0);
		compare(call, 0);
		break;
	case 4:
	case 5:
	case 6:
		weft_unpark(get(p->partner->handle));
		FILL(*call, weft_park_timeout, WEFT_MS(1));
		compare(call, call->result == 0 ? 0 : -ETIMEDOUT);
		break;
	default:
		FILL(*call, weft_yield, 0);
		compare(call, 0);
	}
}

static void *play(void *arg)
{
	struct player *p = arg;
	struct filled_call call;
	set(p->handle, weft_self());
	memset(&call, 0, sizeof call);
	for (uint64_t i = 0; i < p->rounds; i++) {
		struct weft__worker *before = weft__worker();
		one(p, &call);
		p->migrations += weft__worker() != before;
		progress();
	}
	return NULL;
}

static void *all(void *arg)
{
	weft_t thread[2 * PAIRS];
	uint64_t migrations = 0;
	for (int i = 0; i < 2 * PAIRS; i++) {
		players[i] = (struct player){ .rounds = scaled(600000 / (2 * PAIRS)),
					      .seed = seed_of((uint64_t)i),
					      .partner = &players[i ^ 1] };
		set(players[i].handle, 0);
	}
	for (int i = 0; i < 2 * PAIRS; i++)
		thread[i] = spawn(NULL, play, &players[i]);
	for (int i = 0; i < 2 * PAIRS; i++)
		join(thread[i]);
	for (int i = 0; i < 2 * PAIRS; i++)
		migrations += players[i].migrations;
	printf("stress_registers: %llu migrations\n", (unsigned long long)migrations);
	return arg;
}

static void phase(void)
{
	const struct weft__tune usual = weft__tune;
	stress_run(all, NULL);
	weft__tune.ring_initial = weft__tune.ring_max = 2;
	weft__tune.fair_period = 4;
	stress_run(all, NULL);
	weft__tune = usual;
}

int main(void)
{
	return stress_main("stress_registers", phase);
}
