/* SPDX-License-Identifier: MIT */
/* Timers of a worker: its wheel, and the source through which the scheduler makes them fire. */
#include "src/time/timer.h"

#include <errno.h>

#include "src/os/memory.h"
#include "src/sched/cancel.h"
#include "src/sched/dispatch.h"
#include "src/sched/injector.h"

enum { TICK_LOG2 = 16 };

/* The last of the wheel is that in which the clock ends. */
static uint64_t tick_after(uint64_t deadline)
{
	uint64_t tick = deadline >> TICK_LOG2;
	return tick + (tick < WEFT__WHEEL_LAST && deadline > tick << TICK_LOG2);
}

static void publish_deadline(struct weft__worker *w)
{
	uint64_t tick;
	bool some = weft__wheel_next(w->timers, &tick);
	weft__store_rlx(&w->deadline, some ? tick << TICK_LOG2 : WEFT__NEVER); /* relaxed: a hint to the monitor */
}

bool weft__timer_arm(struct weft__worker *w, struct weft__timer *timer, uint64_t deadline)
{
	uint64_t tick = tick_after(deadline);
	timer->worker = w;
	timer->id = weft__wheel_insert(w->timers, tick, timer);
	if (tick << TICK_LOG2 < weft__load_rlx(&w->deadline))
		weft__store_rlx(&w->deadline, tick << TICK_LOG2);
	return timer->id != 0;
}

static void cancel_inside(struct weft__timer *timer)
{
	if (timer->id)
		weft__wheel_remove(timer->worker->timers, timer->id);
}

void weft__timer_cancel(struct weft__timer *timer)
{
	struct weft__worker *w = weft__worker(), *home = timer->worker;
	if (w == home) {
		weft__worker_enter(w);
		cancel_inside(timer);
		weft__worker_leave(w);
	} else {
		weft__bias_seize_wait(&home->bias);
		cancel_inside(timer);
		weft__bias_release(&home->bias);
	}
}

static bool attach(struct weft__worker *w)
{
	struct weft__wheel *wheel = weft__os_alloc(sizeof *wheel);
	if (wheel)
		weft__wheel_init(wheel, weft__os_now() >> TICK_LOG2);
	w->timers = wheel;
	return wheel != NULL;
}

static void detach(struct weft__worker *w)
{
	if (w->timers)
		weft__wheel_destroy(w->timers);
	weft__os_free(w->timers);
}

/* Once the thread is runnable, it and the timer in its frame may be gone. */
static void fire(struct weft__timer *timer, struct weft__worker *w, bool seized)
{
	struct weft__wait *wait = timer->wait;
	struct weft__thread *self = wait->self;
	timer->id = 0;
	if (!wait->revoke(wait, self))
		return;
	weft__wait_result(self, -ETIMEDOUT);
	weft__wait_over(self);
	if (seized)
		weft__injector_push(self);
	else
		weft__ready_inside(w, self);
}

static void collect(struct weft__worker *w, bool seized)
{
	void *due[32];
	unsigned n;
	uint64_t now = weft__os_now() >> TICK_LOG2;
	while ((n = weft__wheel_expire(w->timers, now, due, 32))) {
		for (unsigned i = 0; i < n; i++)
			__builtin_prefetch(due[i], 1); /* each in a frame that nobody has touched for a while */
		for (unsigned i = 0; i < n; i++)
			fire(due[i], w, seized);
	}
	publish_deadline(w);
}

static const struct weft__source source = { attach, detach, collect, weft__park_timed };
const struct weft__source *weft__timer_source = &source;
