/* SPDX-License-Identifier: MIT */
/* Channels between processes: in order, whole or not at all, and nobody waits for one that is gone. */
#include "tests/support/link.h"

/* A child that has one end of a pair; the program's is the other. */
static weft_t with_end(struct weft_chan **end, size_t size, void *(*fn)(void *))
{
	struct weft_chan *ends[2] = { NULL, NULL };
	check_eq(weft_chan_pair(ends, size), 0);
	return child_with_end(end, ends, fn);
}

static void *echo(void *arg)
{
	struct weft_chan *chan = mine(arg, sizeof(struct element));
	struct element e;
	uintptr_t n = 0;
	for (; weft_chan_recv(chan, &e) == 0; n++)
		check_eq(weft_chan_send(chan, &e), 0);
	weft_chan_destroy(chan);
	return (void *)n;
}

static void *round_trips(void *arg)
{
	struct weft_chan *chan;
	weft_t thread = with_end(&chan, sizeof(struct element), echo);
	int n = rounds(2000);
	for (int i = 0; i < n; i++) {
		struct element e = element((uint64_t)i);
		check_eq(weft_chan_send(chan, &e), 0);
		check_eq(weft_chan_recv(chan, &e), 0);
		check_eq(number_in(&e), i);
	}
	check_eq(weft_chan_close(chan), 0);
	check_eq(weft_chan_close(chan), -EALREADY);
	const struct element last = element(0);
	check_eq(weft_chan_send(chan, &last), -EPIPE);
	check_eq(weft_chan_recv(chan, NULL), -EPIPE);
	check_eq((intptr_t)join(thread), n);
	weft_chan_destroy(chan);
	return arg;
}

START_TEST(there_and_back)
{
	run_with_processes(round_trips, NULL);
}
END_TEST

/* --- in one process --- */

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
	unsigned before = 0;
	for (int i = 0; i < 2; i++) {
		run(one_process, NULL);
		if (i == 0)
			before = descriptors();
	}
	ck_assert_uint_le(descriptors(), before);
}
END_TEST

/* --- killed in the middle --- */

static void *flood(void *arg)
{
	struct weft_chan *chan = mine(arg, sizeof(struct element));
	for (uint64_t i = 0;; i++) {
		struct element e = element(i);
		if (weft_chan_send(chan, &e))
			return NULL;
	}
}

/* Whole, in order, none missing; and then the end. */
static void *kill_senders(void *arg)
{
	uint64_t seed = new_seed(), got = 0;
	for (int i = 0; i < rounds(100); i++) {
		struct weft_chan *chan;
		struct element e;
		weft_t thread = with_end(&chan, sizeof e, flood);
		pid_t pid = process_of(thread);
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		uint64_t last = (seed >> 33) % 200;
		for (uint64_t n = 0;; n++) {
			int err = weft_chan_recv(chan, &e);
			if (err) {
				check_eq(err, -EPIPE);
				break;
			}
			check_eq(number_in(&e), n);
			got++;
			if (n == last)
				kill(pid, SIGKILL);
		}
		check_eq(end_of(thread).signal, SIGKILL);
		weft_chan_destroy(chan);
	}
	check(got > 0);
	return arg;
}

START_TEST(a_sender_is_killed)
{
	run_with_processes(kill_senders, NULL);
}
END_TEST

static void *drink(void *arg)
{
	struct weft_chan *chan = mine(arg, sizeof(struct element));
	struct element e;
	while (weft_chan_recv(chan, &e) == 0)
		number_in(&e);
	return NULL;
}

static void *kill_receivers(void *arg)
{
	for (int i = 0; i < rounds(50); i++) {
		struct weft_chan *chan;
		weft_t thread = with_end(&chan, sizeof(struct element), drink);
		pid_t pid = process_of(thread);
		int err = 0;
		for (int n = 0; !err; n++) {
			struct element e = element((uint64_t)n);
			err = weft_chan_send(chan, &e);
			if (n == 20 * (i % 20))
				kill(pid, SIGKILL);
		}
		check_eq(err, -EPIPE);
		check_eq(weft_chan_recv(chan, NULL), -EPIPE);
		check_eq(end_of(thread).signal, SIGKILL);
		weft_chan_destroy(chan);
	}
	return arg;
}

START_TEST(a_receiver_is_killed)
{
	run_with_processes(kill_receivers, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { there_and_back, the_same_calls, a_sender_is_killed, a_receiver_is_killed, NULL };
	return run_tests("system/link", tests);
}
