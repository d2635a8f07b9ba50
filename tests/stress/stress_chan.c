/* SPDX-License-Identifier: MIT */
/*
 * Channels under small random programs: a few threads with a few calls each on two channels: sends, receives, selects over
 * both, with and without time limits, counts, closes and cancels; in the end somebody closes the channels. When each call began
 * and ended is noted, and the history of each channel must be linearizable (queue_history.h). A select counts as the call that
 * it chose, or as a failure of each of its cases. Several programs run at a time.
 */
#include "tests/stress/chan.h"
#include "tests/stress/queue_history.h"

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
	struct small *s = t->program;
	uint32_t how = draw(t, 4);
	uint64_t called = stamp(s);
	int result = how == 0	? weft_chan_trysend(s->chan[at], &value)
		     : how == 1 ? weft_chan_send_timeout(s->chan[at], &value, draw(t, 20000))
				: weft_chan_send(s->chan[at], &value);
	note(s, at, CALL_SEND, called, result, value);
}

static void call_recv(struct thread *t, uint32_t at)
{
	struct small *s = t->program;
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
	struct small *s = t->program;
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
	struct thread *other = &((struct small *)t->program)->actor[draw(t, ACTORS)];
	if (other->kind != 2 && other != t)
		(void)weft_cancel(other->thread); /* it may have ended */
}

static void *act(void *arg)
{
	struct thread *t = arg;
	struct small *s = t->program;
	add(s->arrived, 1);
	while (!get(s->go))
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
			call_count(s, at);
		else if (what == 22 && draw(t, 4) == 0)
			call_close(s, at);
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
		s->chan[i] = make_chan(8, pick_of(&random, 4));
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
	struct small *s = t->program;
	for (; weft_now() < s->until; s->programs++)
		small_program(s, s->programs * PROGRAMS + t->index);
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

static void phase(void)
{
	stress_start();
	uint64_t n = small_programs(1500);
	stress_stop();
	printf("stress_chan: %llu programs\n", (unsigned long long)n);
}

int main(void)
{
	return stress_main("stress_chan", phase);
}
