/* SPDX-License-Identifier: MIT */
/* Select: what it chooses and how fairly, what it does to those who meet it, and that what it did not choose did not happen. */
#include "tests/support/crew.h"

enum { CASES = 16 };

static struct weft_chan *make(size_t capacity)
{
	struct weft_chan *chan = NULL;
	check_eq(weft_chan_create(&chan, 8, capacity), 0);
	return chan;
}

static void send(struct weft_chan *chan, uint64_t element)
{
	check_eq(weft_chan_send(chan, &element), 0);
}

START_TEST(refuses)
{
	struct weft_chan *chan = make(1);
	uint64_t got = 0;
	struct weft_case cases[] = { WEFT_CASE_SEND(chan, &got), WEFT_CASE_RECV(chan, &got) };
	cases[1].kind = (enum weft_case_kind)7;
	ck_assert_int_eq(weft_select(cases, 2), -EINVAL);
	ck_assert_int_eq(weft_select_timeout(cases, 2, 0), -EINVAL);
	ck_assert_uint_eq(weft_chan_count(chan), 0);
	weft_chan_destroy(chan);
}
END_TEST

/* None, or none that can ever be ready. */
START_TEST(waits_for_nothing)
{
	uint64_t got = 0;
	struct weft_case cases[] = { WEFT_CASE_RECV(NULL, &got), WEFT_CASE_SEND(NULL, &got) };
	ck_assert_int_eq(weft_select_timeout(NULL, 0, 0), -ETIMEDOUT);
	ck_assert_int_eq(weft_select_timeout(NULL, 0, WEFT_MS(1)), -ETIMEDOUT);
	ck_assert_int_eq(weft_select_timeout(cases, 2, 0), -ETIMEDOUT);
	ck_assert_int_eq(weft_select_timeout(cases, 2, WEFT_MS(1)), -ETIMEDOUT);
}
END_TEST

static void *be_canceled(void *arg)
{
	uint64_t got = 0;
	struct weft_case cases[] = { WEFT_CASE_RECV(NULL, &got), WEFT_CASE_RECV(arg, &got), WEFT_CASE_SEND(arg, &got) };
	check_eq(weft_select(NULL, 0), -ECANCELED);
	check_eq(weft_select(cases, 1), -ECANCELED);
	check_eq(weft_select(cases, 3), -ECANCELED);
	check_eq(weft_select_timeout(cases, 3, WEFT_S(100)), -ECANCELED);
	check_eq(weft_select_timeout(cases, 3, 0), -ETIMEDOUT);
	return NULL;
}

static void *wait_and_be_canceled(void *arg)
{
	uint64_t got = 0;
	struct weft_case cases[] = { WEFT_CASE_RECV(arg, &got), WEFT_CASE_SEND(arg, &got) };
	check_eq(weft_select(cases, 2), -ECANCELED);
	return NULL;
}

static void *cancel_them(void *arg)
{
	struct weft_chan *chan = make(0);
	void *(*const fns[])(void *) = { be_canceled, wait_and_be_canceled };
	for (int i = 0; i < 2; i++) {
		weft_t thread = spawn(WEFT_GREEN, fns[i], chan);
		check_eq(weft_cancel(thread), 0);
		join(thread);
	}
	weft_chan_destroy(chan); /* nobody is left in its lists */
	return arg;
}

START_TEST(is_canceled)
{
	run(cancel_them, NULL);
}
END_TEST

/* Of those that can be done each is chosen as often, wherever it stands and whatever stands around it. */
static void choose_among(unsigned ready_mask, int n)
{
	struct weft_chan *chans[CASES];
	struct weft_case cases[CASES];
	uint64_t got, chosen[CASES] = { 0 };
	int ready = __builtin_popcount(ready_mask), draws = 4000 * ready;
	for (int i = 0; i < n; i++) {
		chans[i] = make(1);
		bool is_send = i % 3 == 1, can = ready_mask >> i & 1;
		if (is_send != can)
			send(chans[i], 1);
		cases[i] = is_send ? (struct weft_case)WEFT_CASE_SEND(chans[i], &got)
				   : (struct weft_case)WEFT_CASE_RECV(chans[i], &got);
	}
	for (int draw = 0; draw < draws; draw++) {
		int i = draw & 1 ? weft_select(cases, (unsigned)n) : weft_select_timeout(cases, (unsigned)n, 0);
		ck_assert(i >= 0 && i < n && (ready_mask >> i & 1));
		ck_assert_int_eq(cases[i].result, 0);
		chosen[i]++;
		if (i % 3 == 1)
			ck_assert_int_eq(weft_chan_tryrecv(chans[i], &got), 0);
		else
			send(chans[i], 1);
	}
	/* 4000 are expected; a standard deviation is less than 64 */
	for (int i = 0; i < n; i++) {
		ck_assert(!(ready_mask >> i & 1) || (chosen[i] > 3600 && chosen[i] < 4400));
		weft_chan_destroy(chans[i]);
	}
}

START_TEST(chooses_at_random)
{
	choose_among(0x3, 2);
	choose_among(0x3, 16); /* neighbours, and a gap behind them */
	choose_among(0x8001, 16);
	choose_among(0x0130, 11);
	choose_among(0xffff, 16);
	choose_among(0x1, 1);
}
END_TEST

/* What was not chosen has not happened; a closed channel can always be chosen. */
START_TEST(does_one_case)
{
	struct weft_chan *in = make(2), *out = make(2), *closed = make(2);
	uint64_t got = 99, element = 5;
	struct weft_case cases[] = { WEFT_CASE_RECV(in, &got), WEFT_CASE_SEND(out, &element) };
	ck_assert_int_eq(weft_select(cases, 2), 1);
	ck_assert_int_eq(weft_select(cases, 2), 1);
	ck_assert_int_eq(weft_select_timeout(cases, 2, 0), -ETIMEDOUT);
	ck_assert_int_eq(weft_select_timeout(cases, 2, WEFT_MS(1)), -ETIMEDOUT);
	ck_assert_uint_eq(got, 99);
	ck_assert_uint_eq(weft_chan_count(out), 2);
	send(in, 7);
	ck_assert_int_eq(weft_select_timeout(cases, 2, WEFT_FOREVER), 0);
	ck_assert_uint_eq(got, 7);
	send(closed, 8);
	ck_assert_int_eq(weft_chan_close(closed), 0);
	struct weft_case last[] = { WEFT_CASE_RECV(in, &got), WEFT_CASE_RECV(closed, &got) };
	ck_assert_int_eq(weft_select(last, 2), 1);
	ck_assert_int_eq(last[1].result, 0);
	ck_assert_uint_eq(got, 8);
	ck_assert_int_eq(weft_select(last, 2), 1);
	ck_assert_int_eq(last[1].result, -EPIPE);
	ck_assert_uint_eq(got, 8);
	struct weft_case refused[] = { WEFT_CASE_SEND(closed, &got), WEFT_CASE_SEND(NULL, &got) };
	ck_assert_int_eq(weft_select(refused, 2), 0);
	ck_assert_int_eq(refused[0].result, -EPIPE);
	weft_chan_destroy(in);
	weft_chan_destroy(out);
	weft_chan_destroy(closed);
}
END_TEST

/* --- those who wait: one worker, a spawned thread runs until it waits --- */

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
	struct weft_chan *a = make(0), *b = make(0), *c = make(0);
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
			c = make(0);
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
	struct weft_chan *chan = make(0);
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
	struct weft_chan *chan = make(1);
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
	struct weft_chan *a = make(0), *b = make(0);
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
	struct weft_chan *chan = make(0);
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
	struct weft_config config = workers_exactly(1);
	run_with(&config, waits_on_all, NULL);
	run_with(&config, does_not_meet_itself, NULL);
	run_with(&config, buffer_of_its_own, NULL);
	run_with(&config, order_behind_the_lost, NULL);
	run_with(&config, closed_in_several_cases, NULL);
}
END_TEST

/* --- races --- */

/* Two selects, each both ways on the same channels: each meeting is one send and one receive of one element. */
static struct weft_chan *meeting[3];
static shared met_sends, met_recvs, sum_sent, sum_received;

static void *meet(void *arg)
{
	struct member *m = arg;
	for (int i = 0; i < rounds(3000); i++) {
		uint64_t out[3], in[3];
		struct weft_case cases[6];
		for (unsigned k = 0; k < 3; k++) {
			unsigned at = (k + (unsigned)m->index) % 3;
			out[k] = pick(m, 1000000);
			cases[2 * k] = (struct weft_case)WEFT_CASE_SEND(meeting[at], &out[k]);
			cases[2 * k + 1] = (struct weft_case)WEFT_CASE_RECV(meeting[at], &in[k]);
		}
		int chosen = pick(m, 4) ? weft_select_timeout(cases, 6, WEFT_MS(1))
					: weft_select_timeout(cases, 6, pick(m, 20000));
		if (chosen == -ETIMEDOUT)
			continue;
		check(chosen >= 0 && chosen < 6);
		check_eq(cases[chosen].result, 0);
		if (chosen % 2)
			add(met_recvs, 1), add(sum_received, in[chosen / 2]);
		else
			add(met_sends, 1), add(sum_sent, out[chosen / 2]);
	}
	return NULL;
}

START_TEST(selects_meet)
{
	for (int i = 0; i < 3; i++)
		meeting[i] = make(0);
	crew_run(9, meet);
	ck_assert_uint_eq(get(met_sends), get(met_recvs));
	ck_assert_uint_eq(get(sum_sent), get(sum_received));
	ck_assert_uint_gt(get(met_sends), 0);
	for (int i = 0; i < 3; i++)
		weft_chan_destroy(meeting[i]);
}
END_TEST

/* Two that wait for each other without a time limit, in opposite orders: a lost match stops them. */
static struct weft_chan *couple[2][CREW_MAX];

static void *dance(void *arg)
{
	struct member *m = arg;
	int pair = m->index / 2, side = m->index % 2;
	uint64_t out = 1, in;
	struct weft_case cases[4] = { WEFT_CASE_SEND(couple[side][pair], &out), WEFT_CASE_RECV(couple[side][pair], &in),
				      WEFT_CASE_RECV(couple[!side][pair], &in),
				      WEFT_CASE_SEND(couple[!side][pair], &out) };
	for (int i = 0; i < rounds(3000); i++)
		check(weft_select(cases, 4) >= 0);
	return NULL;
}

START_TEST(two_by_two)
{
	enum { DANCERS = 18 };
	for (int i = 0; i < DANCERS / 2; i++)
		couple[0][i] = make(0), couple[1][i] = make(0);
	crew_run(DANCERS, dance);
	for (int i = 0; i < DANCERS / 2; i++)
		weft_chan_destroy(couple[0][i]), weft_chan_destroy(couple[1][i]);
}
END_TEST

/* Each of four channels is sent to and received from by plain calls and by selects over all four. */
enum { WAYS = 4, LOAD = 2000 };
static struct weft_chan *ways[WAYS];
static shared arrived[WAYS];

static void *plain_sends(struct member *m)
{
	for (uint64_t i = 0; i < (uint64_t)rounds(LOAD); i++)
		send(ways[m->index % WAYS], i);
	return NULL;
}

static void *plain_recvs(struct member *m)
{
	uint64_t got;
	for (int i = 0; i < rounds(LOAD); i++)
		check_eq(weft_chan_recv(ways[m->index % WAYS], &got), 0);
	add(arrived[m->index % WAYS], (uint64_t)rounds(LOAD));
	return NULL;
}

/* Until each has been done as often as there are elements for it. */
static void *selects(enum weft_case_kind kind)
{
	uint64_t element[WAYS] = { 0 };
	int left[WAYS], n = WAYS * rounds(LOAD);
	struct weft_case cases[WAYS];
	for (int i = 0; i < WAYS; i++) {
		left[i] = rounds(LOAD);
		cases[i] = (struct weft_case){ .chan = ways[i], .element = &element[i], .kind = kind };
	}
	for (; n > 0; n--) {
		int i = weft_select(cases, WAYS);
		check(i >= 0 && i < WAYS && left[i] > 0);
		check_eq(cases[i].result, 0);
		if (--left[i] == 0)
			cases[i].chan = NULL;
		if (kind == WEFT_RECV)
			add(arrived[i], 1);
	}
	return NULL;
}

static void *be_in_traffic(void *arg)
{
	struct member *m = arg;
	if (m->index < WAYS)
		return plain_sends(m);
	if (m->index < 2 * WAYS)
		return plain_recvs(m);
	return selects(m->index % 2 ? WEFT_RECV : WEFT_SEND);
}

START_TEST(traffic)
{
	for (size_t capacity = 0; capacity < 3; capacity++) {
		for (int i = 0; i < WAYS; i++) {
			ways[i] = make(capacity);
			set(arrived[i], 0);
		}
		crew_run(2 * WAYS + 4, be_in_traffic);
		for (int i = 0; i < WAYS; i++) {
			ck_assert_uint_eq(get(arrived[i]), 3 * (uint64_t)rounds(LOAD));
			ck_assert_uint_eq(weft_chan_count(ways[i]), 0);
			weft_chan_destroy(ways[i]);
		}
	}
}
END_TEST

/* A poll is of one moment: one of two channels has an element at any time, so it never finds none. */
static struct weft_chan *left_hand, *right_hand;
static shared juggling;

static void *juggle(void *arg)
{
	uint64_t ball = 1;
	while (get(juggling)) {
		weft_chan_send(right_hand, &ball); /* first into the other: never in neither */
		check_eq(weft_chan_recv(left_hand, &ball), 0);
		weft_chan_send(left_hand, &ball);
		check_eq(weft_chan_recv(right_hand, &ball), 0);
	}
	return arg;
}

START_TEST(polls_at_one_moment)
{
	left_hand = make(2), right_hand = make(2);
	send(left_hand, 1);
	set(juggling, 1);
	pthread_t juggler = outsider(juggle, NULL);
	uint64_t out = 1;
	struct weft_case cases[2] = { WEFT_CASE_RECV(left_hand, &out), WEFT_CASE_RECV(right_hand, &out) };
	for (int i = 0; i < rounds(20000); i++) {
		int chosen = weft_select_timeout(cases, 2, 0);
		check(chosen >= 0);
		send(chosen ? right_hand : left_hand, out); /* the juggler waits if it misses it */
	}
	set(juggling, 0);
	pthread_join(juggler, NULL);
	weft_chan_destroy(left_hand);
	weft_chan_destroy(right_hand);
}
END_TEST

/* There is something in the first until we take it, and before that something in the second, or that is closed. */
static void *poll_both(void *arg)
{
	struct weft_chan **chans = arg;
	uint64_t got;
	struct weft_case cases[2] = { WEFT_CASE_RECV(chans[0], &got), WEFT_CASE_RECV(chans[1], &got) };
	check(weft_select_timeout(cases, 2, 0) >= 0);
	return NULL;
}

START_TEST(polls_while_it_moves)
{
	start();
	for (int i = 0; i < rounds(5000); i++) {
		struct weft_chan *chans[2] = { make(1), make(1) };
		send(chans[i / 2 % 2], 1);
		weft_t thread = spawn(WEFT_GREEN, poll_both, chans);
		if (i % 2)
			send(chans[!(i / 2 % 2)], 1);
		else
			check_eq(weft_chan_close(chans[!(i / 2 % 2)]), 0);
		(void)weft_chan_tryrecv(chans[i / 2 % 2], NULL);
		join(thread);
		weft_chan_destroy(chans[0]);
		weft_chan_destroy(chans[1]);
	}
	stop();
}
END_TEST

/* Senders wait on both, always: none of the two starves. */
static void *feed(void *arg)
{
	uint64_t element = 1;
	while (weft_chan_send(arg, &element) == 0)
		;
	return NULL;
}

static void *eat(void *arg)
{
	struct weft_chan *chans[2] = { make(0), make(0) };
	weft_t feeder[4];
	uint64_t got, chosen[2] = { 0 };
	struct weft_case cases[2] = { WEFT_CASE_RECV(chans[0], &got), WEFT_CASE_RECV(chans[1], &got) };
	for (int i = 0; i < 4; i++)
		feeder[i] = spawn(WEFT_GREEN, feed, chans[i % 2]);
	for (int i = 0; i < 10000; i++) {
		int which = weft_select(cases, 2);
		check(which >= 0);
		chosen[which]++;
		if (i % 16 == 0)
			weft_yield();
	}
	check(chosen[0] > 1000 && chosen[1] > 1000);
	for (int i = 0; i < 2; i++)
		check_eq(weft_chan_close(chans[i]), 0);
	for (int i = 0; i < 4; i++)
		join(feeder[i]);
	weft_chan_destroy(chans[0]);
	weft_chan_destroy(chans[1]);
	return arg;
}

START_TEST(starves_none)
{
	run(eat, NULL);
}
END_TEST

static void *choose_many(void *arg)
{
	enum { MANY = 3000 };
	struct weft_case *cases = calloc(MANY, sizeof *cases);
	struct weft_chan **chans = calloc(MANY, sizeof *chans);
	uint64_t got = 0;
	for (unsigned i = 0; i < MANY; i++) {
		chans[i] = make(i % 2);
		cases[i] = (struct weft_case)WEFT_CASE_RECV(
			chans[(i * 7919u) % MANY] ? chans[(i * 7919u) % MANY] : chans[i], &got);
	}
	check_eq(weft_select_timeout(cases, MANY, 0), -ETIMEDOUT);
	check_eq(weft_select_timeout(cases, MANY, WEFT_MS(1)), -ETIMEDOUT);
	send(chans[1999], 44);
	int chosen = weft_select(cases, MANY);
	check(chosen >= 0 && cases[chosen].chan == chans[1999]);
	check_eq(got, 44);
	for (unsigned i = 0; i < MANY; i++)
		weft_chan_destroy(chans[i]);
	free(cases);
	free(chans);
	return arg;
}

START_TEST(has_many_cases)
{
	run(choose_many, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { refuses,
				       waits_for_nothing,
				       is_canceled,
				       chooses_at_random,
				       does_one_case,
				       waits,
				       selects_meet,
				       two_by_two,
				       traffic,
				       polls_at_one_moment,
				       polls_while_it_moves,
				       starves_none,
				       has_many_cases,
				       NULL };
	return run_tests("system/select", tests);
}
