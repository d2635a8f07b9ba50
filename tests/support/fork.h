/* SPDX-License-Identifier: MIT */
/* Forks of a process with a runtime, by threads of all kinds while others are at work. */
#ifndef WEFT_TESTS_FORK_H
#define WEFT_TESTS_FORK_H

#include "tests/support/child.h"

static weft_t alive, ended; /* handles from before the fork: of one that is parked, and of nobody */
static shared forks_over;

static inline void *same(void *arg)
{
	return arg;
}

static inline void *stay_parked(void *arg)
{
	weft_park();
	return arg;
}

/* fork_here, once on a thread of each kind; busy on others, until forks_over. */
static inline void fork_everywhere(void *(*fork_here)(void *), void *(*busy)(void *))
{
	weft_t others[4];
	alive = spawn(NULL, stay_parked, NULL);
	ended = spawn(NULL, same, NULL);
	for (int i = 0; i < 4; i++)
		others[i] = spawn(NULL, busy, NULL);
	fork_here(NULL);
	join(spawn(WEFT_BOUND, fork_here, NULL));
	pthread_t thread = outsider(fork_here, NULL);
	wait_until(pthread_tryjoin_np(thread, NULL) == 0);
	set(forks_over, 1);
	for (int i = 0; i < 4; i++)
		join(others[i]);
	weft_unpark(alive);
	join(alive); /* the parent has lost nothing */
	join(ended);
}

#endif
