/* SPDX-License-Identifier: MIT */
/* Contests for what threads do with one another and with time (tests/schedule/contest.h says what is checked). */
#include "tests/schedule/contest.h"

static struct weft_event event;
static struct weft_sem sem;
static weft_t target[CONTESTANTS_MAX];
static int children;

/* --- join: who gives up has not joined --- */

static void *wait_and_return(void *arg)
{
	check_eq(weft_event_wait(&event), 0);
	return arg;
}

static void begin_join(void)
{
	event = (struct weft_event)WEFT_EVENT_INIT;
	for (int i = 0; i < contestants; i++)
		target[i] = spawn(NULL, wait_and_return, &target[i]);
}

static void set_event(void)
{
	check_eq(weft_event_set(&event), 0);
}

static int wait_join(int who, uint64_t limit)
{
	void *result = NULL;
	int err = limit == WEFT_FOREVER ? weft_join(target[who], &result)
					: weft_join_timeout(target[who], &result, limit);
	check(result == (err ? NULL : &target[who]));
	return err;
}

static void join_after_all(int who, int result)
{
	if (result)
		check_eq(wait_join(who, WEFT_FOREVER), 0);
	check_eq(weft_join(target[who], NULL), -ESRCH);
}

/* --- park: one permit for each --- */

static void begin_park(void)
{
}

static int wait_park(int who, uint64_t limit)
{
	(void)who;
	return limit == WEFT_FOREVER ? weft_park() : weft_park_timeout(limit);
}

static void unpark_all(void)
{
	for (int i = 0; i < contestants; i++) {
		check_eq(weft_unpark(thread[i]), 0);
		weft_yield();
	}
}

/* The permit of who gave up is still to come, or there. */
static void park_after_all(int who, int result)
{
	(void)who;
	if (result)
		check_eq(weft_park(), 0);
	check_eq(weft_park_timeout(0), -ETIMEDOUT);
}

/* --- a scope's end: waits for its children whatever happens, and cancels them if it is canceled --- */

static void begin_scope(void)
{
	sem = (struct weft_sem)WEFT_SEM_INIT(0);
	children = 0;
}

static int child(void *arg)
{
	(void)arg;
	children++;
	int err = weft_sem_acquire(&sem);
	if (!err)
		check_eq(weft_sem_release(&sem, 1), 0);
	weft_cancel_mask();
	weft_yield();
	children--;
	return err;
}

static int grandchildren(void *arg)
{
	struct weft_scope scope;
	check_eq(weft_scope_open(&scope, 0), 0);
	int err = weft_scope_spawn(&scope, NULL, child, arg);
	check(err == 0 || err == -ECANCELED);
	int result = weft_scope_close(&scope);
	return err ? err : result;
}

static int wait_scope(int who, uint64_t limit)
{
	struct weft_scope scope;
	check_eq(weft_scope_open(&scope, 0), 0);
	if (limit != WEFT_FOREVER)
		check_eq(weft_scope_set_timeout(&scope, limit), 0);
	int err = weft_scope_spawn(&scope, NULL, who & 1 ? child : grandchildren, NULL);
	int result = weft_scope_close(&scope);
	return err ? err : result;
}

static void post(void)
{
	check_eq(weft_sem_release(&sem, 1), 0);
}

static void end_scope(void)
{
	check_eq(children, 0);
}

/* --- sleep and tickers: never short. All are provided for by the clock. --- */

static struct weft_ticker ticker[CONTESTANTS_MAX];

static void begin_sleep(void)
{
	for (int i = 0; i < contestants; i++)
		check_eq(weft_ticker_start(&ticker[i], LIMIT), 0);
}

static int wait_sleep(int who, uint64_t limit)
{
	(void)who, (void)limit;
	int err = weft_sleep_until(due);
	check(err || weft_now() >= due);
	return err;
}

static int wait_tick(int who, uint64_t limit)
{
	(void)limit;
	int err = weft_ticker_wait(&ticker[who], NULL);
	check(err || weft_now() >= due);
	return err;
}

/* The tick that was not waited for is still to come. */
static void tick_after_all(int who, int result)
{
	if (result)
		check_eq(wait_tick(who, 0), 0);
}

static void nothing(void)
{
}

static struct contest contests[] = {
	{ .name = "join", .begin = begin_join, .wait = wait_join, .provide = set_event, .over = join_after_all },
	{ .name = "park", .begin = begin_park, .wait = wait_park, .provide = unpark_all, .over = park_after_all },
	{ .name = "end of a scope",
	  .begin = begin_scope,
	  .wait = wait_scope,
	  .provide = post,
	  .end = end_scope,
	  .uncanceled = true },
	{ .name = "sleep", .begin = begin_sleep, .wait = wait_sleep, .provide = nothing, .untimed = true },
	{ .name = "ticker",
	  .begin = begin_sleep,
	  .wait = wait_tick,
	  .provide = nothing,
	  .over = tick_after_all,
	  .untimed = true },
	{ .name = NULL },
};

int main(void)
{
	return run_contests("schedule/threads", contests);
}
