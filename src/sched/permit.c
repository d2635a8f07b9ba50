/* SPDX-License-Identifier: MIT */
/*
 * The permit: weft_park and weft_unpark. A word in the thread's record counts those given, and says whether it is parked
 * (record.h); the thread itself counts those that it has taken.
 */
#include <errno.h>

#include "src/sched/cancel.h"
#include "src/sched/dispatch.h"
#include "src/sched/park.h"
#include "weft/thread.h"

/* The park word of a thread that has taken all its permits, and is not parked. */
static uint64_t no_permit(const struct weft__thread *self)
{
	return weft__park_word(self->handle) | self->seen;
}

/* False if a permit came first: it is taken then. */
static bool publish_parked(struct weft__thread *self)
{
	uint64_t word = no_permit(self);
	if (weft__cas_acqrel(&self->record->park, &word, word | WEFT__PARKED)) /* order PARK-PERMIT */
		return true;
	self->seen = (uint32_t)word;
	return false;
}

static bool permit_commit(struct weft__wait *wait)
{
	return publish_parked(wait->self);
}

static bool permit_revoke(struct weft__wait *wait, struct weft__thread *self)
{
	/* relaxed: the CAS orders. `seen` is not looked at: whoever takes PARKED away writes it */
	uint64_t word = weft__load_rlx(&self->record->park);
	(void)wait;
	return (word & WEFT__PARKED) && weft__cas_acqrel(&self->record->park, &word, word & ~WEFT__PARKED);
}

static const struct weft__reason permit_reason = { "weft_unpark", NULL };

/* Take the permit if there is one. */
weft__inline bool take_permit(struct weft__thread *self)
{
	uint32_t given = (uint32_t)weft__load_acq(&self->record->park); /* order PARK-PERMIT */
	if (given == self->seen)
		return false;
	self->seen = given;
	return true;
}

int weft__park_permit(uint64_t deadline)
{
	struct weft__thread *self = weft__self_or_null();
	if (!self)
		return -EPERM;
	if (take_permit(self))
		return 0;
	if (deadline == 0)
		return -ETIMEDOUT;
	struct weft__wait wait = { permit_commit, permit_revoke, self, &permit_reason, NULL, .shielded = false };
	return weft__park(&wait, deadline);
}

/* That of every green thread in weft_park, so that it need not have one in its frame. */
static struct weft__wait permit_wait = { .revoke = permit_revoke, .reason = &permit_reason };

static void after_park_permit(void *arg)
{
	struct weft__thread *self = arg;
	struct weft__worker *w = weft__worker();
	if (!weft__wait_begin(self, &permit_wait) || !publish_parked(self)) {
		weft__wait_over(self);
		weft__ready_inside(w, self);
	}
	weft__worker_leave(w);
}

/* What weft__park_permit does for a green thread in no scope, in one frame: the way that locks are built on. */
int weft_park(void)
{
	struct weft__worker *w = weft__worker();
	if (weft__unlikely(!w || w->current->scope))
		return weft__park_permit(WEFT__NEVER);
	struct weft__thread *self = w->current;
	if (take_permit(self))
		return 0;
	weft__worker_enter(w);
	return weft__switch_call_tail(w, self, weft__pick(w), after_park_permit, self);
}

int weft_unpark(weft_t thread)
{
	struct weft__record *record = weft__record_of(thread);
	if (!record)
		return -ESRCH;
	uint64_t word = weft__load_rlx(&record->park), given; /* relaxed: the CAS orders */
	do {
		if (weft__unlikely((word ^ weft__park_word(thread)) >> 32 != 0))
			return -ESRCH;
		given = weft__park_word(thread) | (uint32_t)(((uint32_t)word & ~WEFT__PARKED) + WEFT__PERMIT);
	} while (!weft__cas_acqrel(&record->park, &word, given)); /* order PARK-PERMIT */
	if (word & WEFT__PARKED) { /* its wait is ours to end: the permit is given and taken at once */
		struct weft__thread *t = weft__load_rlx(&record->thread);
		t->seen = (uint32_t)given;
		weft__ready(t);
	}
	return 0;
}
