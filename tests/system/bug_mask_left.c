/* SPDX-License-Identifier: MIT */
/* A thread that ended masked left the mask to the next one on its stack, if nobody else had come to know of it: that one could
 * not be canceled. */
#include "tests/support/support.h"

static void *end_masked(void *arg)
{
	check_eq(weft_cancel_mask(), 0);
	return arg;
}

static void *be_canceled(void *arg)
{
	check_eq(weft_cancel(weft_self()), 0);
	check_eq(weft_testcancel(), -ECANCELED);
	return arg;
}

static void *one_after_the_other(void *arg)
{
	for (int i = 0; i < 100; i++) {
		join(spawn(NULL, end_masked, NULL));
		join(spawn(NULL, be_canceled, NULL));
	}
	return arg;
}

START_TEST(ends_with_its_thread)
{
	run(one_after_the_other, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { ends_with_its_thread, NULL };
	return run_tests("system/bug_mask_left", tests);
}
