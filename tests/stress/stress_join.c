/* SPDX-License-Identifier: MIT */
/*
 * Join, timed join, detach and end, all at once: green threads, bound threads and outsiders try each of a batch of
 * handles, the threads behind which end when they like. Exactly one call succeeds for each handle, a join that did has
 * the right result, every other call has one of the errors its page names. Handles of earlier batches, whose records are
 * in use again, are tried all the while and never match.
 *
 * Default: 1 s for each number of workers. Long target: WEFT_STRESS=600.
 */
#include "stress.h"

enum { BATCH = 64, GREENS = 3, BOUNDS = 1, OUTSIDERS = 2, RIVALS = GREENS + BOUNDS + OUTSIDERS, OLD = 4096 };

static weft_t handle[BATCH], old[OLD];
static shared taken[BATCH], ran, arrived, released, stale, joined, detached, timeouts;
static shared batch, finished;
static uint64_t old_n;

static uintptr_t result_of(uint64_t number, int i)
{
	return (uintptr_t)(number * BATCH + (uint64_t)i) * 2 + 1;
}

static void *target(void *arg)
{
	uint64_t seed = seed_of((uintptr_t)arg);
	switch (pick_of(&seed, 6)) {
	case 0:
		weft_sleep(pick_of(&seed, 150000));
		break;
	case 1:
		weft_park_timeout(pick_of(&seed, 50000));
		break;
	case 2:
	case 3:
		for (uint32_t n = pick_of(&seed, 8); n > 0; n--)
			weft_yield();
	}
	if (pick_of(&seed, 2))
		weft_self();
	add(ran, 1);
	return arg;
}

static void *churn(void *arg)
{
	weft_yield();
	weft_yield();
	return arg;
}

/* The record that was just freed is the next to be used: a late look at it from its last life would find another's. */
static void reuse(uint64_t number)
{
	must((uintptr_t)join(spawn(NULL, churn, (void *)(uintptr_t)number)) == number);
}

static void won(uint64_t number, int i, void *result, bool by_join)
{
	must_eq(add(taken[i], 1), 0);
	if (by_join)
		must_eq((uintptr_t)result, result_of(number, i));
	add(*(by_join ? &joined : &detached), 1);
}

/* One try. False: once more, it was only too early. */
static bool try_one(uint64_t number, int i, uint64_t *seed)
{
	void *result = NULL;
	bool by_join = true;
	int err;
	switch (pick_of(seed, 8)) {
	case 0:
		by_join = false;
		err = weft_detach(handle[i]);
		break;
	case 1:
		err = weft_unpark(handle[i]);
		must(err == 0 || err == -ESRCH);
		return false;
	case 2:
	case 3:
	case 4:
		err = weft_join_timeout(handle[i], &result, pick_of(seed, 2) ? pick_of(seed, 200000) : 0);
		break;
	default:
		err = weft_join(handle[i], &result);
	}
	if (err == -ETIMEDOUT) {
		add(timeouts, 1);
		return false;
	}
	must(err == 0 || err == -ESRCH || err == -EINVAL);
	if (err == 0) {
		won(number, i, result, by_join);
		reuse(number);
	}
	return err != -EINVAL;
}

static void try_stale(uint64_t *seed)
{
	if (old_n < OLD)
		return;
	weft_t gone = old[pick_of(seed, OLD)];
	void *result = seed;
	must_eq(weft_join(gone, &result), -ESRCH);
	must_eq(weft_join_timeout(gone, &result, 1000), -ESRCH);
	must_eq(weft_detach(gone), -ESRCH);
	must_eq(weft_unpark(gone), -ESRCH);
	must(result == seed);
	add(stale, 4);
}

static void relax(void)
{
	if (weft_self() && weft__worker())
		weft_yield();
	else
		usleep(10);
}

/* -EINVAL says that another will have it: but a timed joiner may give up, so go on until the handle is dead. */
static void *rival(void *arg)
{
	uint64_t seed = seed_of(7000 + (uintptr_t)arg), number = 1;
	for (; !get(finished); number++) {
		while (get(batch) < number && !get(finished))
			relax();
		if (get(finished))
			break;
		for (int k = 0, first = (int)pick_of(&seed, BATCH); k < BATCH; k++) {
			int i = (first + k * 7) % BATCH;
			while (!get(taken[i]) && !try_one(number, i, &seed))
				relax();
			if (pick_of(&seed, 16) == 0)
				try_stale(&seed);
		}
		add(arrived, 1);
		while (get(released) < number)
			relax();
	}
	return NULL;
}

/* All tries are over; what was detached may still run. */
static void settle(uint64_t number)
{
	while (get(arrived) < number * RIVALS)
		weft_yield();
	while (get(ran) < number * BATCH)
		weft_yield();
	for (int i = 0; i < BATCH; i++) {
		int err;
		must_eq(get(taken[i]), 1);
		while ((err = weft_join(handle[i], NULL)) == -EINVAL)
			weft_yield(); /* detached, and not quite at its end */
		must_eq(err, -ESRCH);
		old[old_n++ % OLD] = handle[i];
	}
}

static void *all(void *arg)
{
	uint64_t end = phase_end(900), number = 0;
	while (weft_now() < end) {
		number++;
		for (int i = 0; i < BATCH; i++) {
			set(taken[i], 0);
			handle[i] = spawn(NULL, target, (void *)result_of(number, i));
		}
		set(batch, number);
		settle(number);
		set(released, number);
		progress();
	}
	set(finished, 1);
	must_eq(get(joined) + get(detached), number * BATCH);
	printf("stress_join: %llu threads, %llu joined, %llu detached, %llu timeouts, %llu stale calls\n",
	       (unsigned long long)(number * BATCH), (unsigned long long)get(joined), (unsigned long long)get(detached),
	       (unsigned long long)get(timeouts), (unsigned long long)get(stale));
	return arg;
}

static void phase(void)
{
	pthread_t outside[OUTSIDERS];
	weft_t inside[GREENS + BOUNDS];
	shared *counters[] = { &ran, &arrived, &released, &stale, &joined, &detached, &timeouts, &batch, &finished };
	for (unsigned i = 0; i < sizeof counters / sizeof *counters; i++)
		set(*counters[i], 0);
	old_n = 0;
	stress_start();
	uintptr_t n = 0;
	for (int i = 0; i < OUTSIDERS; i++)
		outside[i] = outsider(rival, (void *)n++);
	for (int i = 0; i < GREENS + BOUNDS; i++)
		inside[i] = spawn(i < GREENS ? WEFT_GREEN : WEFT_BOUND, rival, (void *)n++);
	join(spawn(NULL, all, NULL));
	for (int i = 0; i < GREENS + BOUNDS; i++)
		join(inside[i]);
	for (int i = 0; i < OUTSIDERS; i++)
		pthread_join(outside[i], NULL);
	must_eq(weft_join(WEFT_NONE, NULL), -ESRCH);
	must_eq(weft_stop(), 0);
}

int main(void)
{
	return stress_main("stress_join", phase);
}
