/* SPDX-License-Identifier: MIT */
/*
 * weft inside a program that has a main loop of its own, here poll(2), and kernel threads of its own. The runtime works
 * in the background; threads tell the main loop of what they did by a pipe.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <weft.h>

enum { OUTSIDERS = 2, JOBS = 50 };
static int done[2]; /* a pipe: a byte for each job */

/* A green thread. A pipe takes thousands of bytes before a write blocks, so this write does not hold up the worker. */
static void *job(void *arg)
{
	(void)arg;
	weft_sleep(WEFT_MS(2));
	if (write(done[1], "j", 1) != 1)
		perror("write");
	return NULL;
}

/* A kernel thread that weft knows nothing of: it spawns, and joins every second job; the others are detached. */
static void *outsider(void *arg)
{
	int *failed = (int *)arg;
	for (int i = 0; i < JOBS; i++) {
		weft_t thread;
		int err = weft_spawn(i % 2 ? &thread : NULL, WEFT_GREEN, job, NULL);
		if (!err && i % 2)
			err = weft_join(thread, NULL); /* sleeps in the kernel: this is no green thread */
		if (err) {
			fprintf(stderr, "job %d: %s\n", i, strerror(-err));
			*failed = 1;
			return NULL;
		}
	}
	return NULL;
}

/* Until all jobs have reported, or for 10 s. How many have. */
static int main_loop(void)
{
	struct pollfd fd = { done[0], POLLIN, 0 };
	int jobs = 0;
	while (jobs < OUTSIDERS * JOBS && poll(&fd, 1, 10000) > 0) {
		char buffer[64];
		ssize_t n = read(done[0], buffer, sizeof buffer);
		if (n <= 0)
			break;
		jobs += (int)n;
	}
	return jobs;
}

static int stop(void)
{
	int err;
	while ((err = weft_stop()) == -EBUSY) /* a detached thread has written its byte, and not quite ended */
		weft_sleep(WEFT_MS(1));
	return err;
}

int main(void)
{
	pthread_t kthread[OUTSIDERS];
	int failed[OUTSIDERS] = { 0, 0 }, jobs;
	int err = weft_start(NULL);
	if (err) {
		fprintf(stderr, "weft_start: %s\n", strerror(-err));
		return 1;
	}
	if (pipe(done) != 0) {
		perror("pipe");
		return 1;
	}
	for (int i = 0; i < OUTSIDERS; i++)
		if (pthread_create(&kthread[i], NULL, outsider, &failed[i]) != 0)
			return 1;
	jobs = main_loop();
	for (int i = 0; i < OUTSIDERS; i++)
		if (pthread_join(kthread[i], NULL) != 0 || failed[i])
			return 1;
	err = stop();
	printf("%d jobs; weft_stop: %s\n", jobs, err ? strerror(-err) : "stopped");
	return err || jobs != OUTSIDERS * JOBS;
}
