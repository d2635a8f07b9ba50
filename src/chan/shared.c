/* SPDX-License-Identifier: MIT */
/*
 * To send and to receive through shared memory (src/chan/shared.h has the protocol between processes).
 *
 * Within a process the two sides of an end are each under a spin lock for the time of a copy. Of the threads that find
 * nothing one a side has its *turn*, and goes to sleep (src/chan/shared_wake.c); the others queue for that.
 *
 * The other process's end ends the socket. Nobody may be listening then: so who only asks, and finds nothing, asks the socket,
 * too; and so does a send that finds the receivers where they were 32 sends ago.
 */
#include "src/chan/shared.h"

#include <errno.h>

#include "weft/io.h"
#include "weft/time.h"

enum {
	PROBE = 32,	     /* sends */
	PATIENCE_MAX = 1280, /* looks: some 20 us, about what it takes another to wake and answer */
	PATIENCE_MIN = PATIENCE_MAX / 16,
	TRY_MOST = 16, /* waits: at each such one it looks for the longest */
};

/* --- the protocol: under the side's lock --- */

/* The word that the other process counts in. */
weft__inline weft__a64 *theirs(struct weft__shared_end *end, enum weft_case_kind kind)
{
	struct weft__flow *flow = end->flow[kind];
	return kind == WEFT_SEND ? &flow->received : &flow->sent;
}

/* How many elements are in the flow, by a word of theirs. */
weft__inline uint64_t inside(const struct weft__chan_side *side, enum weft_case_kind kind, uint64_t other)
{
	uint64_t count = weft__load_rlx(&side->count); /* relaxed: under lock */
	return kind == WEFT_SEND ? count - other : other - count;
}

/* Whether there is room, or something: 0, or by *word, which is theirs: -EAGAIN, -EPIPE, -EPROTO. */
static int look(struct weft_chan *chan, enum weft_case_kind kind, uint64_t *word)
{
	struct weft__chan_side *side = &chan->side[kind];
	uint64_t limit = kind == WEFT_SEND ? chan->capacity : 0;
	if (weft__likely(inside(side, kind, side->other) != limit))
		return 0;
	*word = weft__load_acq(theirs(weft__shared_end_of(chan), kind)); /* order SHARED-FLOW */
	uint64_t other = *word / WEFT__FLOW_ONE, n = inside(side, kind, other);
	if (n > chan->capacity)
		return -EPROTO;
	side->other = other;
	if (n != limit)
		return 0;
	return kind == WEFT_RECV && *word & WEFT__FLOW_CLOSED ? -EPIPE : -EAGAIN;
}

static void step(struct weft_chan *chan, enum weft_case_kind kind)
{
	struct weft__shared_end *end = weft__shared_end_of(chan);
	struct weft__chan_side *side = &chan->side[kind];
	side->place += chan->element_size;
	if (side->place == end->ring_end[kind])
		side->place = end->ring[kind];
	weft__bump_rlx(&side->count, 1);
}

static int put(struct weft_chan *chan, const void *element, bool *wake)
{
	struct weft__chan_side *side = &chan->side[WEFT_SEND];
	weft__a64 *sent = &weft__shared_end_of(chan)->flow[WEFT_SEND]->sent;
	uint64_t word = weft__load_rlx(sent),
		 count = weft__load_rlx(&side->count); /* relaxed: the CAS orders; its own */
	weft__chan_copy(chan, side->place, element);
	do {
		if (word / WEFT__FLOW_ONE != count)
			return -EPROTO;
		if (word & WEFT__FLOW_CLOSED)
			return -EPIPE;
	} while (!weft__cas_acqrel(sent, &word, (count + 1) * WEFT__FLOW_ONE)); /* order SHARED-FLOW */
	*wake = word & WEFT__FLOW_WAITING;
	step(chan, WEFT_SEND);
	return 0;
}

static int take(struct weft_chan *chan, void *element, bool *wake)
{
	struct weft__chan_side *side = &chan->side[WEFT_RECV];
	uint64_t count = weft__load_rlx(&side->count); /* relaxed: its own */
	weft__chan_copy(chan, element, side->place);
	*wake = weft__xchg_acqrel(&weft__shared_end_of(chan)->flow[WEFT_RECV]->received, /* order SHARED-FLOW */
				  (count + 1) * WEFT__FLOW_ONE) &
		WEFT__FLOW_WAITING;
	step(chan, WEFT_RECV);
	return 0;
}

/* Have the other process wake this one for the next change of its word, which is `word` now. False: it is not any more. */
static bool arm(struct weft__shared_end *end, enum weft_case_kind kind, uint64_t word)
{
	return word & WEFT__FLOW_WAITING ||
	       weft__cas_acqrel(theirs(end, kind), &word, word | WEFT__FLOW_WAITING); /* order SHARED-FLOW */
}

/* What is true for the sender whether or not there is room. */
static bool is_closed(struct weft__shared_end *end, enum weft_case_kind kind, uint32_t gone)
{
	return kind == WEFT_SEND &&
	       (gone || weft__load_rlx(&end->flow[WEFT_SEND]->sent) & WEFT__FLOW_CLOSED); /* relaxed: the CAS decides */
}

static int attempt_locked(struct weft_chan *chan, enum weft_case_kind kind, void *element, bool sleeps, bool *wake)
{
	struct weft__shared_end *end = weft__shared_end_of(chan);
	uint32_t gone = weft__load_acq(&end->gone); /* order SHARED-GONE: before the look */
	uint64_t word;
	int err;
	if (is_closed(end, kind, gone))
		return -EPIPE;
	do
		err = look(chan, kind, &word);
	while (err == -EAGAIN && !gone && sleeps && !arm(end, kind, word));
	if (err)
		return err == -EAGAIN && gone ? -EPIPE : err;
	return kind == WEFT_SEND ? put(chan, element, wake) : take(chan, element, wake);
}

/* Under the sending side's lock, after a send: whether it is worth asking if the other process is there. */
static bool is_stuck(struct weft_chan *chan)
{
	struct weft__shared_end *end = weft__shared_end_of(chan);
	if (weft__load_rlx(&chan->side[WEFT_SEND].count) % PROBE) /* relaxed, both: under lock; a hint */
		return false;
	uint64_t before = end->progress;
	end->progress = weft__load_rlx(&end->flow[WEFT_SEND]->received);
	return end->progress == before;
}

/* --- the calls --- */

weft__inline int attempt(struct weft_chan *chan, enum weft_case_kind kind, void *element, bool sleeps)
{
	struct weft__shared_end *end = weft__shared_end_of(chan);
	bool wake = false, stuck = false;
	weft__chan_lock_word(&chan->side[kind].lock);
	int err = attempt_locked(chan, kind, element, sleeps, &wake);
	if (kind == WEFT_SEND && !err)
		stuck = is_stuck(chan);
	weft__chan_unlock_word(&chan->side[kind].lock);
	if (weft__unlikely(wake))
		weft__shared_wake(end);
	else if (weft__unlikely(stuck))
		weft__shared_probe(end);
	return err;
}

/* Whether their word has changed by one of so many looks: how many there were. */
static uint32_t look_often(const weft__a64 *word, uint32_t most)
{
	uint64_t before = weft__load_rlx(word) / WEFT__FLOW_ONE; /* relaxed, both: hints */
	uint32_t looks = 0;
	while (looks < most && weft__load_rlx(word) / WEFT__FLOW_ONE == before) {
		weft__cpu_relax();
		looks++;
	}
	return looks;
}

/*
 * Look before sleeping: long if that has found something the last time, half as long after each time in vain. Two that answer each other
 * at once do so in a fraction of a microsecond while both look, and in tens of them while both sleep: so now and then one looks for as
 * long as the other takes to wake and answer, which ends their sleeping.
 */
static void look_out(struct weft_chan *chan, enum weft_case_kind kind)
{
	struct weft__shared_end *end = weft__shared_end_of(chan);
	uint32_t *patience = &end->patience[kind], most = ++end->waits[kind] % TRY_MOST ? *patience : PATIENCE_MAX;
	if (!end->parallel)
		return;
	if (look_often(theirs(end, kind), most) < most) {
		*patience = PATIENCE_MAX;
		weft__take_turns(); /* where it never sleeps */
	} else {
		*patience = *patience / 2 > PATIENCE_MIN ? *patience / 2 : PATIENCE_MIN;
	}
}

/* One who has given up looks once more. */
static int wait_in_turn(struct weft_chan *chan, enum weft_case_kind kind, void *element, uint64_t deadline)
{
	struct weft__shared_end *end = weft__shared_end_of(chan);
	int err = 0;
	look_out(chan, kind);
	for (;;) {
		uint32_t seen = weft__load_acq(&end->heard); /* order SHARED-HEARD */
		int done = attempt(chan, kind, element, !err);
		if (done != -EAGAIN)
			return done;
		if (err)
			return err;
		err = weft__shared_hear(end, seen, deadline);
	}
}

/* Without waiting, once nothing was found. */
static weft__noinline int ask(struct weft_chan *chan, enum weft_case_kind kind, void *element)
{
	struct weft__shared_end *end = weft__shared_end_of(chan);
	weft__shared_probe(end);
	int err = weft__load_acq(&end->gone) ? attempt(chan, kind, element, false) : -EAGAIN; /* order SHARED-GONE */
	return err == -EAGAIN ? -ETIMEDOUT : err;
}

weft__inline int run(struct weft_chan *chan, enum weft_case_kind kind, void *element, uint64_t nanoseconds)
{
	struct weft__shared_end *end = weft__shared_end_of(chan);
	int err = attempt(chan, kind, element, false);
	if (weft__likely(err != -EAGAIN))
		return err;
	uint64_t deadline = weft__deadline(nanoseconds);
	if (deadline == 0)
		return ask(chan, kind, element);
	err = weft_sem_acquire_timeout(&end->turn[kind], nanoseconds);
	if (err)
		return err;
	err = wait_in_turn(chan, kind, element, deadline);
	(void)weft_sem_release(&end->turn[kind], 1);
	return err;
}

int weft__shared_send(struct weft_chan *chan, const void *element, uint64_t nanoseconds)
{
	return run(chan, WEFT_SEND, (void *)(uintptr_t)element, nanoseconds);
}

int weft__shared_recv(struct weft_chan *chan, void *element, uint64_t nanoseconds)
{
	return run(chan, WEFT_RECV, element, nanoseconds);
}

/* Then whoever sleeps wakes to find the end. */
void weft__shared_close(struct weft_chan *chan)
{
	struct weft__shared_end *end = weft__shared_end_of(chan);
	for (int kind = 0; kind < 2; kind++)
		(void)weft__or_acqrel(&end->flow[kind]->sent, WEFT__FLOW_CLOSED); /* order SHARED-FLOW */
	(void)weft_shutdown(end->wake, SHUT_RDWR);
}
