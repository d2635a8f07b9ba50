/* SPDX-License-Identifier: MIT */
/* Pairs over a socket, in one process: the same calls as of other channels; nothing lost at the end. Between processes:
 * test_link_process. */
#include "tests/support/link.h"

static void *send_many(void *arg)
{
	for (uint64_t i = 0; i < 5000; i++)
		check_eq(weft_chan_send(arg, &i), 0);
	return NULL;
}

static void *cancel_me(void *arg)
{
	uint64_t n;
	return (void *)(intptr_t)weft_chan_recv(arg, &n);
}

static void *one_process(void *arg)
{
	struct weft_chan *ends[2] = { NULL, NULL }, *plain, *other;
	uint64_t n = 7;
	check_eq(weft_chan_pair(ends, sizeof n), 0);
	check_eq(weft_chan_tryrecv(ends[0], &n), -EAGAIN);
	check_eq(weft_chan_recv_timeout(ends[0], &n, WEFT_MS(2)), -ETIMEDOUT);
	check_eq(weft_chan_recv_timeout(ends[0], &n, 0), -ETIMEDOUT);
	int sent = 0;
	while (weft_chan_trysend(ends[1], &n) == 0)
		sent++;
	check(sent > 10);
	check_eq(weft_chan_send_timeout(ends[1], &n, WEFT_MS(2)), -ETIMEDOUT);
	check_eq(weft_chan_count(ends[0]) + weft_chan_capacity(ends[0]), 0);
	while (sent-- > 0)
		check_eq(weft_chan_recv(ends[0], NULL), 0);
	weft_t sender = spawn(WEFT_GREEN, send_many, ends[1]);
	for (uint64_t i = 0; i < 5000; i++) {
		check_eq(weft_chan_recv(ends[0], &n), 0);
		check_eq(n, i);
	}
	join(sender);
	weft_t waits = spawn(WEFT_GREEN, cancel_me, ends[0]);
	check_eq(weft_cancel(waits), 0);
	check_eq((intptr_t)join(waits), -ECANCELED);

	struct weft_case cases[] = { WEFT_CASE_RECV(ends[0], &n) };
	check_eq(weft_select(cases, 1), -EINVAL);
	check_eq(weft_chan_create(&plain, 4, 1), 0);
	check_eq(weft_chan_descriptor(plain), -EINVAL);
	weft_chan_destroy(plain);
	check_eq(weft_chan_pair(ends, WEFT_LINK_ELEMENT_MAX + 1), -EINVAL);
	check_eq(weft_chan_open(&other, 0, 1) < 0, 1);

	check_eq(weft_chan_send(ends[0], &n), 0); /* unread, so the end is a reset */
	check_eq(weft_chan_send(ends[1], &n), 0);
	check_eq(weft_chan_send(ends[1], &n), 0);
	weft_chan_destroy(ends[1]);
	check_eq(weft_chan_recv(ends[0], &n), 0);
	check_eq(weft_chan_recv(ends[0], &n), 0);
	check_eq(weft_chan_recv(ends[0], &n), -EPIPE);
	check_eq(weft_chan_send(ends[0], &n), -EPIPE);
	weft_chan_destroy(ends[0]);

	check_eq(weft_chan_pair(ends, 0), 0); /* signals */
	check_eq(weft_chan_send(ends[0], NULL), 0);
	check_eq(weft_chan_recv(ends[1], NULL), 0);
	check_eq(weft_chan_close(ends[0]), 0);
	check_eq(weft_chan_recv(ends[1], NULL), -EPIPE);
	weft_chan_destroy(ends[0]);
	weft_chan_destroy(ends[1]);
	return arg;
}

START_TEST(the_same_calls)
{
	must_leave_no_descriptor(one_process);
}
END_TEST

/* --- sent, and closed at once --- */

static shared offered; /* an end to send by */

static int times(void)
{
	const char *emulator = getenv("EMULATOR");
	return emulator && *emulator ? 200 : rounds(10000);
}

/* Without a pause, which would miss the moment; the other may be without a CPU. */
static void relax(unsigned look)
{
	if (look % 512 == 0)
		sched_yield();
}

static void *send_and_go(void *arg)
{
	for (int i = 0; i < times(); i++) {
		struct weft_chan *end;
		uint64_t last = 7;
		for (unsigned look = 1; !(end = (struct weft_chan *)(uintptr_t)get(offered)); look++)
			relax(look);
		set(offered, 0);
		check_eq(weft_chan_send(end, &last), 0);
		weft_chan_destroy(end);
	}
	return arg;
}

/* It looks on and on: one that sleeps meets the end later. */
static void *receive_the_last(void *arg)
{
	weft_t sender = spawn(WEFT_BOUND, send_and_go, NULL);
	for (int i = 0; i < times(); i++) {
		struct weft_chan *ends[2];
		uint64_t got = 0;
		int err;
		check_eq(weft_chan_pair(ends, sizeof got), 0);
		set(offered, (uintptr_t)ends[1]);
		for (unsigned look = 1; (err = weft_chan_tryrecv(ends[0], &got)) == -EAGAIN; look++)
			relax(look);
		check_eq(err, 0);
		check_eq(got, 7);
		check_eq(weft_chan_recv(ends[0], &got), -EPIPE);
		weft_chan_destroy(ends[0]);
	}
	join(sender);
	return arg;
}

START_TEST(the_last_before_the_end)
{
	run(receive_the_last, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { the_same_calls, the_last_before_the_end, NULL };
	return run_tests("system/link", tests);
}
