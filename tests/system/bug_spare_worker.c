/* SPDX-License-Identifier: MIT */
/* A spare worker is made by the monitor, and inherited its mask, which blocks all signals: a crash there killed the process
 * without a report, and was not contained. */
#include "tests/support/faults.h"

#include "src/sched/worker.h"

static shared blocked;

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
	check(!sigismember(&mask, SIGSEGV) && !sigismember(&mask, SIGBUS) && !sigismember(&mask, SIGILL));
	check(!sigismember(&mask, SIGFPE) && !sigismember(&mask, SIGABRT));
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

START_TEST(faults_get_through)
{
	struct weft_config config = containing(workers_exactly(1));
	run_with(&config, body, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { faults_get_through, NULL };
	return run_tests("system/bug_spare_worker", tests);
}
