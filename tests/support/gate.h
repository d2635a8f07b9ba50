/* SPDX-License-Identifier: MIT */
/* What tests of the blocking pool call there: something that counts, and a gate that holds who has come until it is opened. */
#ifndef WEFT_TESTS_GATE_H
#define WEFT_TESTS_GATE_H

#include "src/io/blocking.h"
#include "tests/support/support.h"

enum { REQUESTS = 12 };

static shared running, most, finished, gate, called;
static uint64_t order[REQUESTS];

static inline struct weft_config with_limit(unsigned limit)
{
	struct weft_config config = WEFT_CONFIG_INIT;
	check_eq(weft_config_set_blocking_threads(&config, limit), 0);
	return config;
}

static inline void *enter_gate(void *arg)
{
	uint64_t now = add(running, 1), before = get(most);
	while (now > before && !atomic_compare_exchange_weak(&most, &before, now))
		;
	while (!get(gate))
		usleep(100);
	order[add(finished, 1) - 1] = (uint64_t)(uintptr_t)arg; /* exact where one runs at a time */
	add(running, (uint64_t)-1);
	return arg;
}

static inline void *call_gate(void *arg)
{
	void *result = NULL;
	check_eq(weft_blocking(enter_gate, arg, &result), 0);
	check(result == arg);
	return arg;
}

/* With one thread in the pool: something that holds it until the gate opens. */
static inline weft_t hold_the_pool(void)
{
	uint64_t before = get(running);
	set(gate, 0);
	weft_t thread = spawn(NULL, call_gate, NULL);
	wait_until(get(running) == before + 1);
	return thread;
}

static inline void *count_call(void *arg)
{
	add(called, 1);
	return arg;
}

static inline void *call_and_return(void *arg)
{
	void *result = arg;
	int err = weft_blocking(count_call, NULL, &result);
	check(err ? result == arg : result == NULL);
	return (void *)(intptr_t)err;
}

#endif
