/* SPDX-License-Identifier: MIT */
/* What tests of contained crashes share: who crashes, and a runtime that contains it. */
#ifndef WEFT_TESTS_CONTAIN_H
#define WEFT_TESTS_CONTAIN_H

#include "tests/support/faults.h"

static const struct weft_attr *const kinds[] = { WEFT_GREEN, WEFT_BOUND };
enum { KINDS = 2 };

static inline void *crash(void *how)
{
	fault((enum fault)(uintptr_t)how);
	return NULL;
}

static inline void *how_to(enum fault how)
{
	return (void *)(uintptr_t)how;
}

/* A child of a scope, which has to be canceled, and counts it. */
static inline int until_canceled(void *counter)
{
	check_eq(weft_sleep(WEFT_S(100)), -ECANCELED);
	add(*(shared *)counter, 1);
	return 0;
}

/* A test that is a runtime around body, which returns its argument. */
#define RUNS(name, body)                                                                                               \
	START_TEST(name)                                                                                               \
	{                                                                                                              \
		struct weft_config config = containing(workers_at_least(1));                                           \
		check_eq((uintptr_t)run_with(&config, body, &config), (uintptr_t)&config);                             \
	}                                                                                                              \
	END_TEST

#endif
