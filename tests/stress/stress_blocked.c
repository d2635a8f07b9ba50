/* SPDX-License-Identifier: MIT */
/*
 * Threads that block in the kernel (sleeps, pipes) among threads that yield, compute and wait as they should. All work is
 * done; at the end every token is back and every worker asleep; there are never more workers than allowed. And what
 * stands in the lanes of a worker that blocks, or is hogged, gets run though every other worker is busy for ever: it may be
 * what the blocked thread waits for.
 *
 * Default: 2 s for each number of workers. Long target: WEFT_STRESS=300.
 */
#include "stress.h"

enum { PAIRS = 12, YIELDERS = 6 };

static shared end_of_yielders, yields, blocked_calls, rescued;
static uint64_t end;
static int pairs = PAIRS;
static bool hogs;

static struct pipe {
	int in, out;
} pipes[PAIRS];

static void *reader(void *arg)
{
	struct pipe *p = arg;
	signed char byte = 0;
	uint64_t sum = 0;
	while (read(p->out, &byte, 1) == 1 && byte != -1) {
		sum += (unsigned char)byte;
		add(blocked_calls, 1);
		if (byte % 4 == 0)
			weft_yield();
		progress();
	}
	return (void *)(uintptr_t)sum;
}

static void *writer(void *arg)
{
	struct pipe *p = arg;
	uint64_t seed = seed_of((uint64_t)(p - pipes)), sum = 0;
	while (weft_now() < end) {
		signed char byte = (char)pick_of(&seed, 100);
		switch (pick_of(&seed, 8)) {
		case 0:
			usleep(pick_of(&seed, 3000));
			add(blocked_calls, 1);
			break;
		case 1:
			weft_sleep(pick_of(&seed, 2000000));
			break;
		case 2:
			spin_for(pick_of(&seed, 100000));
			break;
		default:
			weft_yield();
		}
		must_eq(write(p->in, &byte, 1), 1);
		sum += (unsigned char)byte;
	}
	must_eq(write(p->in, "\xff", 1), 1);
	return (void *)(uintptr_t)sum;
}

static void *yielder(void *arg)
{
	while (!get(end_of_yielders)) {
		for (int i = 0; i < 100; i++)
			weft_yield();
		add(yields, 100);
	}
	return arg;
}

static void *mixed(void *arg)
{
	weft_t thread[2 * PAIRS], yields_on[YIELDERS];
	for (int i = 0; i < pairs; i++) {
		int ends[2];
		must_eq(pipe(ends), 0);
		pipes[i] = (struct pipe){ ends[1], ends[0] };
	}
	end = phase_end(700);
	set(end_of_yielders, 0);
	for (int i = 0; i < YIELDERS; i++)
		yields_on[i] = spawn(NULL, yielder, NULL);
	for (int i = 0; i < pairs; i++) {
		thread[2 * i] = spawn(NULL, reader, &pipes[i]);
		thread[2 * i + 1] = spawn(NULL, writer, &pipes[i]);
	}
	for (int i = 0; i < pairs; i++) {
		must(join(thread[2 * i]) == join(thread[2 * i + 1]));
		close(pipes[i].in);
		close(pipes[i].out);
	}
	set(end_of_yielders, 1);
	for (int i = 0; i < YIELDERS; i++)
		join(yields_on[i]);
	printf("stress_blocked: %llu calls, %llu yields, %u workers\n", (unsigned long long)take_all(blocked_calls),
	       (unsigned long long)take_all(yields), weft__load_acq(&weft__pool.workers));
	return arg;
}

/* --- a worker is held up by a thread that waits for what stands in its own lanes --- */

static void *rescue(void *arg)
{
	set(rescued, 1);
	must_eq(write(((struct pipe *)arg)->in, "x", 1), 1);
	return NULL;
}

/* The rescuer is queued behind; every worker else has yielders that never end. The trap is a read, or a loop. */
static void *trapped(void *arg)
{
	struct pipe *p = arg;
	signed char byte;
	weft_t thread[4];
	struct weft_attr queued = WEFT_ATTR_INIT;
	weft_attr_set_queued(&queued, true);
	set(rescued, 0);
	for (int i = 0; i < 3; i++)
		thread[i] = spawn(&queued, yielder, NULL);
	thread[3] = spawn(&queued, rescue, p);
	while (hogs && !get(rescued))
		weft__cpu_relax();
	must_eq(read(p->out, &byte, 1), 1);
	join(thread[3]);
	progress();
	return arg; /* the yielders go on */
}

static void *traps(void *arg)
{
	int ends[2];
	must_eq(pipe(ends), 0);
	pipes[0] = (struct pipe){ ends[1], ends[0] };
	set(end_of_yielders, 0);
	for (int i = 0; i < YIELDERS; i++)
		must_eq(weft_spawn(NULL, NULL, yielder, NULL), 0);
	for (end = phase_end(500); weft_now() < end;)
		must(join(spawn(NULL, trapped, &pipes[0])) != NULL);
	set(end_of_yielders, 1);
	close(ends[0]);
	close(ends[1]);
	return arg;
}

static bool at_rest(void)
{
	uint32_t n = weft__load_acq(&weft__pool.workers);
	if (weft__load_acq(&weft__pool.sleepers) != n || weft__load_acq(&weft__pool.tokens) != stress.workers ||
	    weft__load_acq(&weft__pool.searching) != 0)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (weft__load_acq(&weft__load_acq(&weft__pool.worker[i])->token) == 1)
			return false;
	return true;
}

static void round_of(void *(*fn)(void *))
{
	stress_start();
	must_eq(weft_join(spawn(NULL, fn, NULL), NULL), 0);
	uint64_t limit = weft_now() + WEFT_S(20);
	while (!at_rest() || weft__pool_alive()) {
		must(weft_now() < limit);
		usleep(1000);
	}
	must(weft__load_acq(&weft__pool.workers) <= stress.workers + weft__tune.spare_workers);
	must_eq(weft_stop(), 0);
}

static void phase(void)
{
	const struct weft__tune usual = weft__tune;
	round_of(mixed);
	round_of(traps);
	hogs = stress.workers > 1; /* with one worker nothing can help */
	round_of(traps);
	hogs = false;
	weft__tune.spare_workers = 4; /* more must not wait in pipes at a time than can be stood in for */
	pairs = 4;
	weft__tune.ring_initial = weft__tune.ring_max = 2;
	weft__tune.fair_period = 2;
	round_of(mixed);
	weft__tune = usual;
	pairs = PAIRS;
}

int main(void)
{
	return stress_main("stress_blocked", phase);
}
