/* SPDX-License-Identifier: MIT */
/* src/sched/bias.h: owner and seizers exclude each other, with and without membarrier; a poke is told once. */
#include "src/sched/bias.h"

#include "src/os/barrier.h"
#include "src/os/kthread.h"
#include "tests/support/support.h"

static struct weft__bias bias;
static struct {
	uint64_t a, b; /* equal whenever nobody is in */
} guarded;
static shared seized, entered, stop;

static void change(void)
{
	check(guarded.a == guarded.b);
	guarded.a++;
	weft__fence_light();
	guarded.b++;
}

static void *seizer(void *arg)
{
	while (!get(stop)) {
		if (weft__bias_seize(&bias)) {
			change();
			weft__bias_release(&bias);
			add(seized, 1);
		}
		sched_yield();
	}
	return arg;
}

static void contend(bool symmetric)
{
	pthread_t thread[2];
	uint64_t wanted = (uint64_t)rounds(3000);
	weft__store_rlx(&bias.attention, symmetric ? WEFT__BIAS_SYMMETRIC : 0);
	for (int i = 0; i < 2; i++)
		thread[i] = outsider(seizer, NULL);
	while (get(seized) < wanted || get(entered) < 100 * wanted) {
		weft__bias_enter(&bias);
		change();
		weft__bias_leave(&bias);
		add(entered, 1);
	}
	set(stop, 1);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	ck_assert_uint_eq(guarded.a, get(seized) + get(entered));
	ck_assert_uint_eq(guarded.b, guarded.a);
}

START_TEST(excludes_by_membarrier)
{
	if (weft__os_barrier_init())
		contend(false);
}
END_TEST

START_TEST(excludes_without_membarrier)
{
	weft__os_fault_hook = no_barrier;
	ck_assert(!weft__os_barrier_init());
	contend(true);
}
END_TEST

START_TEST(seizing_fails_while_the_owner_is_in)
{
	weft__os_barrier_init();
	ck_assert(!weft__bias_enter(&bias));
	ck_assert(!weft__bias_seize(&bias));
	weft__bias_leave(&bias);
	ck_assert(weft__bias_seize(&bias));
	ck_assert(!weft__bias_seize(&bias));
	weft__bias_release(&bias);
	ck_assert(!weft__bias_enter(&bias));
	weft__bias_leave(&bias);
}
END_TEST

static shared inside, spent;

static void *seize_in_vain(void *arg)
{
	while (!get(inside))
		sched_yield();
	uint64_t begin = weft__os_kthread_cpu_time();
	while (!get(stop))
		check(!weft__bias_seize(&bias));
	set(spent, weft__os_kthread_cpu_time() - begin);
	return arg;
}

static void stay_on_one_cpu(void)
{
	cpu_set_t all, one;
	int cpu = 0;
	check_eq(sched_getaffinity(0, sizeof all, &all), 0);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	check_eq(sched_setaffinity(0, sizeof one, &one), 0);
}

/* Who shares a CPU with the owner and wants in does not use it up: by a fair share each would have half. */
START_TEST(seizers_let_the_owner_run)
{
	enum { WORK = 60 }; /* ms */
	if (WEFT__TSAN) {
		printf("skipped: under ThreadSanitizer a seizer does not wait\n");
		return;
	}
	weft__os_barrier_init();
	stay_on_one_cpu();
	pthread_t thread = outsider(seize_in_vain, NULL);
	weft__bias_enter(&bias);
	set(inside, 1);
	for (uint64_t end = weft__os_kthread_cpu_time() + WEFT_MS(WORK); weft__os_kthread_cpu_time() < end;)
		;
	set(stop, 1);
	pthread_join(thread, NULL);
	weft__bias_leave(&bias);
	printf("the owner ran for %d ms, the seizer for %llu us\n", WORK, (unsigned long long)get(spent) / 1000);
	check(get(spent) < WEFT_MS(WORK) / 4);
}
END_TEST

START_TEST(a_poke_is_told_once)
{
	weft__bias_poke(&bias);
	weft__bias_poke(&bias);
	ck_assert(weft__bias_enter(&bias));
	weft__bias_leave(&bias);
	ck_assert(!weft__bias_enter(&bias));
	weft__bias_leave(&bias);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		excludes_by_membarrier,	   excludes_without_membarrier, seizing_fails_while_the_owner_is_in,
		seizers_let_the_owner_run, a_poke_is_told_once,		NULL
	};
	return run_tests("unit/bias", tests);
}
