/* SPDX-License-Identifier: MIT */
/*
 * Producers outside the pool: kernel threads that weft did not make, here by pthread_create, as a driver or a library has them.
 * They send to the channel that green threads receive from, and the results come back to the main thread, which is none of
 * weft's either. The calls are the same everywhere: outside the pool to wait is to sleep in the kernel, so a full channel holds
 * back a producer that is too fast.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft.h>

enum { PRODUCERS = 2, SAMPLES = 5000, CONSUMERS = 100, BUFFER = 8 };

struct sample {
	int sensor, value;
};
struct total {
	int samples[PRODUCERS];
	long sum;
};

static struct weft_chan *samples, *totals;

static void check(const char *what, int err)
{
	if (err) {
		fprintf(stderr, "%s: %s\n", what, strerror(-err));
		exit(1);
	}
}

/* A kernel thread. One that must never be held back would use weft_chan_trysend, and count what it had to drop. */
static void *produce(void *arg)
{
	struct sample s = { *(int *)arg, 0 };
	for (s.value = 1; s.value <= SAMPLES; s.value++)
		check("weft_chan_send", weft_chan_send(samples, &s));
	return NULL;
}

/* A green thread. */
static void *consume(void *arg)
{
	struct total mine = { { 0 }, 0 };
	struct sample s;
	int err;
	while ((err = weft_chan_recv(samples, &s)) == 0) {
		mine.samples[s.sensor]++;
		mine.sum += s.value;
	}
	check("weft_chan_recv", err == -EPIPE ? 0 : err); /* closed, and nothing is left */
	check("weft_chan_send", weft_chan_send(totals, &mine));
	return arg;
}

static int stop(void)
{
	int err;
	while ((err = weft_stop()) == -EBUSY) /* a detached thread has sent its total, and not quite ended */
		weft_sleep(WEFT_MS(1));
	return err;
}

int main(void)
{
	static int sensors[PRODUCERS] = { 0, 1 };
	pthread_t producer[PRODUCERS];
	struct total all = { { 0 }, 0 }, one;
	check("weft_chan_create", weft_chan_create(&samples, sizeof(struct sample), BUFFER));
	check("weft_chan_create", weft_chan_create(&totals, sizeof(struct total), 0));
	check("weft_start", weft_start(NULL));
	for (int i = 0; i < CONSUMERS; i++)
		check("weft_spawn", weft_spawn(NULL, WEFT_GREEN, consume, NULL));
	for (int i = 0; i < PRODUCERS; i++)
		check("pthread_create", -pthread_create(&producer[i], NULL, produce, &sensors[i]));
	for (int i = 0; i < PRODUCERS; i++)
		check("pthread_join", -pthread_join(producer[i], NULL));
	check("weft_chan_close", weft_chan_close(samples)); /* by who knows that nobody sends any more */
	for (int i = 0; i < CONSUMERS; i++) {
		check("weft_chan_recv", weft_chan_recv(totals, &one));
		for (int k = 0; k < PRODUCERS; k++)
			all.samples[k] += one.samples[k];
		all.sum += one.sum;
	}
	check("weft_stop", stop());
	weft_chan_destroy(samples);
	weft_chan_destroy(totals);
	printf("%d and %d samples, sum %ld\n", all.samples[0], all.samples[1], all.sum);
	return all.samples[0] != SAMPLES || all.samples[1] != SAMPLES ||
	       all.sum != PRODUCERS * (SAMPLES * (SAMPLES + 1L) / 2);
}
