/* SPDX-License-Identifier: MIT */
/* A cancel in the few instructions between a wait's being seen and its being there, found by trying often. */
#include "tests/support/crew.h"

#define LONG WEFT_S(100)

static shared falling;
static struct weft_sem never = WEFT_SEM_INIT(0);

static void spin(struct member *m, uint32_t most)
{
	for (uint32_t n = pick(m, most); n > 0; n--)
		weft__cpu_relax();
}

static void *fall_asleep(void *arg)
{
	struct member *m = arg;
	unsigned how = pick(m, 4);
	set(falling, weft_self());
	spin(m, 64);
	check_eq(how == 0   ? weft_sleep(LONG)
		 : how == 1 ? weft_sleep(WEFT_FOREVER)
		 : how == 2 ? weft_sem_acquire_timeout(&never, LONG)
			    : weft_park(),
		 -ECANCELED);
	return NULL;
}

static void *cancel_falling(void *arg)
{
	struct member *m = arg;
	unsigned looks = 0;
	for (int i = 0; i < rounds(30000); i++) {
		weft_t thread;
		while (!(thread = get(falling)))
			look_again(&looks);
		set(falling, 0);
		spin(m, 64);
		check_eq(weft_cancel(thread), 0);
	}
	return NULL;
}

static void *fall_often(void *arg)
{
	struct member *m = arg, canceller = { .random = m->random * 3 };
	pthread_t thread = outsider(cancel_falling, &canceller);
	for (int i = 0; i < rounds(30000); i++)
		join(spawn(i % 8 ? WEFT_GREEN : WEFT_BOUND, fall_asleep, m));
	check_eq(pthread_join(thread, NULL), 0);
	return arg;
}

START_TEST(falling_asleep)
{
	struct member m = { .random = new_seed() };
	run(fall_often, &m);
}
END_TEST

/* Without membarrier a cancel is quicker. */
START_TEST(falling_asleep_symmetric)
{
	struct member m = { .random = new_seed() };
	weft__os_fault_hook = no_barrier;
	run(fall_often, &m);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { falling_asleep, falling_asleep_symmetric, NULL };
	return run_tests("system/cancel_asleep", tests);
}
