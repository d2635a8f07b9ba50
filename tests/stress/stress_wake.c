/* SPDX-License-Identifier: MIT */
/*
 * Wake storms: outsiders spawn, unpark and join while workers search, fall asleep and wake, with pauses around the time
 * that a worker spins before it sleeps. Every request must be answered: a wake-up that is lost leaves its outsider
 * waiting, and the watchdog reports. In half of the phases the monitor hardly ever looks, so that it cannot help.
 *
 * Default: a second or two for each number of workers. Long target: WEFT_STRESS=600.
 */
#include "stress.h"

enum { OUTSIDERS = 3, PARKED = 6, HOPS = 4 };

static struct parked {
	shared handle, asked, answered;
} parked[PARKED];

static shared over, answers, slowest;
static uint64_t end;

static void note(uint64_t started)
{
	uint64_t took = weft_now() - started, most = get(slowest);
	while (took > most && !atomic_compare_exchange_weak(&slowest, &most, took))
		;
	add(answers, 1);
	progress();
}

static void await(shared *word, uint64_t value)
{
	for (unsigned i = 0; get(*word) < value; i++)
		if (i > 1000)
			sched_yield();
}

/* Passes each unpark on to green helpers, so that a wake is followed by work for others. */
static void *helper(void *arg)
{
	weft_yield();
	return arg;
}

static void *answer(void *arg)
{
	struct parked *p = arg;
	set(p->handle, weft_self());
	while (!get(over)) {
		weft_park();
		if (get(p->asked) == get(p->answered))
			continue;
		weft_t other = spawn(NULL, helper, p);
		must(join(other) == p);
		add(p->answered, 1);
	}
	return NULL;
}

static void *leaf(void *arg)
{
	add(*(shared *)arg, 1);
	return NULL;
}

static void *split(void *arg)
{
	weft_t half[HOPS];
	for (int i = 0; i < HOPS; i++)
		half[i] = spawn(NULL, leaf, arg);
	for (int i = 0; i < HOPS; i++)
		join(half[i]);
	add(*(shared *)arg, 1);
	return NULL;
}

static void ask(uint64_t *seed, struct parked *mine)
{
	shared done;
	weft_t thread;
	uint64_t started = weft_now();
	set(done, 0);
	switch (pick_of(seed, 4)) {
	case 0:
		must_eq(weft_spawn(NULL, NULL, leaf, &done), 0);
		await(&done, 1);
		break;
	case 1:
		thread = spawn(NULL, split, &done);
		must_eq(weft_join(thread, NULL), 0);
		must_eq(get(done), HOPS + 1);
		break;
	default:
		add(mine->asked, 1);
		must_eq(weft_unpark(get(mine->handle)), 0);
		await(&mine->answered, get(mine->asked));
	}
	note(started);
}

static void pause_a_bit(uint64_t *seed)
{
	switch (pick_of(seed, 4)) {
	case 0:
		break;
	case 1:
		spin_for(weft__tune.spin_ns * 3 / 4 + pick_of(seed, weft__tune.spin_ns / 2));
		break;
	case 2:
		spin_for(pick_of(seed, 2 * weft__tune.spin_ns));
		break;
	default:
		usleep(pick_of(seed, 300));
	}
}

static void *pester(void *arg)
{
	uint64_t seed = seed_of((uintptr_t)arg);
	struct parked *mine[2] = { &parked[2 * (uintptr_t)arg], &parked[2 * (uintptr_t)arg + 1] };
	while (weft_now() < end) {
		ask(&seed, mine[pick_of(&seed, 2)]);
		pause_a_bit(&seed);
	}
	return NULL;
}

static void storm(void)
{
	pthread_t outside[OUTSIDERS];
	weft_t thread[PARKED];
	set(over, 0);
	set(slowest, 0);
	end = phase_end(350);
	stress_start();
	for (int i = 0; i < PARKED; i++) {
		set(parked[i].handle, 0);
		set(parked[i].asked, 0);
		set(parked[i].answered, 0);
		thread[i] = spawn(NULL, answer, &parked[i]);
		while (!get(parked[i].handle))
			sched_yield();
	}
	for (uintptr_t i = 0; i < OUTSIDERS; i++)
		outside[i] = outsider(pester, (void *)i);
	for (int i = 0; i < OUTSIDERS; i++)
		pthread_join(outside[i], NULL);
	set(over, 1);
	for (int i = 0; i < PARKED; i++) {
		(void)weft_unpark(thread[i]);
		must_eq(weft_join(thread[i], NULL), 0);
	}
	stress_stop();
	printf("stress_wake: %llu answers, the slowest %.1f ms\n", (unsigned long long)take_all(answers),
	       (double)get(slowest) / 1e6);
}

static void phase(void)
{
	const struct weft__tune usual = weft__tune;
	storm();
	weft__tune.spin_ns = 2000;
	storm();
	weft__tune.spin_ns = usual.spin_ns;
	weft__tune.monitor_min_ns = weft__tune.monitor_max_ns = 2000000000;
	storm();
	weft__tune.spin_ns = 2000;
	weft__tune.ring_initial = weft__tune.ring_max = 2;
	storm();
	weft__tune = usual;
}

int main(void)
{
	return stress_main("stress_wake", phase);
}
