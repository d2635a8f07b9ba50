/* SPDX-License-Identifier: MIT */
/* Sleeping, and the timed variants of waiting. */
#include <errno.h>

#include "src/sched/dispatch.h"
#include "src/time/timer.h"
#include "weft/thread.h"
#include "weft/time.h"

struct timed_wait {
	struct weft__wait wait;
	struct weft__wait *inner;
	struct weft__timer timer;
	uint64_t deadline;
	bool armed;
};

/* Both inside one stay in the worker's lock, the timer first: so it can neither fire before the wait is published nor
 * be armed after its thread, woken elsewhere, has cancelled it. */
static bool timed_commit(struct weft__wait *wait)
{
	struct timed_wait *t = weft__container(wait, struct timed_wait, wait);
	t->armed = weft__timer_arm(weft__worker(), &t->timer, t->deadline);
	return t->armed && t->inner->commit(t->inner);
}

int weft__park_until(struct weft__wait *wait, uint64_t deadline)
{
	struct weft__thread *self = wait->self;
	if (!weft__is_green(self) || deadline == WEFT__NEVER)
		return weft__park(wait, deadline);
	struct timed_wait t = { .wait = { timed_commit, NULL, self }, .inner = wait, .deadline = deadline };
	t.timer.wait = wait;
	self->timed_out = false;
	weft__park(&t.wait, deadline);
	if (self->timed_out)
		return -ETIMEDOUT;
	if (!t.armed)
		return -ENOMEM;
	weft__timer_cancel(&t.timer);
	return 0;
}

uint64_t weft_now(void)
{
	return weft__os_now();
}

struct sleep {
	struct weft__wait wait;
	struct weft__timer timer;
	uint64_t deadline;
	bool armed;
};

/* Armed after the switch, like any wait: the look around of the switch itself may fire timers that have just passed. */
static void after_sleep(void *arg)
{
	struct sleep *s = arg;
	struct weft__worker *w = weft__worker();
	s->armed = s->deadline == WEFT__NEVER || weft__timer_arm(w, &s->timer, s->deadline);
	if (!s->armed)
		weft__ready_inside(w, s->wait.self);
	weft__worker_leave(w);
}

/* False if there is no memory for a timer. */
static bool sleep_green(struct weft__worker *w, struct weft__thread *self, uint64_t deadline)
{
	struct sleep s = { .wait = { .self = self }, .deadline = deadline };
	s.timer.wait = &s.wait;
	weft__worker_enter(w);
	weft__switch_call(w, self, weft__pick(w), after_sleep, &s);
	return s.armed;
}

static void sleep_until(uint64_t deadline)
{
	struct weft__worker *w = weft__worker();
	if (!w || !w->current)
		weft__os_sleep_until(deadline);
	else if (!sleep_green(w, w->current, deadline))
		while (weft__os_now() < deadline)
			weft_yield();
}

int weft_sleep(uint64_t nanoseconds)
{
	if (nanoseconds == 0)
		return weft_yield();
	sleep_until(weft__os_after(nanoseconds));
	return 0;
}

int weft_sleep_until(uint64_t deadline)
{
	if (deadline > weft__os_now())
		sleep_until(deadline);
	return 0;
}

/* A time limit of 0 asks without waiting, and without a switch. */
static int timed_out(int err)
{
	return err == -EAGAIN ? -ETIMEDOUT : err;
}

int weft_join_timeout(weft_t thread, void **result, uint64_t nanoseconds)
{
	if (nanoseconds == 0)
		return timed_out(weft__join(thread, result, weft__park_never, 0));
	return weft__join(thread, result, weft__park_until, weft__os_after(nanoseconds));
}

int weft_park_timeout(uint64_t nanoseconds)
{
	if (nanoseconds == 0)
		return timed_out(weft__park_permit(weft__park_never, 0));
	return weft__park_permit(weft__park_until, weft__os_after(nanoseconds));
}
