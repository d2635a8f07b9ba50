/* SPDX-License-Identifier: MIT */
/* Sleeping, and the timed variants of waiting. */
#include <errno.h>

#include "src/sched/cancel.h"
#include "src/sched/dispatch.h"
#include "src/time/timer.h"
#include "weft/cancel.h"
#include "weft/status.h"
#include "weft/time.h"

struct timed_wait {
	struct weft__wait wait;
	struct weft__wait *inner;
	struct weft__timer timer;
	uint64_t deadline;
};

/* Both inside one stay in the worker's lock, the timer first: so it can neither fire before the wait is published nor
 * be armed after its thread, woken elsewhere, has cancelled it. */
static bool timed_commit(struct weft__wait *wait)
{
	struct timed_wait *t = weft__container(wait, struct timed_wait, wait);
	if (weft__timer_arm(weft__worker(), &t->timer, t->deadline))
		return t->inner->commit(t->inner);
	weft__wait_result(wait->self, -ENOMEM);
	return false;
}

static bool timed_revoke(struct weft__wait *wait, struct weft__thread *self)
{
	struct weft__wait *inner = weft__container(wait, struct timed_wait, wait)->inner;
	return inner->revoke(inner, self);
}

int weft__park_timed(struct weft__wait *wait, uint64_t deadline)
{
	struct timed_wait t = { .wait = *wait, .inner = wait, .deadline = deadline };
	t.wait.commit = timed_commit;
	t.wait.revoke = timed_revoke;
	t.timer.wait = &t.wait;
	int result = weft__park_green(&t.wait);
	if (t.timer.worker && result != -ETIMEDOUT)
		weft__timer_cancel(&t.timer);
	return result;
}

uint64_t weft_now(void)
{
	return weft__os_now();
}

enum { NOT_BEGUN, ASLEEP, OVER };

struct sleep {
	struct weft__wait wait;
	weft__a32 state;
};

static struct sleep *sleep_of(struct weft__wait *wait)
{
	return weft__container(wait, struct sleep, wait);
}

static bool sleep_commit(struct weft__wait *wait)
{
	weft__store_rel(&sleep_of(wait)->state, ASLEEP); /* order SLEEP; the frame may be gone after it */
	return true;
}

static bool sleep_revoke(struct weft__wait *wait, struct weft__thread *self)
{
	uint32_t asleep = ASLEEP;
	(void)self;
	return weft__cas_acqrel(&sleep_of(wait)->state, &asleep, OVER); /* order SLEEP */
}

static int sleep_until(uint64_t deadline)
{
	static const struct weft__reason reason = { "time", NULL };
	struct weft__thread outside;
	struct sleep s = { .wait = { sleep_commit, sleep_revoke, weft__self(&outside), &reason, NULL,
				     .shielded = false } };
	int err = weft__park(&s.wait, deadline);
	if (err == -ENOMEM)
		while ((err = weft_testcancel()) == 0 && weft__os_now() < deadline)
			weft_yield();
	return err == -ETIMEDOUT ? 0 : err;
}

int weft_sleep(uint64_t nanoseconds)
{
	if (nanoseconds == 0)
		return weft_yield();
	return sleep_until(weft__os_after(nanoseconds));
}

int weft_sleep_until(uint64_t deadline)
{
	return deadline > weft__os_now() ? sleep_until(deadline) : 0;
}

int weft_join_timeout(weft_t thread, void **result, uint64_t nanoseconds)
{
	return weft__join(thread, result, weft__deadline(nanoseconds));
}

int weft_join_status_timeout(weft_t thread, struct weft_status *status, uint64_t nanoseconds)
{
	return weft__join_status(thread, status, weft__deadline(nanoseconds));
}

int weft_park_timeout(uint64_t nanoseconds)
{
	return weft__park_permit(weft__deadline(nanoseconds));
}
