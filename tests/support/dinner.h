/* SPDX-License-Identifier: MIT */
/* Threads to report on: one that waits for ever, philosophers at dinner; and a file to find the report in. */
#ifndef WEFT_TESTS_DINNER_H
#define WEFT_TESTS_DINNER_H

#include "tests/support/child.h"

static struct weft_sem never = WEFT_SEM_INIT(0);
static struct weft_mutex fork_of[5];
static struct weft_barrier seated = WEFT_BARRIER_INIT(5);
static int second; /* what taking the second fork is to give */

static weft__noinline void *waits_for_ever(void *arg)
{
	check_eq(weft_sem_acquire(&never), 0);
	return arg;
}

static inline void *philosopher(void *arg)
{
	size_t seat = (size_t)(uintptr_t)arg;
	char name[16];
	snprintf(name, sizeof name, "seat-%zu", seat);
	weft_name_set(name);
	check_eq(weft_mutex_lock(&fork_of[seat]), 0);
	weft_barrier_wait(&seated);
	check_eq(weft_mutex_lock(&fork_of[(seat + 1) % 5]), second);
	return arg;
}

static inline void dine(weft_t *seat)
{
	for (uintptr_t i = 0; i < 5; i++)
		check_eq(weft_spawn(&seat[i], WEFT_GREEN, philosopher, (void *)i), 0);
}

static char written[65536];

static inline bool is_written(int fd, const char *words)
{
	ssize_t n = pread(fd, written, sizeof written - 1, 0);
	written[n > 0 ? n : 0] = 0;
	return strstr(written, words) != NULL;
}

static inline int temporary(void)
{
	char path[] = "/tmp/weft-dump-XXXXXX";
	int fd = mkstemp(path);
	check(fd >= 0);
	unlink(path);
	return fd;
}

#endif
