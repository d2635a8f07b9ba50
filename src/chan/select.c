/* SPDX-License-Identifier: MIT */
/*
 * Select. First it looks at the cases in random order, each under its own channel's locks, and does the first that can be
 * done. Of several it so takes each with the same probability. If none can, it goes to sleep, and in that:
 *
 *   1  take the locks of all its channels, in the order of their addresses
 *   2  look at all cases once more: one that can be done is done, and that is it
 *   3  stand in the lists of all, open the race, give up the locks
 *   4  (asleep) whoever comes to one of the channels and wins the race does that case, and wakes the select
 *   5  awake: leave the lists, with one channel's locks at a time, in the same order
 *
 * While 2 and 3 hold all locks no other can see the select half way. So two selects that meet need only one race: who looks
 * is not in any list, who is found is. And a select cannot meet itself, for it never looks while it stands in a list.
 *
 * A select that was won while its 3 was still giving up locks goes through these locks in 5 behind it: so 3 is through with the
 * frame before it is gone. The last lock that 3 gives up is the last thing that it touches.
 *
 * A time limit or a cancel takes the select back by winning the race.
 *
 * Rejected: to enlist with one channel at a time, without holding the others. Then who looks is in lists already, and two
 * races have to be won at once: its own, and that of the select it finds. Either a half-won race has to be given back, and who
 * was turned away meanwhile told so; or selects withdraw and start anew, and two may do so in step for ever. And a poll would
 * not be of one moment.
 */
#include <errno.h>
#include <limits.h>

#include "src/base/random.h"
#include "src/chan/exchange.h"

/* What is in the reserved part of a case. */
struct place {
	struct weft__waiting waiting;
	uint32_t look; /* of the i-th place: which case to look at i-th from the end */
	uint32_t lock; /* which one's channel to lock i-th */
};

_Static_assert(sizeof(struct place) <= sizeof(((struct weft_case *)0)->reserved), "ABI");
_Static_assert(_Alignof(struct place) <= _Alignof(struct weft_case), "ABI");

struct select {
	struct weft__wait wait;
	struct weft__race race;
	struct weft_case *cases;
	uint32_t count;
	uint32_t locks; /* how many cases have a channel */
	int chosen;
	bool slept;
	struct weft__thread *wake; /* won with the case done, where nobody may be woken */
};

static struct place *place_of(struct weft_case *c)
{
	return (struct place *)(void *)c->reserved;
}

/* --- to look --- */

/* False: a kind that does not exist, or an end of a pair between processes. */
static bool prepare(struct select *s)
{
	for (uint32_t i = 0; i < s->count; i++) {
		if (s->cases[i].kind != WEFT_SEND && s->cases[i].kind != WEFT_RECV)
			return false;
		if (s->cases[i].chan && weft__chan_is_link(s->cases[i].chan))
			return false;
		place_of(&s->cases[i])->look = i;
	}
	return true;
}

/* Under the locks of its channel. True: the case is done. */
static weft__noinline bool attempt(struct select *s, uint32_t index)
{
	struct weft_case *c = &s->cases[index];
	int err = weft__chan_exchange(c->chan, c->kind, c->element, &s->wake);
	if (err == -EAGAIN)
		return false;
	c->result = err;
	s->chosen = (int)index;
	return true;
}

/* Look at one after the other, in an order drawn as it goes, which stays for the next time. */
static bool look(struct select *s)
{
	for (uint32_t left = s->count; left > 0; left--) {
		uint32_t *drawn = &place_of(&s->cases[weft__random_below(left)])->look,
			 *last = &place_of(&s->cases[left - 1])->look;
		uint32_t index = *drawn;
		*drawn = *last;
		*last = index;
		struct weft_chan *chan = s->cases[index].chan;
		if (!chan || !weft__chan_looks_ready(chan, s->cases[index].kind))
			continue;
		weft__chan_lock(chan);
		bool done = attempt(s, index);
		weft__chan_unlock(chan);
		if (done)
			return true;
	}
	return false;
}

/* Under all locks. */
static bool look_at_all(struct select *s)
{
	for (uint32_t i = s->count; i-- > 0;) {
		uint32_t index = place_of(&s->cases[i])->look;
		if (s->cases[index].chan && attempt(s, index))
			return true;
	}
	return false;
}

/* --- all locks --- */

/* The channel to lock i-th. */
static struct weft_chan *to_lock(struct weft_case *cases, uint32_t i)
{
	return cases[place_of(&cases[i])->lock].chan;
}

/* The cases that have a channel by its address: a shell sort. */
static void sort(struct select *s)
{
	struct weft_case *cases = s->cases;
	for (uint32_t i = 0; i < s->count; i++)
		if (cases[i].chan)
			place_of(&cases[s->locks++])->lock = i;
	for (uint32_t gap = s->locks / 2; gap > 0; gap /= 2)
		for (uint32_t i = gap; i < s->locks; i++) {
			uint32_t moved = place_of(&cases[i])->lock, j = i;
			uintptr_t key = (uintptr_t)cases[moved].chan;
			for (; j >= gap && (uintptr_t)to_lock(cases, j - gap) > key; j -= gap)
				place_of(&cases[j])->lock = place_of(&cases[j - gap])->lock;
			place_of(&cases[j])->lock = moved;
		}
}

/* Several cases of one channel are neighbours. */
static void lock_all(struct select *s)
{
	struct weft_chan *last = NULL;
	for (uint32_t i = 0; i < s->locks; i++) {
		struct weft_chan *chan = to_lock(s->cases, i);
		if (chan != last)
			weft__chan_lock(chan);
		last = chan;
	}
}

/* The select may be gone with the last lock. */
static void unlock_all(struct select *s)
{
	struct weft_case *cases = s->cases;
	for (uint32_t i = 0, n = s->locks; i < n; i++) {
		struct weft_chan *chan = to_lock(cases, i);
		if (i + 1 == n || to_lock(cases, i + 1) != chan)
			weft__chan_unlock(chan);
	}
}

/* --- to wait --- */

static void enlist(struct select *s)
{
	for (uint32_t i = 0; i < s->count; i++) {
		struct weft_case *c = &s->cases[i];
		place_of(c)->waiting =
			(struct weft__waiting){ .thread = s->wait.self, .element = c->element, .race = &s->race };
		if (c->chan)
			weft__chan_enqueue(c->chan, c->kind, &place_of(c)->waiting);
	}
	s->slept = true;
	weft__store_rel(&s->race.state, WEFT__RACE_OPEN); /* order CHAN-RACE */
}

static bool commit(struct weft__wait *wait)
{
	struct select *s = weft__container(wait, struct select, wait);
	lock_all(s);
	bool sleep = !look_at_all(s);
	if (sleep)
		enlist(s);
	unlock_all(s);
	return sleep;
}

static bool revoke(struct weft__wait *wait, struct weft__thread *self)
{
	uint32_t open = WEFT__RACE_OPEN;
	(void)self;
	return weft__cas_acqrel(&weft__container(wait, struct select, wait)->race.state, &open,
				WEFT__RACE_OVER); /* order CHAN-RACE */
}

/* Leave the lists; also behind a commit that is not through yet. */
static void leave(struct select *s)
{
	for (uint32_t i = 0; i < s->locks;) {
		struct weft_chan *chan = to_lock(s->cases, i);
		weft__chan_lock(chan);
		for (; i < s->locks && to_lock(s->cases, i) == chan; i++) {
			struct weft_case *c = &s->cases[place_of(&s->cases[i])->lock];
			(void)weft__chan_dequeue(chan, c->kind, &place_of(c)->waiting);
		}
		weft__chan_unlock(chan);
	}
}

static int wait_for(struct select *s, uint64_t deadline)
{
	static const struct weft__reason reason = { "one of several channels", NULL };
	struct weft__thread outside;
	s->wait = (struct weft__wait){ commit, revoke, weft__self(&outside), &reason, s->cases, .shielded = false };
	int err = weft__park(&s->wait, deadline);
	if (s->wake)
		weft__ready(s->wake);
	if (s->slept)
		leave(s);
	if (err)
		return err;
	if (s->slept) {
		struct place *place = weft__container(s->race.winner, struct place, waiting);
		struct weft_case *c = weft__container(place, struct weft_case, reserved);
		c->result = place->waiting.result;
		s->chosen = (int)(c - s->cases);
	}
	return s->chosen;
}

static int poll_all(struct select *s)
{
	lock_all(s);
	bool done = look_at_all(s);
	unlock_all(s);
	if (s->wake)
		weft__ready(s->wake);
	return done ? s->chosen : -ETIMEDOUT;
}

static int select_until(struct weft_case *cases, unsigned count, const uint64_t *nanoseconds)
{
	struct select s = { .cases = cases, .count = count };
	if (count > INT_MAX || !prepare(&s))
		return -EINVAL;
	if (look(&s)) {
		if (s.wake)
			weft__ready(s.wake);
		return s.chosen;
	}
	uint64_t deadline = nanoseconds ? weft__deadline(*nanoseconds) : WEFT__NEVER;
	sort(&s);
	return deadline ? wait_for(&s, deadline) : poll_all(&s);
}

int weft_select(struct weft_case *cases, unsigned count)
{
	return select_until(cases, count, NULL);
}

int weft_select_timeout(struct weft_case *cases, unsigned count, uint64_t nanoseconds)
{
	return select_until(cases, count, &nanoseconds);
}
