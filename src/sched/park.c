/* SPDX-License-Identifier: MIT */
/* Waiting: by a switch for green threads, on a futex for the others. And the public permit. */
#include "src/sched/park.h"

#include <errno.h>

#include "src/sched/dispatch.h"
#include "src/sched/idle.h"
#include "src/sched/injector.h"
#include "src/sched/spawn.h"
#include "weft/thread.h"

static __thread struct weft__thread *kernel_self;

/* Its caller may be resumed elsewhere, so the address of the thread-local must not live in the caller's frame. */
weft__noinline struct weft__thread *weft__kernel_self(void)
{
	return kernel_self;
}

weft__noinline void weft__set_kernel_self(struct weft__thread *t)
{
	kernel_self = t;
}

struct weft__thread *weft__self_or_null(void)
{
	struct weft__worker *w = weft__worker();
	return w && w->current ? w->current : weft__kernel_self();
}

struct weft__thread *weft__self(struct weft__thread *outside)
{
	struct weft__thread *self = weft__self_or_null();
	if (self)
		return self;
	*outside = (struct weft__thread){ .kind = WEFT__OUTSIDE };
	return outside;
}

static void after_park(void *arg)
{
	struct weft__wait *wait = arg;
	struct weft__thread *self = wait->self;
	struct weft__worker *w = weft__worker();
	if (!wait->commit(wait)) /* once true, `wait` and `self` may be gone */
		weft__ready_inside(w, self);
	weft__worker_leave(w);
}

static int park_green(struct weft__wait *wait)
{
	struct weft__worker *w = weft__worker();
	weft__worker_enter(w);
	weft__switch_call(w, wait->self, weft__pick(w), after_park, wait);
	return 0;
}

static int park_kernel(struct weft__wait *wait, uint64_t deadline)
{
	weft__a32 *wake = &wait->self->wake;
	weft__store_rlx(wake, 0); /* relaxed: nobody knows of the wait yet */
	if (!wait->commit(wait))
		return 0;
	while (weft__load_acq(wake) == 0) /* order WAKE */
		if (!weft__os_futex_wait(wake, 0, deadline) && deadline != WEFT__NEVER) {
			if (weft__load_acq(wake) == 0 && wait->revoke(wait))
				return -ETIMEDOUT;
			deadline = WEFT__NEVER;
		}
	return 0;
}

int weft__park(struct weft__wait *wait, uint64_t deadline)
{
	return weft__is_green(wait->self) ? park_green(wait) : park_kernel(wait, deadline);
}

int weft__park_never(struct weft__wait *wait, uint64_t deadline)
{
	(void)wait, (void)deadline;
	return -EAGAIN;
}

static weft__cold void ready_outside(struct weft__thread *t)
{
	bool pinned = t->kind == WEFT__PINNED;
	weft__visit_begin();
	weft__injector_push(t); /* t may be gone after it */
	if (!pinned)
		weft__wake_one();
	weft__visit_end();
}

bool weft__parallel(void)
{
	return weft__pool.parallelism > 1;
}

static weft__cold void ready_elsewhere(struct weft__worker *w, struct weft__thread *t)
{
	if (!weft__is_green(t)) {
		weft__store_rel(&t->wake, 1); /* order WAKE; t may be gone after it */
		weft__os_futex_wake(&t->wake, 1);
	} else if (w) {
		weft__pinned_push(t);
	} else {
		ready_outside(t);
	}
}

void weft__ready(struct weft__thread *t)
{
	struct weft__worker *w = weft__worker();
	if (weft__unlikely(!w || t->kind != WEFT__GREEN)) {
		ready_elsewhere(w, t);
		return;
	}
	weft__worker_enter(w);
	struct weft__thread *before = weft__load_rlx(&w->next);
	weft__store_rlx(&w->next, t);
	if (before)
		weft__ready_inside(w, before);
	bool plenty = weft__ring_count(&w->ready) > 0;
	weft__worker_leave(w);
	if (plenty)
		weft__wake_if_asleep();
}

/* --- the permit --- */

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

static bool permit_revoke(struct weft__wait *wait)
{
	/* relaxed: the CAS orders. `seen` is not looked at: whoever takes PARKED away writes it */
	uint64_t word = weft__load_rlx(&wait->self->record->park);
	return (word & WEFT__PARKED) && weft__cas_acqrel(&wait->self->record->park, &word, word & ~WEFT__PARKED);
}

/* Take the permit if there is one. */
weft__inline bool take_permit(struct weft__thread *self)
{
	uint32_t given = (uint32_t)weft__load_acq(&self->record->park); /* order PARK-PERMIT */
	if (given == self->seen)
		return false;
	self->seen = given;
	return true;
}

int weft__park_permit(weft__park_fn *park, uint64_t deadline)
{
	struct weft__thread *self = weft__self_or_null();
	if (!self)
		return -EPERM;
	if (take_permit(self))
		return 0;
	struct weft__wait wait = { permit_commit, permit_revoke, self };
	return park(&wait, deadline);
}

static void after_park_permit(void *arg)
{
	struct weft__thread *self = arg;
	struct weft__worker *w = weft__worker();
	if (!publish_parked(self))
		weft__ready_inside(w, self);
	weft__worker_leave(w);
}

/* What weft__park_permit does for a green thread without a deadline, in one frame: the way that locks are built on. */
int weft_park(void)
{
	struct weft__worker *w = weft__worker();
	if (weft__unlikely(!w))
		return weft__park_permit(weft__park, WEFT__NEVER);
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
		struct weft__thread *t = record->thread;
		t->seen = (uint32_t)given;
		weft__ready(t);
	}
	return 0;
}
