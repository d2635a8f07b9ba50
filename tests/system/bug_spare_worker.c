/* SPDX-License-Identifier: MIT */
/* A spare worker is made by the monitor, and inherited its mask, which blocks all signals: a crash there killed the process
 * without a report, and was not contained; and no handler of the user's, as those of profilers, ever ran there. */
#include "tests/support/faults.h"

#include "src/sched/worker.h"

static shared blocked;
static sigset_t of_starter;

/* Blocks its worker in the kernel, so that another one is made. */
static void *block(void *arg)
{
	add(blocked, 1);
	usleep(100000);
	return arg;
}

static void *look(void *arg)
{
	sigset_t mask;
	check_eq(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
	for (int sig = 1; sig < NSIG; sig++)
		check_eq(sigismember(&mask, sig), sigismember(&of_starter, sig));
	if (CAN_CONTAIN)
		fault(NULL_WRITE);
	return arg;
}

static void *body(void *arg)
{
	uint32_t workers = weft__load_acq(&weft__pool.workers);
	for (int round = 0; weft__load_acq(&weft__pool.workers) == workers && round < 100; round++) {
		weft_t t[20], b = spawn(NULL, block, NULL);
		for (int i = 0; i < 20; i++) {
			struct weft_attr attr = WEFT_ATTR_INIT;
			weft_attr_set_queued(&attr, true);
			t[i] = spawn(&attr, look, NULL);
		}
		for (int i = 0; i < 20; i++)
			check_eq(weft_join(t[i], NULL), CAN_CONTAIN ? -EOWNERDEAD : 0);
		join(b);
	}
	check(weft__load_acq(&weft__pool.workers) > workers);
	return arg;
}

START_TEST(has_the_mask_of_its_starter)
{
	sigset_t some;
	sigemptyset(&some);
	sigaddset(&some, SIGUSR1);
	sigaddset(&some, SIGRTMAX);
	pthread_sigmask(SIG_SETMASK, &some, NULL);
	pthread_sigmask(SIG_SETMASK, NULL, &of_starter);
	struct weft_config config = containing(workers_exactly(1));
	run_with(&config, body, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { has_the_mask_of_its_starter, NULL };
	return run_tests("system/bug_spare_worker", tests);
}
