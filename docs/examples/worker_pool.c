/* SPDX-License-Identifier: MIT */
/*
 * A pool of workers: threads that take jobs from a queue which a mutex guards and two condition variables tell of, one for
 * those who wait for a job, one for those who wait for room. A semaphore limits how many jobs use something that is scarce
 * at the same time. The jobs come from a kernel thread that weft did not make: the calls are the same there.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft.h>

enum { WORKERS = 20, JOBS = 2000, ROOM = 16, SCARCE = 3 };

static struct queue {
	struct weft_mutex lock;
	struct weft_cond filled, emptied;
	/* under lock */
	uint64_t jobs[ROOM];
	unsigned first, count;
	bool closed;
} queue = { WEFT_MUTEX_INIT, WEFT_COND_INIT, WEFT_COND_INIT, { 0 }, 0, 0, false };

static struct weft_sem scarce = WEFT_SEM_INIT(SCARCE);
static struct weft_mutex tally = WEFT_MUTEX_INIT;
static int in_use, most; /* under tally */

static void check(const char *what, int err)
{
	if (err) {
		fprintf(stderr, "%s: %s\n", what, strerror(-err));
		exit(1);
	}
}

static void put(uint64_t job)
{
	check("lock", weft_mutex_lock(&queue.lock));
	while (queue.count == ROOM)
		check("wait for room", weft_cond_wait(&queue.emptied, &queue.lock));
	queue.jobs[(queue.first + queue.count++) % ROOM] = job;
	check("unlock", weft_mutex_unlock(&queue.lock));
	check("signal", weft_cond_signal(&queue.filled));
}

/* False: the queue is closed and empty. */
static bool take(uint64_t *job)
{
	check("lock", weft_mutex_lock(&queue.lock));
	while (queue.count == 0 && !queue.closed)
		check("wait for a job", weft_cond_wait(&queue.filled, &queue.lock));
	bool taken = queue.count > 0;
	if (taken) {
		*job = queue.jobs[queue.first];
		queue.first = (queue.first + 1) % ROOM;
		queue.count--;
	}
	check("unlock", weft_mutex_unlock(&queue.lock));
	check("signal", weft_cond_signal(&queue.emptied));
	return taken;
}

static void close_queue(void)
{
	check("lock", weft_mutex_lock(&queue.lock));
	queue.closed = true;
	check("unlock", weft_mutex_unlock(&queue.lock));
	check("broadcast", weft_cond_broadcast(&queue.filled));
}

static void use(int change)
{
	check("lock", weft_mutex_lock(&tally));
	in_use += change;
	if (in_use > most)
		most = in_use;
	check("unlock", weft_mutex_unlock(&tally));
}

static uint64_t square(uint64_t n)
{
	check("acquire", weft_sem_acquire(&scarce));
	use(1);
	check("yield", weft_yield()); /* what takes long: others go on meanwhile */
	use(-1);
	check("release", weft_sem_release(&scarce, 1));
	return n * n;
}

struct worker {
	weft_t thread;
	uint64_t jobs, sum; /* its own until it is joined */
};

static void *work(void *arg)
{
	struct worker *self = (struct worker *)arg;
	for (uint64_t job; take(&job); self->jobs++)
		self->sum += square(job);
	return NULL;
}

int main(void)
{
	static struct worker workers[WORKERS];
	check("weft_start", weft_start(NULL));
	for (int i = 0; i < WORKERS; i++)
		check("weft_spawn", weft_spawn(&workers[i].thread, WEFT_GREEN, work, &workers[i]));

	for (uint64_t job = 1; job <= JOBS; job++)
		put(job);
	close_queue();

	uint64_t jobs = 0, sum = 0, expected = (uint64_t)JOBS * (JOBS + 1) * (2 * JOBS + 1) / 6;
	for (int i = 0; i < WORKERS; i++) {
		check("weft_join", weft_join(workers[i].thread, NULL));
		jobs += workers[i].jobs;
		sum += workers[i].sum;
	}
	check("weft_stop", weft_stop());
	printf("%llu jobs, sum %llu, %d at most at a time\n", (unsigned long long)jobs, (unsigned long long)sum, most);
	return jobs != JOBS || sum != expected || most > SCARCE;
}
