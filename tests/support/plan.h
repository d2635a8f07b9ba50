/* SPDX-License-Identifier: MIT */
/* A call of src/os that fails: which, at which time, and how. */
#ifndef WEFT_TESTS_PLAN_H
#define WEFT_TESTS_PLAN_H

#include "tests/support/support.h"

static struct plan {
	enum weft__os_site site;
	uint64_t nth;
	bool from_then_on;
	int err;
} plan;

static shared calls; /* of that site, so far */

/* A weft__os_fault_hook. */
static inline int fail_nth(enum weft__os_site site)
{
	if (site != plan.site)
		return 0;
	uint64_t call = add(calls, 1);
	return call == plan.nth || (plan.from_then_on && call > plan.nth) ? plan.err : 0;
}

#endif
