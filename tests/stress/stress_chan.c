/* SPDX-License-Identifier: MIT */
/*
 * Channels under random programs.
 *
 * small: a few threads with a few calls each on two channels: sends, receives, selects over both, with and without time
 * limits, counts, and cancels; in the end somebody closes the channels. When each call began and ended is noted, and the
 * history of each channel must be linearizable (queue_history.h). A select counts as the call that it chose, or as a
 * failure of each of its cases.
 *
 * large: many threads, many calls, four channels. Each element is received once if its send returned 0, else never; from
 * each sender a receiver gets elements in the order of their sends.
 *
 * balanced: as many receives as sends, by calls and selects that wait without a limit, and nobody closes: a lost wake-up, or
 * a lost element, stops it.
 */
#include "stress.h"

#include "queue_history.h"

static struct weft_chan *make(size_t element_size, size_t capacity)
{
	struct weft_chan *chan;
	must_eq(weft_chan_create(&chan, element_size, capacity), 0);
	return chan;
}

/* Every third kind of thread: mostly green ones, for the others are slow to make. */
struct thread {
	uint64_t random;
	uint32_t index, kind;
	struct small *small; /* the program it is in, if it is a small one */
	weft_t thread;
	pthread_t outside;
};

static uint32_t draw(struct thread *t, uint32_t n)
{
	return pick_of(&t->random, n);
}

static void begin(struct thread *t, struct small *small, uint32_t index, uint32_t kind, uint64_t seed,
		  void *(*fn)(void *))
{
	*t = (struct thread){ .random = seed_of(seed), .index = index, .kind = kind, .small = small };
	if (kind == 2)
		must_eq(pthread_create(&t->outside, NULL, fn, t), 0);
	else
		must_eq(weft_spawn(&t->thread, kind == 1 ? WEFT_BOUND : WEFT_GREEN, fn, t), 0);
}

static void end(struct thread *t)
{
	if (t->kind == 2)
		must_eq(pthread_join(t->outside, NULL), 0);
	else
		must_eq(weft_join(t->thread, NULL), 0);
}

/* --- small --- */

enum { PROGRAMS = 12, CHANS = 2, ACTORS = 4, CALLS = 5 }; /* so many programs at a time */

static struct small {
	struct thread leader;
	uint64_t until, programs;
	struct weft_chan *chan[CHANS];
	shared clock, arrived, go;
	struct thread actor[ACTORS];
	_Atomic(uint32_t) noted[CHANS];
	struct history history[CHANS];
	struct search search;
} smalls[PROGRAMS];

static uint64_t stamp(struct small *s)
{
	return atomic_fetch_add(&s->clock, 1);
}

static void note(struct small *s, uint32_t chan, enum call_kind kind, uint64_t called, int result, uint64_t value)
{
	uint32_t i = atomic_fetch_add(&s->noted[chan], 1);
	must(i < HISTORY_MAX);
	s->history[chan].call[i] = (struct call){ called, stamp(s), kind, result, (uint32_t)value };
}

static void call_send(struct thread *t, uint32_t at, uint64_t value)
{
	struct small *s = t->small;
	uint32_t how = draw(t, 4);
	uint64_t called = stamp(s);
	int result = how == 0	? weft_chan_trysend(s->chan[at], &value)
		     : how == 1 ? weft_chan_send_timeout(s->chan[at], &value, draw(t, 20000))
				: weft_chan_send(s->chan[at], &value);
	note(s, at, CALL_SEND, called, result, value);
}

static void call_recv(struct thread *t, uint32_t at)
{
	struct small *s = t->small;
	uint32_t how = draw(t, 4);
	uint64_t value = 0, called = stamp(s);
	int result = how == 0	? weft_chan_tryrecv(s->chan[at], &value)
		     : how == 1 ? weft_chan_recv_timeout(s->chan[at], &value, draw(t, 20000))
				: weft_chan_recv(s->chan[at], &value);
	note(s, at, CALL_RECV, called, result, value);
}

/* Three cases at random on both channels, the same one twice at the least. */
static void call_select(struct thread *t, uint64_t value)
{
	struct small *s = t->small;
	struct weft_case cases[3];
	uint64_t element[3];
	uint32_t at[3];
	for (uint32_t i = 0; i < 3; i++) {
		at[i] = draw(t, CHANS);
		element[i] = value + i;
		cases[i] = (struct weft_case){ .chan = s->chan[at[i]],
					       .element = &element[i],
					       .kind = draw(t, 2) ? WEFT_SEND : WEFT_RECV };
	}
	uint64_t limit = draw(t, 2) ? WEFT_FOREVER : draw(t, 2) ? draw(t, 20000) : 0, called = stamp(s);
	int chosen = weft_select_timeout(cases, 3, limit);
	if (chosen >= 0)
		note(s, at[chosen], cases[chosen].kind == WEFT_SEND ? CALL_SEND : CALL_RECV, called,
		     cases[chosen].result, element[chosen]);
	else
		for (uint32_t i = 0; i < 3; i++)
			note(s, at[i], cases[i].kind == WEFT_SEND ? CALL_SEND : CALL_RECV, called, chosen, 0);
}

static void call_count(struct small *s, uint32_t at)
{
	uint64_t called = stamp(s);
	note(s, at, CALL_COUNT, called, 0, weft_chan_count(s->chan[at]));
}

static void call_close(struct small *s, uint32_t at)
{
	uint64_t called = stamp(s);
	note(s, at, CALL_CLOSE, called, weft_chan_close(s->chan[at]), 0);
}

static void call_cancel(struct thread *t)
{
	struct thread *other = &t->small->actor[draw(t, ACTORS)];
	if (other->kind != 2 && other != t)
		(void)weft_cancel(other->thread); /* it may have ended */
}

static void *act(void *arg)
{
	struct thread *t = arg;
	add(t->small->arrived, 1);
	while (!get(t->small->go))
		t->kind ? (void)sched_yield() : (void)weft_yield();
	for (uint32_t i = 0; i < CALLS; i++) {
		uint32_t what = draw(t, 24), at = draw(t, CHANS);
		uint64_t value = 1000 * (t->index + 1) + 10 * i;
		if (what < 8)
			call_send(t, at, value);
		else if (what < 16)
			call_recv(t, at);
		else if (what < 21)
			call_select(t, value);
		else if (what == 21)
			call_count(t->small, at);
		else if (what == 22 && draw(t, 4) == 0)
			call_close(t->small, at);
		else if (what == 23 && draw(t, 4) == 0)
			call_cancel(t);
		else if (t->kind == 0)
			weft_yield();
	}
	return NULL;
}

static void check_history(struct small *s, uint32_t at)
{
	struct history *h = &s->history[at];
	h->n = atomic_load(&s->noted[at]);
	h->capacity = (uint32_t)weft_chan_capacity(s->chan[at]);
	if (!history_is_linearizable(&s->search, h)) {
		history_print(h);
		must(!"the history is linearizable");
	}
}

static void small_program(struct small *s, uint64_t seed)
{
	uint64_t random = seed_of(seed);
	uint32_t mixed = pick_of(&random, 16) == 0;
	set(s->arrived, 0);
	set(s->go, 0);
	for (uint32_t i = 0; i < CHANS; i++) {
		s->chan[i] = make(8, pick_of(&random, 4));
		atomic_store(&s->noted[i], 0);
	}
	for (uint32_t i = 0; i < ACTORS; i++)
		begin(&s->actor[i], s, i, mixed ? pick_of(&random, 3) : 0, seed * ACTORS + i, act);
	while (get(s->arrived) < ACTORS)
		weft_yield();
	set(s->go, 1);
	for (uint32_t i = pick_of(&random, 40); i > 0; i--)
		weft_yield();
	if (pick_of(&random, 4) == 0)
		weft_sleep(pick_of(&random, 150000));
	for (uint32_t i = 0; i < CHANS; i++)
		call_close(s, i);
	for (uint32_t i = 0; i < ACTORS; i++)
		end(&s->actor[i]);
	for (uint32_t i = 0; i < CHANS; i++) {
		check_history(s, i);
		weft_chan_destroy(s->chan[i]);
	}
	progress();
}

static void *lead(void *arg)
{
	struct thread *t = arg;
	for (; weft_now() < t->small->until; t->small->programs++)
		small_program(t->small, t->small->programs * PROGRAMS + t->index);
	return NULL;
}

static uint64_t small_programs(uint64_t ms)
{
	uint64_t n = 0;
	for (uint32_t i = 0; i < PROGRAMS; i++) {
		smalls[i].until = phase_end(ms);
		smalls[i].programs = 0;
		begin(&smalls[i].leader, &smalls[i], i, 0, i, lead);
	}
	for (uint32_t i = 0; i < PROGRAMS; i++) {
		end(&smalls[i].leader);
		n += smalls[i].programs;
	}
	return n;
}

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
		large.chan[i] = make(size_of_way(i), capacity[pick_of(&random, 5)]);
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
		balanced.chan[i] = make(8, pick_of(&random, 2) ? 0 : pick_of(&random, 9));
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
	uint64_t n_small = small_programs(1500), n_large = repeat(large_program, 700),
		 n_balanced = repeat(balanced_program, 700);
	while (weft_stop() != 0)
		weft_sleep(WEFT_US(100));
	printf("stress_chan: %llu small, %llu large, %llu balanced programs\n", (unsigned long long)n_small,
	       (unsigned long long)n_large, (unsigned long long)n_balanced);
}

int main(void)
{
	return stress_main("stress_chan", phase);
}
