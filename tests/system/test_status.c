/* SPDX-License-Identifier: MIT */
/* How a thread ended, by return, weft_exit and cancel, of green and bound threads, asked before and after the end. */
#include "tests/support/crew.h"
#include "tests/support/support.h"

static const struct weft_attr *const kinds[] = { WEFT_GREEN, WEFT_BOUND };
enum { KINDS = 2 };

static void *same(void *arg)
{
	return arg;
}

static void *exits(void *arg)
{
	weft_sleep(WEFT_US(200));
	weft_exit(arg);
}

/* Ends when it is canceled, and says that it was. */
static void *waits(void *arg)
{
	check_eq(weft_sleep(WEFT_S(60)), -ECANCELED);
	return arg;
}

static void ends(weft_t t, enum weft_end how, void *result)
{
	struct weft_status status;
	memset(&status, 0xff, sizeof status);
	check_eq(weft_join_status(t, &status), 0);
	check_eq(status.how, how);
	check(status.result == result);
	check(status.signal == 0 && status.code == 0 && status.address == NULL);
	check_eq(weft_join_status(t, &status), -ESRCH);
}

static void *body_exited(void *arg)
{
	for (int i = 0; i < KINDS; i++) {
		ends(spawn(kinds[i], same, arg), WEFT_EXITED, arg);
		ends(spawn(kinds[i], exits, &ends), WEFT_EXITED, &ends);
		weft_t t = spawn(kinds[i], same, arg);
		wait_until(has_ended(t));
		ends(t, WEFT_EXITED, arg);
		check_eq(weft_join_status(spawn(kinds[i], same, arg), NULL), 0);
	}
	return arg;
}

/* A cancel that was answered 0 is in the status, whoever asks for it and when; and weft_join is as ever. */
static void *body_canceled(void *arg)
{
	for (int i = 0; i < KINDS; i++) {
		weft_t t = spawn(kinds[i], waits, arg);
		check_eq(weft_cancel(t), 0);
		ends(t, WEFT_CANCELED, arg);
		t = spawn(kinds[i], waits, arg);
		check_eq(weft_cancel(t), 0);
		wait_until(has_ended(t));
		ends(t, WEFT_CANCELED, arg);
		t = spawn(kinds[i], waits, arg);
		check_eq(weft_cancel(t), 0);
		check(join(t) == arg);
		t = spawn(kinds[i], waits, arg);
		check_eq(weft_cancel(t), 0);
		wait_until(has_ended(t));
		check_eq(weft_detach(t), 0);
		check_eq(weft_detach(t), -ESRCH);
		ends(spawn(kinds[i], exits, arg), WEFT_EXITED, arg); /* a record that was used so is as new */
	}
	return arg;
}

static void *looks(void *arg)
{
	while (!get(*(shared *)arg))
		weft_yield();
	return arg;
}

/* A cancel comes at any moment of a thread's last: 0 and CANCELED belong together. */
static void *body_race(void *arg)
{
	int canceled = 0;
	for (int i = 0; i < rounds(3000); i++) {
		struct weft_status status;
		shared go = 0;
		weft_t t = spawn(i % 8 ? WEFT_GREEN : WEFT_BOUND, looks, &go);
		set(go, 1);
		if (i % 3 == 0)
			weft_yield();
		int err = weft_cancel(t);
		check(err == 0 || err == -ESRCH);
		check_eq(weft_join_status(t, &status), 0);
		check_eq(status.how, err ? WEFT_EXITED : WEFT_CANCELED);
		canceled += !err;
	}
	check(canceled > 0);
	return arg;
}

static void *body_timeout(void *arg)
{
	struct weft_status status = { .how = WEFT_CRASHED };
	for (int i = 0; i < KINDS; i++) {
		weft_t t = spawn(kinds[i], waits, arg);
		check_eq(weft_join_status_timeout(t, &status, 0), -ETIMEDOUT);
		check_eq(weft_join_status_timeout(t, &status, WEFT_MS(1)), -ETIMEDOUT);
		check_eq(status.how, WEFT_CRASHED);
		check_eq(weft_cancel(t), 0);
		check_eq(weft_join_status_timeout(t, &status, WEFT_S(60)), 0);
		check_eq(status.how, WEFT_CANCELED);
		status.how = WEFT_CRASHED;
	}
	check_eq(weft_join_status(weft_self(), &status), -EDEADLK);
	check_eq(weft_join_status(WEFT_NONE, &status), -ESRCH);
	return arg;
}

#define RUNS(name, body)                                                                                               \
	START_TEST(name)                                                                                               \
	{                                                                                                              \
		ck_assert_int_eq(weft_run(NULL, body, &ends, NULL), 0);                                                \
	}                                                                                                              \
	END_TEST

RUNS(exited, body_exited)
RUNS(canceled, body_canceled)
RUNS(canceled_at_the_end, body_race)
RUNS(with_a_time_limit, body_timeout)

int main(void)
{
	const TTest *const tests[] = { exited, canceled, canceled_at_the_end, with_a_time_limit, NULL };
	return run_tests("system/status", tests);
}
