/* SPDX-License-Identifier: MIT */
/* Contests for channels and select (tests/schedule/contest.h says what is checked): no element is lost, none comes twice. */
#include "tests/schedule/contest.h"

enum { BUFFERED = 99 };

static struct weft_chan *chan, *other;
static int sent[CONTESTANTS_MAX], received[BUFFERED + 1], left;

static void begin_with(size_t capacity)
{
	check_eq(weft_chan_create(&chan, sizeof(int), capacity), 0);
	check_eq(weft_chan_create(&other, sizeof(int), capacity), 0);
	memset(sent, 0, sizeof sent);
	memset(received, 0, sizeof received);
	left = contestants;
}

static void begin_unbuffered(void)
{
	begin_with(0);
}

static void begin_buffered(void)
{
	begin_with(1);
}

static void begin_full(void)
{
	int element = BUFFERED;
	begin_with(1);
	check_eq(weft_chan_send(chan, &element), 0);
	check_eq(weft_chan_send(other, &element), 0);
}

static void end(void)
{
	check_eq(weft_chan_count(chan), 0);
	check_eq(weft_chan_count(other), 0);
	weft_chan_destroy(chan);
	weft_chan_destroy(other);
}

/* --- all receive: one element for each of the patient ones --- */

static void send_one(struct weft_chan *to)
{
	int element = 1;
	check_eq(weft_chan_send(to, &element), 0);
}

static void send_enough(void)
{
	for (int i = 0; i < patient_ones(); i++)
		send_one(chan);
}

static void send_enough_to_both(void)
{
	for (int i = 0; i < patient_ones(); i++)
		send_one(i & 1 ? other : chan);
}

static int wait_to_receive(int who, uint64_t limit)
{
	int element = 0;
	int err =
		limit == WEFT_FOREVER ? weft_chan_recv(chan, &element) : weft_chan_recv_timeout(chan, &element, limit);
	check_eq(element, err ? 0 : 1);
	(void)who;
	return err;
}

static void send_on(int who, int result)
{
	if (is_hurried(who) && !result)
		send_one(chan);
}

static int run_select(struct weft_case *cases, unsigned n, uint64_t limit)
{
	int chosen = limit == WEFT_FOREVER ? weft_select(cases, n) : weft_select_timeout(cases, n, limit);
	check(chosen < (int)n);
	if (chosen >= 0)
		check_eq(cases[chosen].result, 0);
	return chosen;
}

static int select_to_receive(int who, uint64_t limit)
{
	int a = 0, b = 0;
	struct weft_case cases[] = { WEFT_CASE_RECV(chan, &a), WEFT_CASE_RECV(other, &b) };
	int chosen = run_select(cases, 2, limit);
	check_eq(a, chosen == 0);
	check_eq(b, chosen == 1);
	(void)who;
	return chosen < 0 ? chosen : 0;
}

static void send_on_by_the_other(int who, int result)
{
	if (is_hurried(who) && !result)
		send_one(other);
}

/* --- all send: received is what was sent with success, once --- */

static void receive_all(void)
{
	int element;
	while (weft_chan_recv(chan, &element) == 0)
		received[element]++;
	while (weft_chan_recv(other, &element) == 0)
		received[element]++;
}

static void receive_all_from_both(void)
{
	int element = 0;
	struct weft_case cases[] = { WEFT_CASE_RECV(chan, &element), WEFT_CASE_RECV(other, &element) };
	for (int open = 2; open > 0;) {
		int chosen = weft_select(cases, 2);
		check(chosen >= 0);
		if (cases[chosen].result == 0)
			received[element]++;
		else
			cases[chosen].chan = NULL, open--;
	}
}

static int wait_to_send(int who, uint64_t limit)
{
	int err = limit == WEFT_FOREVER ? weft_chan_send(chan, &who) : weft_chan_send_timeout(chan, &who, limit);
	sent[who] += !err;
	return err;
}

static int select_to_send(int who, uint64_t limit)
{
	struct weft_case cases[] = { WEFT_CASE_SEND(chan, &who), WEFT_CASE_SEND(other, &who) };
	int chosen = run_select(cases, 2, limit);
	sent[who] += chosen >= 0;
	return chosen < 0 ? chosen : 0;
}

static void close_as_last(int who, int result)
{
	(void)who, (void)result;
	if (--left > 0)
		return;
	check_eq(weft_chan_close(chan), 0);
	check_eq(weft_chan_close(other), 0);
}

static void end_sent(void)
{
	for (int i = 0; i < contestants; i++)
		check_eq(received[i], sent[i]);
	end();
}

static void end_sent_after_full(void)
{
	check_eq(received[BUFFERED], 2);
	end_sent();
}

/* --- closed while they wait --- */

static int wait_for_close(int who, uint64_t limit)
{
	int err = limit == WEFT_FOREVER ? weft_chan_recv(chan, NULL) : weft_chan_recv_timeout(chan, NULL, limit);
	(void)who;
	check(err != 0);
	return err == -EPIPE ? 0 : err;
}

static int wait_to_send_to_closed(int who, uint64_t limit)
{
	int err = limit == WEFT_FOREVER ? weft_chan_send(chan, &who) : weft_chan_send_timeout(chan, &who, limit);
	check(err != 0);
	return err == -EPIPE ? 0 : err;
}

static void close_it(void)
{
	check_eq(weft_chan_close(chan), 0);
}

/* --- selects that send and receive, and so meet one another. Like a barrier of two: an even number, and who met comes again. --- */

static int select_both_ways(int who, uint64_t limit)
{
	int got = -1;
	struct weft_case cases[] = { WEFT_CASE_SEND(chan, &who), WEFT_CASE_RECV(chan, &got) };
	int chosen = run_select(cases, 2, limit);
	check_eq(got >= 0, chosen == 1);
	if (chosen == 0)
		sent[who]++;
	if (chosen == 1)
		received[got]++;
	return chosen < 0 ? chosen : 0;
}

static void meet(void)
{
	check_eq(select_both_ways(1, WEFT_FOREVER), 0);
}

static void meet_again(int who, int result)
{
	if (is_hurried(who) && !result)
		check_eq(select_both_ways(who, WEFT_FOREVER), 0);
}

static struct contest contests[] = {
	{ .name = "receive",
	  .begin = begin_unbuffered,
	  .wait = wait_to_receive,
	  .provide = send_enough,
	  .over = send_on,
	  .end = end },
	{ .name = "receive, buffered",
	  .begin = begin_buffered,
	  .wait = wait_to_receive,
	  .provide = send_enough,
	  .over = send_on,
	  .end = end },
	{ .name = "send",
	  .begin = begin_unbuffered,
	  .wait = wait_to_send,
	  .provide = receive_all,
	  .over = close_as_last,
	  .end = end_sent },
	{ .name = "send, full",
	  .begin = begin_full,
	  .wait = wait_to_send,
	  .provide = receive_all,
	  .over = close_as_last,
	  .end = end_sent_after_full },
	{ .name = "select, receive",
	  .begin = begin_unbuffered,
	  .wait = select_to_receive,
	  .provide = send_enough_to_both,
	  .over = send_on_by_the_other,
	  .end = end },
	{ .name = "select, receive buffered",
	  .begin = begin_buffered,
	  .wait = select_to_receive,
	  .provide = send_enough_to_both,
	  .over = send_on_by_the_other,
	  .end = end },
	{ .name = "select, send",
	  .begin = begin_unbuffered,
	  .wait = select_to_send,
	  .provide = receive_all_from_both,
	  .over = close_as_last,
	  .end = end_sent },
	{ .name = "select, send full",
	  .begin = begin_full,
	  .wait = select_to_send,
	  .provide = receive_all_from_both,
	  .over = close_as_last,
	  .end = end_sent_after_full },
	{ .name = "select, both ways",
	  .begin = begin_unbuffered,
	  .wait = select_both_ways,
	  .provide = meet,
	  .over = meet_again,
	  .end = end_sent },
	{ .name = "receive, closed",
	  .begin = begin_unbuffered,
	  .wait = wait_for_close,
	  .provide = close_it,
	  .end = end },
	{ .name = "send, closed",
	  .begin = begin_unbuffered,
	  .wait = wait_to_send_to_closed,
	  .provide = close_it,
	  .end = end },
	{ .name = NULL },
};

int main(void)
{
	return run_contests("schedule/channels", contests);
}
