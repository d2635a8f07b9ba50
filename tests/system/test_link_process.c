/* SPDX-License-Identifier: MIT */
/* Pairs of channels between processes, over a socket and through shared memory: in order, whole or not at all, and nobody waits for one
 * that is gone. */
#include "tests/support/link.h"

/* Of a pair: over a socket, or through shared memory of a random capacity. */
static size_t some_capacity(int i, uint64_t *seed)
{
	return i % 2 ? 1 + random_of(seed) % 20 : 0;
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

static void round_trips(size_t capacity)
{
	struct weft_chan *chan;
	weft_t thread = with_end(&chan, sizeof(struct element), capacity, echo);
	int n = rounds(3000);
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
}

static void *both_kinds(void *arg)
{
	round_trips(0);
	round_trips(7);
	return arg;
}

START_TEST(there_and_back)
{
	run_with_processes(both_kinds, NULL);
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
	for (int i = 0; i < rounds(300); i++) {
		struct weft_chan *chan;
		struct element e;
		weft_t thread = with_end(&chan, sizeof e, some_capacity(i, &seed), flood);
		pid_t pid = process_of(thread);
		uint64_t last = random_of(&seed) % 200;
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
		check_eq(weft_chan_send(chan, &e), -EPIPE);
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
	uint64_t seed = new_seed();
	for (int i = 0; i < rounds(200); i++) {
		struct weft_chan *chan;
		weft_t thread = with_end(&chan, sizeof(struct element), some_capacity(i, &seed), drink);
		pid_t pid = process_of(thread);
		int err = 0, when = (int)(random_of(&seed) % 400);
		for (int n = 0; !err; n++) {
			struct element e = element((uint64_t)n);
			err = weft_chan_send(chan, &e);
			if (n == when)
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
	const TTest *const tests[] = { there_and_back, a_sender_is_killed, a_receiver_is_killed, NULL };
	return run_tests("system/link_process", tests);
}
