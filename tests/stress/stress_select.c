/* SPDX-License-Identifier: MIT */
/*
 * Channels and selects under load.
 *
 * large: many threads, many calls, four channels, time limits, cancels and a close. Each element is received once if its send
 * returned 0, else never; from each sender a receiver gets elements in the order of their sends.
 *
 * balanced: as many receives as sends, by calls and selects, and nobody closes: a lost wake-up, or a lost element, stops it.
 */
#include "tests/stress/chan.h"

/* --- large --- */

enum { WAYS = 4, MANY = 24, EACH = 400 };

static struct large {
	struct weft_chan *chan[WAYS];
	struct thread thread[MANY];
	uint8_t sent[MANY][EACH];
	_Atomic(uint8_t) received[MANY][EACH];
} large;

/* An element names its sender and how many it had sent; 16 bytes for some channels, so that halves would show. */
struct element {
	uint32_t from, number;
	uint64_t check;
};

static size_t size_of_way(uint32_t way)
{
	return way % 2 ? sizeof(struct element) : 8;
}

static void receive(uint32_t way, const struct element *e, uint32_t last[WAYS][MANY])
{
	must(e->from < MANY && e->number > 0 && e->number <= EACH);
	must(way % 2 == 0 || e->check == (uint64_t)e->from * e->number);
	must(e->number > last[way][e->from]);
	last[way][e->from] = e->number;
	must_eq(atomic_fetch_add(&large.received[e->from][e->number - 1], 1), 0);
}

static uint64_t some_time(struct thread *t)
{
	return draw(t, 3) == 0 ? WEFT_FOREVER : draw(t, 3) ? draw(t, 200000) : 0;
}

static void select_one(struct thread *t, struct element *out, uint32_t last[WAYS][MANY])
{
	struct weft_case cases[6];
	struct element in[6];
	uint32_t way[6], n = 1 + draw(t, 6);
	for (uint32_t i = 0; i < n; i++) {
		bool sends = draw(t, 2);
		way[i] = draw(t, WAYS);
		cases[i] = (struct weft_case){ .chan = i == 0 || draw(t, 16) ? large.chan[way[i]] : NULL,
					       .element = sends ? out : &in[i],
					       .kind = sends ? WEFT_SEND : WEFT_RECV };
	}
	int chosen = weft_select_timeout(cases, n, some_time(t));
	if (chosen < 0 || cases[chosen].result != 0)
		return;
	if (cases[chosen].kind == WEFT_SEND)
		large.sent[out->from][out->number - 1] = 1;
	else
		receive(way[chosen], &in[chosen], last);
}

static void *work(void *arg)
{
	struct thread *t = arg;
	uint32_t last[WAYS][MANY] = { { 0 } };
	for (uint32_t i = 1; i <= EACH; i++) {
		struct element in, out = { t->index, i, (uint64_t)t->index * i };
		uint32_t what = draw(t, 3), way = draw(t, WAYS);
		if (what == 0 && weft_chan_send_timeout(large.chan[way], &out, some_time(t)) == 0)
			large.sent[t->index][i - 1] = 1;
		if (what == 1 && weft_chan_recv_timeout(large.chan[way], &in, some_time(t)) == 0)
			receive(way, &in, last);
		if (what == 2)
			select_one(t, &out, last);
		if (i % 32 == 0)
			progress();
	}
	return NULL;
}

static void drain(void)
{
	uint32_t last[WAYS][MANY] = { { 0 } };
	for (uint32_t way = 0; way < WAYS; way++) {
		struct element e;
		while (weft_chan_recv(large.chan[way], &e) == 0)
			receive(way, &e, last);
		weft_chan_destroy(large.chan[way]);
	}
	for (uint32_t i = 0; i < MANY; i++)
		for (uint32_t k = 0; k < EACH; k++)
			must_eq(large.received[i][k], large.sent[i][k]);
}

static void large_program(uint64_t seed)
{
	static const size_t capacity[] = { 0, 1, 2, 7, 100 };
	uint64_t random = seed_of(seed);
	memset((void *)&large, 0, sizeof large);
	for (uint32_t i = 0; i < WAYS; i++)
		large.chan[i] = make_chan(size_of_way(i), capacity[pick_of(&random, 5)]);
	for (uint32_t i = 0; i < MANY; i++)
		begin(&large.thread[i], NULL, i, i % 4 == 3 ? 1 + i / 4 % 2 : 0, seed * MANY + i, work);
	for (uint32_t i = 0; i < 6; i++) {
		usleep(pick_of(&random, 3000));
		struct thread *t = &large.thread[pick_of(&random, MANY)];
		if (t->kind != 2)
			(void)weft_cancel(t->thread); /* it may have ended */
	}
	usleep(pick_of(&random, 20000));
	for (uint32_t i = 0; i < WAYS; i++)
		must_eq(weft_chan_close(large.chan[i]), 0);
	for (uint32_t i = 0; i < MANY; i++)
		end(&large.thread[i]);
	drain();
}

/* --- balanced --- */

static struct balanced {
	struct weft_chan *chan[WAYS];
	struct thread thread[MANY];
	uint32_t each;
	enum weft_case_kind
		selects; /* all who do this do it by selects, or two could wait for each other on different channels */
	shared sum_sent, sum_received;
} balanced;

/* Half of the threads send, half receive; a thread of either does the same number on each channel, so all can end. */
static void *balance(void *arg)
{
	struct thread *t = arg;
	enum weft_case_kind kind = t->index % 2 ? WEFT_SEND : WEFT_RECV;
	uint64_t sum = 0, element[WAYS];
	uint32_t left[WAYS];
	struct weft_case cases[WAYS];
	for (uint32_t i = 0; i < WAYS; i++) {
		left[i] = balanced.each;
		cases[i] = (struct weft_case){ .chan = balanced.chan[i], .element = &element[i], .kind = kind };
	}
	for (uint32_t n = WAYS * balanced.each; n > 0; n--) {
		uint64_t value = draw(t, 1u << 30);
		uint32_t i = draw(t, WAYS);
		for (uint32_t k = 0; k < WAYS; k++)
			element[k] = value;
		if (kind == balanced.selects || left[i] == 0 || draw(t, 2)) {
			int chosen = draw(t, 2) ? weft_select(cases, WAYS)
						: weft_select_timeout(cases, WAYS, draw(t, 100000));
			if (chosen == -ETIMEDOUT) {
				n++;
				continue;
			}
			must(chosen >= 0 && cases[chosen].result == 0);
			i = (uint32_t)chosen;
		} else {
			must_eq(kind == WEFT_SEND ? weft_chan_send(balanced.chan[i], &value)
						  : weft_chan_recv(balanced.chan[i], &element[i]),
				0);
		}
		sum += element[i];
		if (--left[i] == 0)
			cases[i].chan = NULL;
		if (n % 64 == 0)
			progress();
	}
	add(*(kind == WEFT_SEND ? &balanced.sum_sent : &balanced.sum_received), sum);
	return NULL;
}

static void balanced_program(uint64_t seed)
{
	uint64_t random = seed_of(seed);
	memset((void *)&balanced, 0, sizeof balanced);
	balanced.each = 200;
	balanced.selects = pick_of(&random, 2) ? WEFT_SEND : WEFT_RECV;
	for (uint32_t i = 0; i < WAYS; i++)
		balanced.chan[i] = make_chan(8, pick_of(&random, 2) ? 0 : pick_of(&random, 9));
	for (uint32_t i = 0; i < MANY; i++)
		begin(&balanced.thread[i], NULL, i, i % 6 >= 4 ? 1 + i / 6 % 2 : 0, seed * MANY + i, balance);
	for (uint32_t i = 0; i < MANY; i++)
		end(&balanced.thread[i]);
	must_eq(get(balanced.sum_sent), get(balanced.sum_received));
	for (uint32_t i = 0; i < WAYS; i++) {
		must_eq(weft_chan_count(balanced.chan[i]), 0);
		weft_chan_destroy(balanced.chan[i]);
	}
}

static uint64_t repeat(void (*program)(uint64_t seed), uint64_t ms)
{
	uint64_t n = 0;
	for (uint64_t until = phase_end(ms); weft_now() < until; n++)
		program(n);
	return n;
}

static void phase(void)
{
	stress_start();
	uint64_t n_large = repeat(large_program, 700), n_balanced = repeat(balanced_program, 700);
	stress_stop();
	printf("stress_select: %llu large, %llu balanced programs\n", (unsigned long long)n_large,
	       (unsigned long long)n_balanced);
}

int main(void)
{
	return stress_main("stress_select", phase);
}
