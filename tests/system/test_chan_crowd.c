/* SPDX-License-Identifier: MIT */
/* Channels between many threads of all kinds: no element is lost, doubled or overtaken, and no wake-up lost. */
#include "tests/support/chan.h"

static struct weft_chan *ping[9], *pong[9];

static void *volley(void *arg)
{
	struct member *m = arg;
	int pair = m->index / 2;
	for (uint64_t i = 0, got; i < (uint64_t)rounds(2000); i++) {
		if (m->index % 2)
			check_eq(weft_chan_send(ping[pair], &i), 0);
		check_eq(weft_chan_recv(m->index % 2 ? pong[pair] : ping[pair], &got), 0);
		check_eq(got, i);
		if (m->index % 2 == 0)
			check_eq(weft_chan_send(pong[pair], &i), 0);
	}
	return NULL;
}

/* A lost wake-up stops it. */
START_TEST(between_all_kinds)
{
	for (size_t capacity = 0; capacity < 2; capacity++) {
		for (int i = 0; i < 9; i++)
			ping[i] = make_chan(8, capacity), pong[i] = make_chan(8, capacity);
		crew_run(18, volley);
		for (int i = 0; i < 9; i++)
			weft_chan_destroy(ping[i]), weft_chan_destroy(pong[i]);
	}
}
END_TEST

enum { SENDERS = 6, RECEIVERS = 6, EACH = 3000 };
static struct weft_chan *crowded;
static shared sent, seen[SENDERS][EACH + 1], senders_left;

static int send_somehow(struct member *m, const uint64_t *element)
{
	switch (pick(m, 4)) {
	case 0:
		return weft_chan_trysend(crowded, element);
	case 1:
		return weft_chan_send_timeout(crowded, element, pick(m, 100000));
	default:
		return weft_chan_send(crowded, element);
	}
}

static int recv_somehow(struct member *m, uint64_t *element)
{
	switch (pick(m, 4)) {
	case 0:
		return weft_chan_tryrecv(crowded, element);
	case 1:
		return weft_chan_recv_timeout(crowded, element, pick(m, 100000));
	default:
		return weft_chan_recv(crowded, element);
	}
}

static void *send_many(struct member *m)
{
	for (uint64_t i = 1; i <= (uint64_t)rounds(EACH); i++) {
		uint64_t element = (uint64_t)m->index << 32 | i;
		int err;
		while ((err = send_somehow(m, &element)))
			check(err == -EAGAIN || err == -ETIMEDOUT);
		add(sent, 1);
	}
	if (add(senders_left, (uint64_t)-1) == 0)
		check_eq(weft_chan_close(crowded), 0);
	return NULL;
}

/* Of each sender what came later was sent later; each element once. */
static void *recv_many(struct member *m)
{
	uint64_t last[SENDERS] = { 0 }, element;
	int err;
	while ((err = recv_somehow(m, &element)) != -EPIPE) {
		if (err) {
			check(err == -EAGAIN || err == -ETIMEDOUT);
			continue;
		}
		uint64_t from = element >> 32, i = (uint32_t)element;
		check(from < SENDERS && i > last[from] && i <= EACH);
		last[from] = i;
		check_eq(add(seen[from][i], 1), 1);
		m->got++;
	}
	return NULL;
}

/* Of the crew every third is from outside, every third bound: so of the six senders, and of the six receivers. */
static void *be_in_crowd(void *arg)
{
	struct member *m = arg;
	return m->index < SENDERS ? send_many(m) : recv_many(m);
}

START_TEST(loses_nothing_in_a_crowd)
{
	static const size_t capacity[] = { 0, 1, 2, 100 };
	for (int i = 0; i < 4; i++) {
		crowded = make_chan(8, capacity[i]);
		memset(seen, 0, sizeof seen);
		set(sent, 0);
		set(senders_left, SENDERS);
		ck_assert_uint_eq(crew_run(SENDERS + RECEIVERS, be_in_crowd), get(sent));
		ck_assert_uint_eq(get(sent), SENDERS * (uint64_t)rounds(EACH));
		weft_chan_destroy(crowded);
	}
}
END_TEST

/* There is an element in it: nobody but we can take that away, and a close does not. */
static void *try_while_it_is_closed(void *arg)
{
	uint64_t got = 0;
	check_eq(weft_chan_tryrecv(arg, &got), 0);
	check_eq(got, 3);
	check_eq(weft_chan_recv(arg, &got), -EPIPE);
	return arg;
}

START_TEST(tries_while_it_is_closed)
{
	start();
	for (int i = 0; i < rounds(5000); i++) {
		struct weft_chan *chan = make_chan(8, 1);
		uint64_t element = 3;
		check_eq(weft_chan_send(chan, &element), 0);
		weft_t thread = spawn(WEFT_GREEN, try_while_it_is_closed, chan);
		check_eq(weft_chan_close(chan), 0);
		join(thread);
		weft_chan_destroy(chan);
	}
	stop();
}
END_TEST

/* A sieve: a thread and a channel for each prime, which passes on what its prime does not divide. */
enum { PRIMES = 200, LAST_PRIME = 1223 };

struct sieve {
	struct weft_chan *in, *out;
	int prime;
};

static void *pass_on(void *arg)
{
	struct sieve *s = arg;
	int n;
	while (weft_chan_recv(s->in, &n) == 0)
		if (n % s->prime && weft_chan_send(s->out, &n) != 0)
			break;
	weft_chan_close(s->out);
	weft_chan_close(s->in);
	return NULL;
}

static void *count_up(void *arg)
{
	for (int n = 2; weft_chan_send(arg, &n) == 0; n++)
		;
	return NULL;
}

static void *sift(void *arg)
{
	size_t capacity = *(size_t *)arg;
	static struct sieve sieve[PRIMES];
	static weft_t thread[PRIMES];
	struct weft_chan *in = make_chan(sizeof(int), capacity);
	weft_t counter = spawn(NULL, count_up, in);
	for (int i = 0; i < PRIMES; i++) {
		sieve[i] = (struct sieve){ .in = in, .out = make_chan(sizeof(int), capacity) };
		check_eq(weft_chan_recv(in, &sieve[i].prime), 0);
		thread[i] = spawn(NULL, pass_on, &sieve[i]);
		in = sieve[i].out;
	}
	check_eq(sieve[PRIMES - 1].prime, LAST_PRIME);
	weft_chan_close(in);
	for (int i = PRIMES; i-- > 0;)
		join(thread[i]);
	join(counter);
	weft_chan_destroy(sieve[0].in);
	for (int i = 0; i < PRIMES; i++)
		weft_chan_destroy(sieve[i].out);
	return arg;
}

START_TEST(sifts)
{
	for (size_t capacity = 0; capacity < 3; capacity++)
		run(sift, &capacity);
}
END_TEST

static void *send_last(void *arg)
{
	send_number(arg, 1);
	return NULL;
}

/* Who has received the last element may destroy the channel, though the send may not have returned. */
START_TEST(is_destroyed_by_its_last_receiver)
{
	start();
	for (int i = 0; i < rounds(3000); i++) {
		struct weft_chan *chan = make_chan(8, (size_t)i % 2);
		weft_t thread = spawn(i % 3 ? WEFT_GREEN : WEFT_BOUND, send_last, chan);
		check_eq(weft_chan_recv(chan, NULL), 0);
		weft_chan_destroy(chan);
		join(thread);
	}
	stop();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { between_all_kinds,
				       loses_nothing_in_a_crowd,
				       tries_while_it_is_closed,
				       sifts,
				       is_destroyed_by_its_last_receiver,
				       NULL };
	return run_tests("system/chan_crowd", tests);
}
