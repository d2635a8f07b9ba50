/* SPDX-License-Identifier: MIT */
/* A select that waits: who lets it go, itself and others on the same channel, and that it has left what it lost. */
#include "tests/support/chan.h"

/* One worker; a spawned thread runs at once, until it waits. */

struct waiter {
	struct weft_case cases[4];
	unsigned count;
	int chosen;
	uint64_t got[4];
	weft_t thread;
};

static void *select_once(void *arg)
{
	struct waiter *w = arg;
	w->chosen = weft_select(w->cases, w->count);
	return NULL;
}

static void begin(struct waiter *w)
{
	w->chosen = 99;
	w->thread = spawn(WEFT_GREEN, select_once, w);
	check_eq(w->chosen, 99);
}

static void end(struct waiter *w, int chosen, int result)
{
	join(w->thread);
	check_eq(w->chosen, chosen);
	check_eq(w->cases[chosen].result, result);
}

/* It waits on all, is let go by one, and has left the others. */
static void *waits_on_all(void *arg)
{
	struct weft_chan *a = make_chan(8, 0), *b = make_chan(8, 0), *c = make_chan(8, 0);
	uint64_t got;
	for (int by = 0; by < 4; by++) {
		struct waiter w = { .count = 4, .got = { 1, 2, 3, 4 } };
		w.cases[0] = (struct weft_case)WEFT_CASE_RECV(a, &w.got[0]);
		w.cases[1] = (struct weft_case)WEFT_CASE_SEND(b, &w.got[1]);
		w.cases[2] = (struct weft_case)WEFT_CASE_RECV(NULL, &w.got[2]);
		w.cases[3] = (struct weft_case)WEFT_CASE_RECV(c, &w.got[3]);
		begin(&w);
		if (by == 1) {
			check_eq(weft_chan_tryrecv(b, &got), 0);
			check_eq(got, 2);
			end(&w, 1, 0);
		} else if (by == 2) {
			check_eq(weft_chan_close(c), 0);
			check_eq(weft_chan_tryrecv(b, &got), -EAGAIN); /* it is over, though it still stands there */
			end(&w, 3, -EPIPE);
			check_eq(w.got[3], 4);
			weft_chan_destroy(c);
			c = make_chan(8, 0);
		} else {
			got = 50;
			check_eq(weft_chan_trysend(by ? c : a, &got), 0);
			check_eq(weft_chan_trysend(by ? a : c, &got), -EAGAIN);
			end(&w, by, 0);
			check_eq(w.got[by], 50);
		}
		check_eq(weft_chan_trysend(a, &got), -EAGAIN);
		check_eq(weft_chan_tryrecv(b, &got), -EAGAIN);
		check_eq(weft_chan_trysend(c, &got), -EAGAIN);
	}
	weft_chan_destroy(a);
	weft_chan_destroy(b);
	weft_chan_destroy(c);
	return arg;
}

/* Send and receive on one channel, and each twice: it does not meet itself, but others, and other selects. */
static void *does_not_meet_itself(void *arg)
{
	struct weft_chan *chan = make_chan(8, 0);
	uint64_t got = 0;
	struct waiter w = { .count = 4, .got = { 1, 2, 3, 4 } }, x = { .count = 2, .got = { 11, 12 } };
	for (int i = 0; i < 4; i++)
		w.cases[i] = i % 2 ? (struct weft_case)WEFT_CASE_SEND(chan, &w.got[i])
				   : (struct weft_case)WEFT_CASE_RECV(chan, &w.got[i]);
	x.cases[0] = (struct weft_case)WEFT_CASE_RECV(chan, &x.got[0]);
	x.cases[1] = (struct weft_case)WEFT_CASE_SEND(chan, &x.got[1]);

	check_eq(weft_select_timeout(w.cases, 4, 0), -ETIMEDOUT);
	check_eq(weft_select_timeout(w.cases, 4, WEFT_MS(1)), -ETIMEDOUT);
	begin(&w);
	check_eq(weft_chan_tryrecv(chan, &got), 0);
	check_eq(got, 2); /* the first that sends */
	end(&w, 1, 0);
	begin(&w);
	got = 60;
	check_eq(weft_chan_trysend(chan, &got), 0);
	end(&w, 0, 0);
	check_eq(w.got[0], 60);
	for (int i = 0; i < 100; i++) {
		begin(&w);
		int chosen = weft_select(x.cases, 2);
		check(chosen == 0 || chosen == 1);
		check_eq(x.cases[chosen].result, 0);
		end(&w, !chosen, 0);
	}
	check_eq(weft_chan_trysend(chan, &got), -EAGAIN);
	check_eq(weft_chan_tryrecv(chan, &got), -EAGAIN);
	weft_chan_destroy(chan);
	return arg;
}

/* The same channel, buffered: the select both sends to it and receives from it, and sees its own elements. */
static void *buffer_of_its_own(void *arg)
{
	struct weft_chan *chan = make_chan(8, 1);
	uint64_t out = 0, got = 0;
	struct weft_case cases[] = { WEFT_CASE_SEND(chan, &out), WEFT_CASE_RECV(chan, &got) };
	for (int i = 0; i < 100; i++) {
		out = (uint64_t)i / 2;
		check_eq(weft_select(cases, 2), i % 2);
		check(i % 2 == 0 || got == out);
	}
	weft_chan_destroy(chan);
	return arg;
}

/* Those that are over are passed by; order among the others stays. */
static void *order_behind_the_lost(void *arg)
{
	struct weft_chan *a = make_chan(8, 0), *b = make_chan(8, 0);
	struct waiter w[3] = { { .count = 2 }, { .count = 2 }, { .count = 1 } };
	uint64_t element = 5;
	for (int i = 0; i < 3; i++) {
		w[i].cases[0] = (struct weft_case)WEFT_CASE_RECV(a, &w[i].got[0]);
		w[i].cases[1] = (struct weft_case)WEFT_CASE_RECV(b, &w[i].got[1]);
		begin(&w[i]);
	}
	check_eq(weft_chan_trysend(b, &element), 0); /* the first is over */
	for (element = 6; element < 8; element++)
		check_eq(weft_chan_trysend(a, &element), 0);
	check_eq(weft_chan_trysend(a, &element), -EAGAIN);
	end(&w[0], 1, 0);
	end(&w[1], 0, 0);
	end(&w[2], 0, 0);
	check_eq(w[0].got[1], 5);
	check_eq(w[1].got[0], 6);
	check_eq(w[2].got[0], 7);
	weft_chan_destroy(a);
	weft_chan_destroy(b);
	return arg;
}

/* A close that meets one select in several of its cases lets it go once. */
static void *closed_in_several_cases(void *arg)
{
	struct weft_chan *chan = make_chan(8, 0);
	struct waiter w = { .count = 3 };
	for (int i = 0; i < 3; i++)
		w.cases[i] = i == 1 ? (struct weft_case)WEFT_CASE_SEND(chan, &w.got[i])
				    : (struct weft_case)WEFT_CASE_RECV(chan, &w.got[i]);
	begin(&w);
	check_eq(weft_chan_close(chan), 0);
	join(w.thread);
	check(w.chosen >= 0 && w.chosen < 3);
	check_eq(w.cases[w.chosen].result, -EPIPE);
	weft_chan_destroy(chan);
	return arg;
}

START_TEST(waits)
{
	struct weft_config config = one_worker_alone();
	run_with(&config, waits_on_all, NULL);
	run_with(&config, does_not_meet_itself, NULL);
	run_with(&config, buffer_of_its_own, NULL);
	run_with(&config, order_behind_the_lost, NULL);
	run_with(&config, closed_in_several_cases, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { waits, NULL };
	return run_tests("system/select_wait", tests);
}
