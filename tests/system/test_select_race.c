/* SPDX-License-Identifier: MIT */
/* Selects that race: with each other, with plain calls, with closes; polls; and that no channel starves. */
#include "tests/support/chan.h"

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
		meeting[i] = make_chan(8, 0);
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
		couple[0][i] = make_chan(8, 0), couple[1][i] = make_chan(8, 0);
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
		send_number(ways[m->index % WAYS], i);
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
			ways[i] = make_chan(8, capacity);
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

/* A poll is of one moment: one of two channels has an element at any time, so it never finds none. The empty channels around
 * them give the element time to change its place behind one that looks at one after the other. */
enum { AROUND = 60 };
static struct weft_chan *left_hand, *right_hand;
static shared juggling;

static void catch (struct weft_chan *chan)
{
	while (weft_chan_tryrecv(chan, NULL) != 0 && get(juggling))
		weft__cpu_relax();
}

static void *juggle(void *arg)
{
	while (get(juggling)) {
		send_number(right_hand, 1); /* first into the other: never in neither */
		catch (left_hand);
		send_number(left_hand, 1);
		catch (right_hand);
	}
	return arg;
}

START_TEST(polls_at_one_moment)
{
	struct weft_case cases[AROUND + 2];
	struct weft_chan *empty = make_chan(8, 1);
	for (int i = 0; i < AROUND + 2; i++)
		cases[i] = (struct weft_case)WEFT_CASE_RECV(empty, NULL);
	cases[0].chan = left_hand = make_chan(8, 3);
	cases[1].chan = right_hand = make_chan(8, 3);
	send_number(left_hand, 1);
	set(juggling, 1);
	pthread_t juggler = outsider(juggle, NULL);
	for (uint64_t end = weft_now() + WEFT_MS(300); weft_now() < end;) {
		int chosen = weft_select_timeout(cases, AROUND + 2, 0);
		check(chosen == 0 || chosen == 1);
		send_number(cases[chosen].chan, 1); /* the juggler waits if it misses it */
	}
	set(juggling, 0);
	pthread_join(juggler, NULL);
	weft_chan_destroy(left_hand);
	weft_chan_destroy(right_hand);
	weft_chan_destroy(empty);
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
		struct weft_chan *chans[2] = { make_chan(8, 1), make_chan(8, 1) };
		send_number(chans[i / 2 % 2], 1);
		weft_t thread = spawn(WEFT_GREEN, poll_both, chans);
		if (i % 2)
			send_number(chans[!(i / 2 % 2)], 1);
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
	struct weft_chan *chans[2] = { make_chan(8, 0), make_chan(8, 0) };
	weft_t feeder[4];
	uint64_t got, chosen[2] = { 0 };
	struct weft_case cases[2] = { WEFT_CASE_RECV(chans[0], &got), WEFT_CASE_RECV(chans[1], &got) };
	for (int i = 0; i < 4; i++)
		feeder[i] = spawn(WEFT_GREEN, feed, chans[i % 2]);
	for (int i = 0; i < 10000; i++) {
		int which = weft_select(cases, 2);
		check(which >= 0);
		chosen[which]++;
		weft_yield(); /* and the sender waits again */
	}
	check(chosen[0] > 4000 && chosen[1] > 4000);
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
	struct weft_config config = one_worker_alone();
	run_with(&config, eat, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { selects_meet,	     two_by_two,   traffic, polls_at_one_moment,
				       polls_while_it_moves, starves_none, NULL };
	return run_tests("system/select_race", tests);
}
