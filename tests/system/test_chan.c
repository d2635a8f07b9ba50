/* SPDX-License-Identifier: MIT */
/* Channels without select: what each call answers, order, close, cancel, time limits, and that no element is lost. */
#include "tests/support/child.h"
#include "tests/support/crew.h"

static struct weft_chan *make(size_t element_size, size_t capacity)
{
	struct weft_chan *chan = NULL;
	check_eq(weft_chan_create(&chan, element_size, capacity), 0);
	check_eq(weft_chan_capacity(chan), capacity);
	check_eq(weft_chan_count(chan), 0);
	return chan;
}

START_TEST(is_made_or_not)
{
	struct weft_chan *chan = NULL;
	ck_assert_int_eq(weft_chan_create(NULL, 8, 1), -EINVAL);
	ck_assert_int_eq(weft_chan_create(&chan, SIZE_MAX, 2), -EINVAL);
	ck_assert_int_eq(weft_chan_create(&chan, 2, SIZE_MAX), -EINVAL);
	ck_assert_int_eq(weft_chan_create(&chan, SIZE_MAX, 1), -EINVAL);
	ck_assert_int_eq(weft_chan_create(&chan, 1, (size_t)PTRDIFF_MAX), -EINVAL);
	ck_assert_ptr_null(chan);
	if (!WEFT__ASAN && !WEFT__TSAN)
		ck_assert_int_eq(weft_chan_create(&chan, (size_t)1 << 61, 1), -ENOMEM);
	ck_assert_ptr_null(chan);
	weft_chan_destroy(make(SIZE_MAX, 0)); /* nothing is buffered */
	weft_chan_destroy(make(0, SIZE_MAX)); /* of nothing */
	weft_chan_destroy(NULL);
}
END_TEST

/* All that can be asked of a buffer from one thread, round and round its end. */
START_TEST(buffers)
{
	struct weft_chan *chan = make(sizeof(int), 3);
	int in = 0, out = 0, got = -1;
	for (int lap = 0; lap < 10; lap++) {
		for (; weft_chan_count(chan) < 3; in++)
			ck_assert_int_eq(lap & 1 ? weft_chan_trysend(chan, &in) : weft_chan_send(chan, &in), 0);
		ck_assert_int_eq(weft_chan_trysend(chan, &in), -EAGAIN);
		ck_assert_int_eq(weft_chan_send_timeout(chan, &in, 0), -ETIMEDOUT);
		ck_assert_int_eq(weft_chan_send_timeout(chan, &in, WEFT_MS(1)), -ETIMEDOUT);
		for (int n = lap % 3; n >= 0; n--, out++) {
			ck_assert_int_eq(lap & 1 ? weft_chan_tryrecv(chan, &got) : weft_chan_recv(chan, &got), 0);
			ck_assert_int_eq(got, out);
		}
	}
	for (; out < in; out++) {
		ck_assert_int_eq(weft_chan_recv_timeout(chan, &got, WEFT_FOREVER), 0);
		ck_assert_int_eq(got, out);
	}
	got = -1;
	ck_assert_int_eq(weft_chan_tryrecv(chan, &got), -EAGAIN);
	ck_assert_int_eq(weft_chan_recv_timeout(chan, &got, 0), -ETIMEDOUT);
	ck_assert_int_eq(weft_chan_recv_timeout(chan, &got, WEFT_MS(1)), -ETIMEDOUT);
	ck_assert_int_eq(got, -1);
	weft_chan_destroy(chan);
}
END_TEST

START_TEST(does_not_buffer)
{
	struct weft_chan *chan = make(sizeof(int), 0);
	int element = 7;
	ck_assert_int_eq(weft_chan_trysend(chan, &element), -EAGAIN);
	ck_assert_int_eq(weft_chan_tryrecv(chan, &element), -EAGAIN);
	ck_assert_int_eq(weft_chan_send_timeout(chan, &element, WEFT_MS(1)), -ETIMEDOUT);
	ck_assert_int_eq(weft_chan_recv_timeout(chan, &element, WEFT_MS(1)), -ETIMEDOUT);
	ck_assert_int_eq(weft_chan_trysend(chan, &element), -EAGAIN); /* nobody is left there */
	ck_assert_int_eq(weft_chan_tryrecv(chan, &element), -EAGAIN);
	ck_assert_int_eq(element, 7);
	ck_assert_int_eq(weft_chan_close(chan), 0);
	ck_assert_int_eq(weft_chan_close(chan), -EALREADY);
	ck_assert_int_eq(weft_chan_send(chan, &element), -EPIPE);
	ck_assert_int_eq(weft_chan_recv(chan, &element), -EPIPE);
	weft_chan_destroy(chan);
}
END_TEST

START_TEST(is_closed_with_elements_in_it)
{
	struct weft_chan *chan = make(sizeof(int), 4);
	int got = 0;
	for (int i = 1; i <= 3; i++)
		ck_assert_int_eq(weft_chan_send(chan, &i), 0);
	ck_assert_int_eq(weft_chan_close(chan), 0);
	ck_assert_int_eq(weft_chan_send(chan, &got), -EPIPE);
	ck_assert_int_eq(weft_chan_trysend(chan, &got), -EPIPE);
	ck_assert_int_eq(weft_chan_send_timeout(chan, &got, WEFT_MS(1)), -EPIPE);
	ck_assert_int_eq(weft_chan_close(chan), -EALREADY);
	ck_assert_uint_eq(weft_chan_count(chan), 3);
	ck_assert_int_eq(weft_chan_recv(chan, &got), 0);
	ck_assert_int_eq(got, 1);
	ck_assert_int_eq(weft_chan_tryrecv(chan, &got), 0);
	ck_assert_int_eq(weft_chan_recv_timeout(chan, &got, 0), 0);
	ck_assert_int_eq(got, 3);
	ck_assert_int_eq(weft_chan_recv(chan, &got), -EPIPE);
	ck_assert_int_eq(weft_chan_tryrecv(chan, &got), -EPIPE);
	ck_assert_int_eq(weft_chan_recv_timeout(chan, &got, WEFT_MS(1)), -EPIPE);
	ck_assert_int_eq(got, 3);
	weft_chan_destroy(chan);
}
END_TEST

START_TEST(carries_pointers)
{
	struct weft_chan *chan = make(sizeof(void *), 1), *other = make(4, 1);
	void *pointer = NULL;
	ck_assert_int_eq(weft_chan_send_ptr(chan, chan), 0);
	ck_assert_int_eq(weft_chan_recv_ptr(chan, &pointer), 0);
	ck_assert_ptr_eq(pointer, chan);
	ck_assert_int_eq(weft_chan_send_ptr(chan, NULL), 0);
	ck_assert_int_eq(weft_chan_recv_ptr(chan, &pointer), 0);
	ck_assert_ptr_null(pointer);
	ck_assert_int_eq(weft_chan_send_ptr(other, chan), -EINVAL);
	ck_assert_int_eq(weft_chan_recv_ptr(other, &pointer), -EINVAL);
	ck_assert_uint_eq(weft_chan_count(other), 0);
	weft_chan_destroy(chan);
	weft_chan_destroy(other);
}
END_TEST

/* --- elements of all sizes, by the ring and from hand to hand --- */

struct transfer {
	struct weft_chan *chan;
	size_t size;
};
enum { LARGEST = 1000, TRANSFERS = 200 };

static void fill(unsigned char *element, size_t size, int i)
{
	for (size_t b = 0; b < size; b++)
		element[b] = (unsigned char)(i * 7 + (int)b);
}

static void *send_each(void *arg)
{
	struct transfer *t = arg;
	unsigned char element[LARGEST];
	for (int i = 0; i < TRANSFERS; i++) {
		fill(element, t->size, i);
		check_eq(weft_chan_send(t->chan, t->size ? element : NULL), 0);
		memset(element, 0xee, sizeof element); /* it was copied */
	}
	check_eq(weft_chan_close(t->chan), 0);
	return arg;
}

static void receive_each(struct transfer *t)
{
	unsigned char got[LARGEST + 1], should[LARGEST];
	for (int i = 0; i < TRANSFERS; i++) {
		got[t->size] = 0xaa;
		check_eq(weft_chan_recv(t->chan, i % 5 == 4 || !t->size ? NULL : got), 0);
		fill(should, t->size, i);
		check(i % 5 == 4 || memcmp(got, should, t->size) == 0);
		check_eq(got[t->size], 0xaa);
	}
	check_eq(weft_chan_recv(t->chan, got), -EPIPE);
}

static void *all_sizes(void *arg)
{
	static const size_t sizes[] = { 0, 1, 3, 4, 7, 8, 9, 16, 64, LARGEST };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (size_t capacity = 0; capacity < 6; capacity++) {
			struct transfer t = { make(sizes[i], capacity), sizes[i] };
			weft_t sender = spawn(NULL, send_each, &t);
			receive_each(&t);
			join(sender);
			weft_chan_destroy(t.chan);
		}
	return arg;
}

START_TEST(carries_any_size)
{
	run(all_sizes, NULL);
}
END_TEST

/* --- those who wait: one worker, so what runs when is known; a spawned thread runs at once, until it waits --- */

struct waiter {
	struct weft_chan *chan;
	uint64_t element;
	int result;
	uint64_t turn; /* when it went on */
	weft_t thread;
};
static shared turns;

static void *waits_to_send(void *arg)
{
	struct waiter *w = arg;
	w->result = weft_chan_send(w->chan, &w->element);
	w->turn = add(turns, 1);
	return NULL;
}

static void *waits_to_recv(void *arg)
{
	struct waiter *w = arg;
	w->result = weft_chan_recv(w->chan, &w->element);
	w->turn = add(turns, 1);
	return NULL;
}

enum { WAITERS = 5 };

static void begin(struct waiter w[WAITERS], struct weft_chan *chan, void *(*fn)(void *))
{
	set(turns, 0);
	for (int i = 0; i < WAITERS; i++) {
		w[i] = (struct waiter){ .chan = chan, .element = 100 + (uint64_t)i, .result = 1 };
		w[i].thread = spawn(WEFT_GREEN, fn, &w[i]);
		check_eq(w[i].result, 1);
	}
}

static void *senders_in_order(void *arg)
{
	for (uint64_t capacity = 0; capacity < 3; capacity++) {
		struct waiter w[WAITERS];
		struct weft_chan *chan = make(8, capacity);
		uint64_t got;
		for (uint64_t i = 0; i < capacity; i++)
			check_eq(weft_chan_send(chan, &i), 0);
		begin(w, chan, waits_to_send);
		for (uint64_t i = 0; i < capacity + WAITERS; i++) {
			check_eq(weft_chan_recv(chan, &got), 0);
			check_eq(got, i < capacity ? i : 100 + i - capacity);
			check_eq(weft_chan_count(chan), i < WAITERS ? capacity : capacity + WAITERS - 1 - i);
			if (i < WAITERS) {
				check_eq(w[i].result, 1); /* it is let go, and runs when we wait */
				join(w[i].thread);
				check_eq(w[i].result, 0);
				check_eq(w[i].turn, i + 1);
			}
		}
		check_eq(weft_chan_tryrecv(chan, &got), -EAGAIN);
		weft_chan_destroy(chan);
	}
	return arg;
}

static void *receivers_in_order(void *arg)
{
	for (size_t capacity = 0; capacity < 3; capacity++) {
		struct waiter w[WAITERS];
		struct weft_chan *chan = make(8, capacity);
		begin(w, chan, waits_to_recv);
		for (uint64_t i = 0; i < WAITERS; i++) {
			check_eq(weft_chan_trysend(chan, &i), 0);
			check_eq(weft_chan_count(chan), 0); /* it went from hand to hand */
			check_eq(w[i].element, i);
		}
		for (uint64_t i = 0; i < WAITERS; i++) {
			join(w[i].thread);
			check_eq(w[i].result, 0);
			check_eq(w[i].element, i);
		}
		check_eq(weft_chan_trysend(chan, &turns), capacity ? 0 : -EAGAIN);
		weft_chan_destroy(chan);
	}
	return arg;
}

static void *woken_runs_next(void *arg)
{
	struct waiter w[WAITERS], late = { .chan = make(8, 1) };
	struct weft_chan *chan = make(8, 0);
	begin(w, chan, waits_to_recv);
	late.thread = spawn(WEFT_GREEN, waits_to_recv, &late);
	uint64_t element = 1;
	check_eq(weft_chan_send(late.chan, &element), 0); /* goes behind the one that is woken later */
	check_eq(weft_chan_send(chan, &element), 0);
	join(late.thread);
	check_eq(w[0].turn, 1);
	check_eq(late.turn, 2);
	check_eq(weft_chan_close(chan), 0);
	for (int i = 0; i < WAITERS; i++)
		join(w[i].thread);
	weft_chan_destroy(chan);
	weft_chan_destroy(late.chan);
	return arg;
}

static void *close_lets_all_go(void *arg)
{
	for (size_t capacity = 0; capacity < 3; capacity++) {
		struct waiter w[WAITERS];
		struct weft_chan *chan = make(8, capacity);
		begin(w, chan, waits_to_recv);
		check_eq(weft_chan_close(chan), 0);
		for (int i = 0; i < WAITERS; i++) {
			join(w[i].thread);
			check_eq(w[i].result, -EPIPE);
			check_eq(w[i].element, 100 + i);
		}
		weft_chan_destroy(chan);
	}
	return arg;
}

static void *close_refuses_senders(void *arg)
{
	for (uint64_t capacity = 0; capacity < 3; capacity++) {
		struct waiter w[WAITERS];
		struct weft_chan *chan = make(8, capacity);
		uint64_t got;
		for (uint64_t i = 0; i < capacity; i++)
			check_eq(weft_chan_send(chan, &i), 0);
		begin(w, chan, waits_to_send);
		check_eq(weft_chan_close(chan), 0);
		for (int i = 0; i < WAITERS; i++) {
			join(w[i].thread);
			check_eq(w[i].result, -EPIPE);
		}
		for (uint64_t i = 0; i < capacity; i++) {
			check_eq(weft_chan_recv(chan, &got), 0);
			check_eq(got, i);
		}
		check_eq(weft_chan_recv(chan, &got), -EPIPE);
		weft_chan_destroy(chan);
	}
	return arg;
}

/* Two in the middle give up: the others keep their order, and nothing of the two is received. */
static void *canceled_leave_no_trace(void *arg)
{
	for (int receivers = 0; receivers < 2; receivers++) {
		struct waiter w[WAITERS];
		struct weft_chan *chan = make(8, 0);
		begin(w, chan, receivers ? waits_to_recv : waits_to_send);
		for (int i = 1; i < 4; i += 2) {
			check_eq(weft_cancel(w[i].thread), 0);
			join(w[i].thread);
			check_eq(w[i].result, -ECANCELED);
			check_eq(w[i].element, 100 + i);
		}
		for (uint64_t i = 0, element; i < WAITERS; i += 2) {
			element = i;
			check_eq(receivers ? weft_chan_send(chan, &element) : weft_chan_recv(chan, &element), 0);
			join(w[i].thread);
			check_eq(w[i].result, 0);
			check_eq(receivers ? w[i].element : element, receivers ? i : 100 + i);
		}
		check_eq(weft_chan_close(chan), 0);
		weft_chan_destroy(chan);
	}
	return arg;
}

/* Who has what it waited for is not canceled any more; who need not wait either. */
static void *completion_wins(void *arg)
{
	struct waiter w[WAITERS];
	struct weft_chan *chan = make(8, 0), *full = make(8, 2);
	uint64_t element = 7;
	begin(w, chan, waits_to_recv);
	check_eq(weft_chan_send(chan, &element), 0);
	check_eq(weft_cancel(w[0].thread), 0);
	join(w[0].thread);
	check_eq(w[0].result, 0);
	check_eq(w[0].element, 7);
	check_eq(weft_cancel(weft_self()), 0);
	check_eq(weft_chan_send(chan, &element), 0);
	check_eq(weft_chan_send(full, &element), 0);
	check_eq(weft_chan_recv(full, &element), 0);
	check_eq(weft_chan_recv(full, &element), -ECANCELED);
	check_eq(weft_chan_recv_timeout(full, &element, WEFT_S(100)), -ECANCELED);
	check_eq(weft_chan_tryrecv(full, &element), -EAGAIN);
	check_eq(weft_chan_close(chan), 0);
	check_eq(weft_cancel_mask(), 0);
	for (int i = 1; i < WAITERS; i++)
		join(w[i].thread);
	weft_chan_destroy(chan);
	weft_chan_destroy(full);
	return arg;
}

START_TEST(serves_in_order)
{
	struct weft_config config = workers_exactly(1);
	run_with(&config, senders_in_order, NULL);
	run_with(&config, receivers_in_order, NULL);
	run_with(&config, woken_runs_next, NULL);
}
END_TEST

START_TEST(is_closed_while_they_wait)
{
	struct weft_config config = workers_exactly(1);
	run_with(&config, close_lets_all_go, NULL);
	run_with(&config, close_refuses_senders, NULL);
}
END_TEST

START_TEST(is_canceled)
{
	struct weft_config config = workers_exactly(1);
	run_with(&config, canceled_leave_no_trace, NULL);
	run_with(&config, completion_wins, NULL);
}
END_TEST

static void *time_limits(void *arg)
{
	struct weft_chan *chan = make(8, 0);
	uint64_t element = 0, before = weft_now();
	check_eq(weft_chan_recv_timeout(chan, &element, WEFT_MS(3)), -ETIMEDOUT);
	check_eq(weft_chan_send_timeout(chan, &element, WEFT_MS(3)), -ETIMEDOUT);
	check(weft_now() - before >= WEFT_MS(6));
	struct weft_scope scope;
	check_eq(weft_scope_open(&scope, 0), 0);
	check_eq(weft_scope_set_timeout(&scope, WEFT_MS(3)), 0);
	check_eq(weft_chan_recv(chan, &element), -ECANCELED);
	check_eq(weft_chan_recv_timeout(chan, &element, WEFT_S(100)), -ECANCELED);
	weft_scope_close(&scope);
	weft_chan_destroy(chan);
	return arg;
}

START_TEST(waits_for_a_time)
{
	run(time_limits, NULL);
}
END_TEST

/* --- all kinds of threads --- */

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
			ping[i] = make(8, capacity), pong[i] = make(8, capacity);
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
		crowded = make(8, capacity[i]);
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
		struct weft_chan *chan = make(8, 1);
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
	struct weft_chan *in = make(sizeof(int), capacity);
	weft_t counter = spawn(NULL, count_up, in);
	for (int i = 0; i < PRIMES; i++) {
		sieve[i] = (struct sieve){ .in = in, .out = make(sizeof(int), capacity) };
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

/* --- the end of a channel --- */

static void *send_last(void *arg)
{
	check_eq(weft_chan_send(arg, &turns), 0);
	return NULL;
}

/* Who has received the last element may destroy the channel, though the send may not have returned. */
START_TEST(is_destroyed_by_its_last_receiver)
{
	start();
	for (int i = 0; i < rounds(3000); i++) {
		struct weft_chan *chan = make(8, (size_t)i % 2);
		weft_t thread = spawn(i % 3 ? WEFT_GREEN : WEFT_BOUND, send_last, chan);
		check_eq(weft_chan_recv(chan, NULL), 0);
		weft_chan_destroy(chan);
		join(thread);
	}
	stop();
}
END_TEST

static void *destroy_under_a_waiter(void *arg)
{
	struct waiter w = { .chan = make(8, 0) };
	spawn(WEFT_GREEN, waits_to_recv, &w);
	weft_chan_destroy(w.chan);
	return arg;
}

static int destroy_it(void *arg)
{
	struct weft_config config = workers_exactly(1);
	run_with(&config, destroy_under_a_waiter, arg);
	return 0;
}

START_TEST(is_not_destroyed_under_a_waiter)
{
	struct child child = run_child(destroy_it, NULL);
	ck_died(&child, SIGABRT);
	ck_said(&child, "weft_chan_destroy: somebody waits on the channel");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { is_made_or_not,
				       buffers,
				       does_not_buffer,
				       is_closed_with_elements_in_it,
				       carries_pointers,
				       carries_any_size,
				       serves_in_order,
				       is_closed_while_they_wait,
				       is_canceled,
				       waits_for_a_time,
				       between_all_kinds,
				       loses_nothing_in_a_crowd,
				       tries_while_it_is_closed,
				       sifts,
				       is_destroyed_by_its_last_receiver,
				       is_not_destroyed_under_a_waiter,
				       NULL };
	return run_tests("system/chan", tests);
}
