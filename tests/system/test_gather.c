/* SPDX-License-Identifier: MIT */
/* Threads that answer each other by descriptors and are on two workers come to be on one; what keeps both busy does not. */
#include "src/sched/worker.h"
#include "tests/support/io.h"

enum { TOGETHER = 100, APART_MOST = 1000 };

static struct pair there, back;
static shared place[2]; /* the workers of the two */

static weft__noinline unsigned here(void)
{
	return weft__worker()->index;
}

static void *answer(void *arg)
{
	uint64_t work = *(uint64_t *)arg, until;
	char c;
	while (weft_read(there.out, &c, 1) == 1 && c) {
		for (until = weft_now() + work; weft_now() < until;)
			;
		set(place[1], here());
		check_eq(weft_write(back.in, &c, 1), 1);
	}
	return arg;
}

static void trip(uint64_t work, char c)
{
	uint64_t until = weft_now() + work;
	while (weft_now() < until)
		;
	set(place[0], here());
	check_eq(weft_write(there.in, &c, 1), 1);
	if (c)
		check_eq(weft_read(back.out, &c, 1), 1);
}

/* Until both have been on one worker for a while. */
static void *ask(void *arg)
{
	int together = 0, apart = 0;
	while (together < TOGETHER && apart <= APART_MOST) {
		trip(0, 1);
		bool one = get(place[0]) == get(place[1]);
		together = one ? together + 1 : 0;
		apart += !one;
	}
	printf("together after %d round trips apart\n", apart);
	check(together == TOGETHER);
	trip(0, 0);
	return arg;
}

static void *ask_busily(void *arg)
{
	for (int i = 0; i < 30; i++)
		trip(*(uint64_t *)arg, 1);
	trip(0, 0);
	return arg;
}

/* A green thread runs at once where it is spawned; this one is pinned. */
struct launch {
	void *(*fn)(void *);
	uint64_t work; /* in ns, before each answer */
	weft_t thread;
};

static void *launch(void *arg)
{
	struct launch *l = arg;
	l->thread = spawn(NULL, l->fn, &l->work);
	return arg;
}

static void launch_on(unsigned worker, struct launch *l)
{
	struct weft_attr attr = pinned_to(worker);
	join(spawn(&attr, launch, l));
}

static void *on_two_workers(void *arg)
{
	struct launch *asker = arg, answerer = { answer, asker->work, WEFT_NONE };
	there = make_pair(PIPE);
	back = make_pair(PIPE);
	launch_on(1, &answerer);
	launch_on(0, asker);
	join(asker->thread);
	join(answerer.thread);
	close_pair(there);
	close_pair(back);
	return arg;
}

/* However slow this machine is, and whatever else runs: two wakes in a row will do, and no sleep is too short or too long. */
START_TEST(they_come_together)
{
	struct launch asker = { ask, 0, WEFT_NONE };
	struct weft_config config = workers_exactly(2);
	weft__tune.gather_row = 2;
	weft__tune.gather_slack = 0;
	weft__tune.gather_often_ns = WEFT_S(60);
	if (by_uring())
		run_with(&config, on_two_workers, &asker);
}
END_TEST

static void *see_that_none_gathers(void *arg)
{
	on_two_workers(arg);
	for (unsigned i = 0; i < 2; i++)
		check_eq(weft__load_acq(&weft__pool.worker[i])->gathered, 0);
	return arg;
}

/* Two that compute for longer than what is often. */
START_TEST(busy_ones_stay)
{
	struct launch asker = { ask_busily, WEFT_MS(2), WEFT_NONE };
	struct weft_config config = workers_exactly(2);
	weft__tune.gather_row = weft__tune.gather_slack = 4; /* as it is where nothing is tiny */
	if (by_uring())
		run_with(&config, see_that_none_gathers, &asker);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { they_come_together, busy_ones_stay, NULL };
	return run_tests("system/gather", tests);
}
