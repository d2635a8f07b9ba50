/* SPDX-License-Identifier: MIT */
/* Pairs through shared memory, many threads an end: each element is received once, in order, whoever gives up or closes. */
#include "tests/support/link.h"

/* --- many threads an end --- */

enum { SENDERS = 3, RECEIVERS = 3 };

static struct crowd {
	struct weft_chan *end;
	int each;
	shared sum, got, lowest;
} crowds[2];

/* Numbers that say who sent them; of one sender they are sent in order. */
static void *send_many(void *arg)
{
	struct crowd *c = arg;
	uint64_t id = add(c->lowest, 1);
	for (int i = 0; i < c->each; i++) {
		uint64_t n = id << 32 | (uint64_t)i;
		check_eq(weft_chan_send(c->end, &n), 0);
	}
	return NULL;
}

static void *recv_many(void *arg)
{
	struct crowd *c = arg;
	uint64_t n, next[SENDERS + 1] = { 0 };
	int err;
	while ((err = weft_chan_recv(c->end, &n)) == 0) {
		uint64_t id = n >> 32, i = n & UINT32_MAX;
		check(id >= 1 && id <= SENDERS && i >= next[id]);
		next[id] = i + 1;
		add(c->sum, i);
		add(c->got, 1);
	}
	check_eq(err, -EPIPE);
	return NULL;
}

/* One of each kind. */
struct trio {
	weft_t green, bound;
	pthread_t outside;
};

static struct trio three(void *(*fn)(void *), void *arg)
{
	return (struct trio){ spawn(WEFT_GREEN, fn, arg), spawn(WEFT_BOUND, fn, arg), outsider(fn, arg) };
}

struct to_join {
	pthread_t thread;
};

static void *join_outside(void *arg)
{
	check_eq(pthread_join(((struct to_join *)arg)->thread, NULL), 0);
	return NULL;
}

static void join_three(const struct trio *t)
{
	struct to_join outside = { t->outside };
	join(t->green);
	join(t->bound);
	join(spawn(WEFT_BOUND, join_outside, &outside));
}

/* Both ways at once. */
static void *crowded(void *arg)
{
	size_t capacity = *(size_t *)arg;
	struct weft_chan *ends[2] = { NULL, NULL };
	struct trio senders[2], receivers[2];
	make(ends, sizeof(uint64_t), capacity);
	int each = rounds(capacity == 1 ? 2000 : 10000);
	for (int i = 0; i < 2; i++) {
		crowds[i] = (struct crowd){ .end = ends[i], .each = each };
		receivers[i] = three(recv_many, &crowds[i]);
		senders[i] = three(send_many, &crowds[i]);
	}
	join_three(&senders[0]);
	join_three(&senders[1]);
	check_eq(weft_chan_close(ends[0]), 0);
	for (int i = 0; i < 2; i++) {
		join_three(&receivers[i]);
		check_eq(get(crowds[i].got), SENDERS * each);
		check_eq(get(crowds[i].sum), (long long)SENDERS * each * (each - 1) / 2);
	}
	destroy(ends);
	return NULL;
}

START_TEST(many_threads)
{
	static size_t capacities[] = { 1, 2, 64 };
	for (int i = 0; i < 3; i++)
		run(crowded, &capacities[i]);
}
END_TEST

/* --- given up, canceled, or done: what was sent is received, and nothing else --- */

static struct {
	struct weft_chan *ends[2];
	shared sent, received, sent_sum, received_sum, stop, canceled, late;
} storm;

static uint64_t a_while(uint64_t *seed)
{
	uint64_t n = random_of(seed) % 8;
	return n == 0 ? 0 : n == 1 ? WEFT_FOREVER : WEFT_US(random_of(seed) % 100);
}

static void note(int err)
{
	check(err == -ETIMEDOUT || err == -ECANCELED || err == -EPIPE);
	if (err == -ECANCELED)
		add(storm.canceled, 1);
	if (err == -ETIMEDOUT)
		add(storm.late, 1);
}

static void *storm_sender(void *arg)
{
	uint64_t seed = (uintptr_t)arg;
	for (;;) {
		uint64_t n = random_of(&seed);
		int err = weft_chan_send_timeout(storm.ends[seed >> 20 & 1], &n, a_while(&seed));
		if (!err)
			add(storm.sent, 1), add(storm.sent_sum, n);
		else
			note(err);
		if (err == -ECANCELED || err == -EPIPE)
			return NULL;
	}
}

static void *storm_receiver(void *arg)
{
	uint64_t seed = (uintptr_t)arg, n;
	for (;;) {
		int err = weft_chan_recv_timeout(storm.ends[seed >> 20 & 1], &n, a_while(&seed));
		if (!err)
			add(storm.received, 1), add(storm.received_sum, n);
		else
			note(err);
		if (err == -ECANCELED || err == -EPIPE)
			return NULL;
		(void)random_of(&seed);
	}
}

static void *storm_body(void *arg)
{
	uint64_t seed = new_seed();
	enum { THREADS = 10 };
	weft_t thread[THREADS];
	make(storm.ends, sizeof(uint64_t), 2);
	for (int i = 0; i < THREADS; i++)
		thread[i] = spawn(i % 4 == 3 ? WEFT_BOUND : WEFT_GREEN, i % 2 ? storm_sender : storm_receiver,
				  (void *)(uintptr_t)random_of(&seed));
	for (int i = 0; i < rounds(3000); i++) {
		int k = (int)(random_of(&seed) % THREADS);
		weft_sleep(WEFT_US(random_of(&seed) % 200));
		check_eq(weft_cancel(thread[k]), 0);
		join(thread[k]);
		thread[k] = spawn(k % 4 == 3 ? WEFT_BOUND : WEFT_GREEN, k % 2 ? storm_sender : storm_receiver,
				  (void *)(uintptr_t)random_of(&seed));
	}
	check_eq(weft_chan_close(storm.ends[0]), 0);
	for (int i = 0; i < THREADS; i++)
		join(thread[i]);
	uint64_t n;
	for (int i = 0; i < 2; i++)
		while (weft_chan_recv(storm.ends[i], &n) == 0)
			add(storm.received, 1), add(storm.received_sum, n);
	check_eq(get(storm.sent), get(storm.received));
	check_eq(get(storm.sent_sum), get(storm.received_sum));
	check(get(storm.sent) > 100 && get(storm.canceled) > 10 && get(storm.late) > 10);
	destroy(storm.ends);
	return arg;
}

START_TEST(cancels_and_limits)
{
	run(storm_body, NULL);
}
END_TEST

/* A close while both sides are at it: what was sent by then is received, and no more. */
static void *close_now(void *arg)
{
	uint64_t seed = (uintptr_t)arg;
	weft_sleep(WEFT_US(random_of(&seed) % 300));
	check_eq(weft_chan_close(storm.ends[seed >> 20 & 1]), 0);
	return NULL;
}

static void *until_closed(void *arg)
{
	uint64_t n = 1;
	while (weft_chan_send(arg, &n) == 0)
		add(storm.sent, 1);
	return NULL;
}

static void *drain_closed(void *arg)
{
	while (weft_chan_recv(arg, NULL) == 0)
		add(storm.received, 1);
	check_eq(weft_chan_tryrecv(arg, NULL), -EPIPE); /* nothing has come after that */
	return NULL;
}

static void *close_race(void *arg)
{
	uint64_t seed = new_seed();
	for (int i = 0; i < rounds(1000); i++) {
		weft_t thread[5];
		make(storm.ends, sizeof(uint64_t), 1 + random_of(&seed) % 4);
		set(storm.sent, 0), set(storm.received, 0);
		for (int k = 0; k < 2; k++) {
			thread[k] = spawn(WEFT_GREEN, drain_closed, storm.ends[k]);
			thread[2 + k] = spawn(k ? WEFT_BOUND : WEFT_GREEN, until_closed, storm.ends[k]);
		}
		thread[4] = spawn(WEFT_GREEN, close_now, (void *)(uintptr_t)random_of(&seed));
		for (int k = 0; k < 5; k++)
			join(thread[k]);
		check_eq(get(storm.sent), get(storm.received));
		destroy(storm.ends);
	}
	return arg;
}

START_TEST(closed_meanwhile)
{
	run(close_race, NULL);
}
END_TEST

/* --- two processes --- */

/* A stream each way at once, between crowds. */
static void *far_crowd(void *arg)
{
	struct crowd *c = &crowds[1];
	*c = (struct crowd){ .end = mine(arg, sizeof(uint64_t)), .each = rounds(5000) };
	struct trio receivers = three(recv_many, c), senders = three(send_many, c);
	join_three(&senders);
	join_three(&receivers);
	check_eq(get(c->sum), (long long)SENDERS * c->each * (c->each - 1) / 2);
	weft_chan_destroy(c->end);
	return (void *)(uintptr_t)get(c->got);
}

static void *crowds_apart(void *arg)
{
	struct crowd *c = &crowds[0];
	*c = (struct crowd){ .each = rounds(5000) };
	weft_t thread = with_end(&c->end, sizeof(uint64_t), 7, far_crowd);
	struct trio receivers = three(recv_many, c), senders = three(send_many, c);
	join_three(&senders);
	wait_until(get(c->got) == (uint64_t)(SENDERS * c->each));
	check_eq(weft_chan_close(c->end), 0);
	join_three(&receivers);
	check_eq((intptr_t)join(thread), SENDERS * c->each);
	check_eq(get(c->sum), (long long)SENDERS * c->each * (c->each - 1) / 2);
	weft_chan_destroy(c->end);
	return arg;
}

START_TEST(crowds_in_two_processes)
{
	if (WEFT__TSAN) /* threads in what was forked */
		return;
	run_with_processes(crowds_apart, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { many_threads, cancels_and_limits, closed_meanwhile, crowds_in_two_processes,
				       NULL };
	return run_tests("system/chan_shared_many", tests);
}
