/* SPDX-License-Identifier: MIT */
/* Select: what it answers, what it chooses and how fairly, and that what it did not choose did not happen. */
#include "tests/support/chan.h"

enum { CASES = 16 };

START_TEST(refuses)
{
	struct weft_chan *chan = make_chan(8, 1);
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
	struct weft_chan *chan = make_chan(8, 0);
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
		chans[i] = make_chan(8, 1);
		bool is_send = i % 3 == 1, can = ready_mask >> i & 1;
		if (is_send != can)
			send_number(chans[i], 1);
		cases[i] = is_send ? (struct weft_case)WEFT_CASE_SEND(chans[i], &got)
				   : (struct weft_case)WEFT_CASE_RECV(chans[i], &got);
	}
	for (int draw = 0; draw < draws; draw++) {
		int i = draw & 1 ? weft_select(cases, (unsigned)n) : weft_select_timeout(cases, (unsigned)n, 0);
		check(i >= 0 && i < n && (ready_mask >> i & 1));
		check_eq(cases[i].result, 0);
		chosen[i]++;
		if (i % 3 == 1)
			check_eq(weft_chan_tryrecv(chans[i], &got), 0);
		else
			send_number(chans[i], 1);
	}
	/* 4000 are expected; a standard deviation is less than 64 */
	for (int i = 0; i < n; i++) {
		check(!(ready_mask >> i & 1) || (chosen[i] > 3600 && chosen[i] < 4400));
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
	struct weft_chan *in = make_chan(8, 2), *out = make_chan(8, 2), *closed = make_chan(8, 2);
	uint64_t got = 99, element = 5;
	struct weft_case cases[] = { WEFT_CASE_RECV(in, &got), WEFT_CASE_SEND(out, &element) };
	ck_assert_int_eq(weft_select(cases, 2), 1);
	ck_assert_int_eq(weft_select(cases, 2), 1);
	ck_assert_int_eq(weft_select_timeout(cases, 2, 0), -ETIMEDOUT);
	ck_assert_int_eq(weft_select_timeout(cases, 2, WEFT_MS(1)), -ETIMEDOUT);
	ck_assert_uint_eq(got, 99);
	ck_assert_uint_eq(weft_chan_count(out), 2);
	send_number(in, 7);
	ck_assert_int_eq(weft_select_timeout(cases, 2, WEFT_FOREVER), 0);
	ck_assert_uint_eq(got, 7);
	send_number(closed, 8);
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

static void *choose_many(void *arg)
{
	enum { MANY = 3000 };
	struct weft_case *cases = calloc(MANY, sizeof *cases);
	struct weft_chan **chans = calloc(MANY, sizeof *chans);
	uint64_t got = 0;
	for (unsigned i = 0; i < MANY; i++) {
		chans[i] = make_chan(8, i % 2);
		cases[i] = (struct weft_case)WEFT_CASE_RECV(
			chans[(i * 7919u) % MANY] ? chans[(i * 7919u) % MANY] : chans[i], &got);
	}
	check_eq(weft_select_timeout(cases, MANY, 0), -ETIMEDOUT);
	check_eq(weft_select_timeout(cases, MANY, WEFT_MS(1)), -ETIMEDOUT);
	send_number(chans[1999], 44);
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
	const TTest *const tests[] = { refuses,	      waits_for_nothing, is_canceled, chooses_at_random,
				       does_one_case, has_many_cases,	 NULL };
	return run_tests("system/select", tests);
}
