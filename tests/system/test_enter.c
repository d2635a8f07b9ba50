/* SPDX-License-Identifier: MIT */
/*
 * weft_blocking_enter and weft_blocking_leave: others run at once in the place of the one that blocks, without the monitor,
 * which looks once here and never again, so that who depends on it hangs; and afterwards no more run at a time than were
 * asked for.
 */
#include "src/sched/worker.h"
#include "tests/support/support.h"

static int ends[2];
static shared done, running;

static void no_monitor(void)
{
	weft__tune.monitor_min_ns = weft__tune.monitor_max_ns = WEFT_S(3600);
	ck_assert_int_eq(pipe(ends), 0);
}

static void read_byte(void)
{
	char c;
	check_eq(read(ends[0], &c, 1), 1);
}

static void *write_byte(void *arg)
{
	check_eq(write(ends[1], "x", 1), 1);
	return arg;
}

static void block_in_place(void)
{
	check_eq(weft_blocking_enter(), 0);
	read_byte();
	check_eq(weft_blocking_leave(), 0);
}

static unsigned tokens(void)
{
	unsigned n = weft__load_acq(&weft__pool.tokens);
	for (uint32_t i = 0; i < weft__load_acq(&weft__pool.workers); i++)
		n += weft__load_acq(&weft__load_acq(&weft__pool.worker[i])->token) == WEFT__TOKEN_HELD;
	return n;
}

/* Queued behind the one that blocks. */
static void *behind_it(void *arg)
{
	struct weft_attr attr = WEFT_ATTR_INIT;
	weft_attr_set_queued(&attr, true);
	for (int i = 0; i < 200; i++) {
		weft_t thread = spawn(&attr, write_byte, NULL);
		block_in_place();
		join(thread);
	}
	return arg;
}

START_TEST(those_behind_run_at_once)
{
	no_monitor();
	struct weft_config config = workers_exactly(1);
	run_with(&config, behind_it, NULL);
}
END_TEST

/* The one that it has just woken is next on its worker, where nobody steals it. */
static struct weft_sem turn = WEFT_SEM_INIT(0);

static void *write_in_turn(void *arg)
{
	for (int i = 0; i < 200; i++) {
		check_eq(weft_sem_acquire(&turn), 0);
		write_byte(NULL);
	}
	return arg;
}

static void *just_woken(void *arg)
{
	weft_t thread = spawn(NULL, write_in_turn, NULL);
	for (int i = 0; i < 200; i++) {
		check_eq(weft_sem_release(&turn, 1), 0);
		block_in_place();
	}
	join(thread);
	return arg;
}

START_TEST(the_next_runs_at_once)
{
	no_monitor();
	struct weft_config config = workers_exactly(1);
	run_with(&config, just_woken, NULL);
}
END_TEST

/* Nothing is runnable when it enters; somebody must be there for what comes later, from outside. */
static void *from_outside(void *arg)
{
	for (int i = 0; i < 20; i++) {
		wait_until(get(running) == (uint64_t)i + 1);
		join(spawn(NULL, write_byte, NULL));
	}
	return arg;
}

static void *nothing_behind(void *arg)
{
	*(pthread_t *)arg = outsider(from_outside, NULL);
	for (int i = 0; i < 20; i++) {
		check_eq(weft_blocking_enter(), 0);
		add(running, 1);
		read_byte();
		check_eq(weft_blocking_leave(), 0);
	}
	check_eq(tokens(), weft_workers());
	return arg;
}

START_TEST(what_comes_later_runs)
{
	no_monitor();
	struct weft_config config = workers_exactly(1);
	pthread_t thread;
	run_with(&config, nothing_behind, &thread);
	pthread_join(thread, NULL);
}
END_TEST

enum { MANY = 30 };

static void *enter_and_leave(void *arg)
{
	uint64_t limit = weft_workers();
	for (int i = 0; i < rounds(200); i++) {
		check_eq(weft_blocking_enter(), 0);
		if (i % 8 == 0)
			usleep(50);
		check_eq(weft_blocking_leave(), 0);
		uint64_t now = add(running, 1);
		check(arg || now <= limit);
		for (int n = 0; n < 200; n++)
			weft__cpu_relax();
		add(running, (uint64_t)-1);
		if (i % 3 == 0)
			weft_yield();
		if (i % 5 == 0)
			weft_sleep(1000);
	}
	add(done, 1);
	return arg;
}

/* arg: with threads that are pinned, for which a worker takes a token though none is free. */
static void *crowd(void *arg)
{
	weft_t thread[MANY];
	for (int i = 0; i < MANY; i++) {
		struct weft_attr attr = WEFT_ATTR_INIT;
		if (arg && i % 5 == 0)
			weft_attr_set_worker(&attr, (unsigned)i % weft_workers());
		thread[i] = spawn(&attr, enter_and_leave, arg);
	}
	for (int i = 0; i < MANY; i++)
		join(thread[i]);
	wait_until(tokens() == weft_workers());
	return arg;
}

START_TEST(no_more_at_a_time_than_asked_for)
{
	run(crowd, NULL);
	ck_assert_uint_eq(get(done), MANY);
	run(crowd, &running);
	ck_assert_uint_eq(get(done), 2 * MANY);
}
END_TEST

static void *misuse(void *arg)
{
	for (int i = 0; i < 3; i++)
		check_eq(weft_blocking_leave(), 0);
	for (int i = 0; i < 3; i++)
		check_eq(weft_blocking_enter(), 0);
	for (int i = 0; i < 3; i++)
		check_eq(weft_blocking_leave(), 0);
	check_eq(weft_blocking_enter(), 0);
	weft_yield(); /* on another worker, or this one with a token again */
	weft_sleep(WEFT_US(100));
	check_eq(weft_blocking_leave(), 0);
	check_eq(weft_blocking_enter(), 0);
	return arg; /* without a leave */
}

static void *misuse_everywhere(void *arg)
{
	for (int i = 0; i < 50; i++)
		join(spawn(NULL, misuse, arg));
	join(spawn(WEFT_BOUND, misuse, arg));
	wait_until(tokens() == weft_workers());
	return misuse(arg);
}

START_TEST(nested_unmatched_elsewhere)
{
	misuse(NULL);
	run(misuse_everywhere, NULL);
	misuse(NULL);
}
END_TEST

/* The spare worker cannot be made when it is needed; the monitor tries again. */
static shared refusing, refused;

static int refuse_threads(enum weft__os_site site)
{
	return site == WEFT__OS_THREAD && get(refusing) && add(refused, 1) <= 2 ? -EAGAIN : 0;
}

static void *without_a_spare(void *arg)
{
	struct weft_attr attr = WEFT_ATTR_INIT;
	weft_attr_set_queued(&attr, true);
	set(refusing, 1);
	weft_t thread = spawn(&attr, write_byte, NULL);
	block_in_place();
	join(thread);
	check(get(refused) >= 3);
	return arg;
}

START_TEST(spare_worker_made_later)
{
	ck_assert_int_eq(pipe(ends), 0);
	struct weft_config config = workers_exactly(1);
	weft__os_fault_hook = refuse_threads;
	run_with(&config, without_a_spare, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { those_behind_run_at_once,
				       the_next_runs_at_once,
				       what_comes_later_runs,
				       no_more_at_a_time_than_asked_for,
				       nested_unmatched_elsewhere,
				       spare_worker_made_later,
				       NULL };
	return run_tests("system/enter", tests);
}
