/* SPDX-License-Identifier: MIT */
/* Timers of a worker: its wheel, and the source through which the scheduler makes them fire. */
#include "src/time/timer.h"

#include <stdlib.h>

#include "src/sched/dispatch.h"
#include "src/sched/injector.h"

enum { TICK_LOG2 = 16 };

static uint64_t tick_after(uint64_t deadline)
{
	uint64_t tick = deadline >> TICK_LOG2;
	return tick + (deadline > tick << TICK_LOG2);
}

static void publish_deadline(struct weft__worker *w)
{
	uint64_t tick;
	bool some = weft__wheel_next(w->timers, &tick);
	weft__store_rlx(&w->deadline, some ? tick << TICK_LOG2 : WEFT__NEVER); /* relaxed: a hint to the monitor */
}

void weft__timer_arm(struct weft__worker *w, struct weft__timer *timer, uint64_t deadline)
{
	timer->worker = w;
	timer->node.tick = tick_after(deadline);
	weft__wheel_insert(w->timers, &timer->node);
	uint64_t due = timer->node.tick << TICK_LOG2;
	if (due < weft__load_rlx(&w->deadline))
		weft__store_rlx(&w->deadline, due);
}

static void cancel_inside(struct weft__timer *timer)
{
	if (timer->node.link)
		weft__wheel_remove(timer->worker->timers, &timer->node);
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
	struct weft__wheel *wheel = malloc(sizeof *wheel);
	if (wheel)
		weft__wheel_init(wheel, weft__os_now() >> TICK_LOG2);
	w->timers = wheel;
	return wheel != NULL;
}

static void detach(struct weft__worker *w)
{
	free(w->timers);
}

static void fire(struct weft__wait *wait, struct weft__worker *w, bool seized)
{
	struct weft__thread *self = wait->self;
	if (wait->revoke && !wait->revoke(wait))
		return;
	self->timed_out = true;
	if (seized)
		weft__injector_push(self);
	else
		weft__ready_inside(w, self);
}

static void collect(struct weft__worker *w, bool seized)
{
	uint64_t now = weft__os_now() >> TICK_LOG2;
	struct weft__wheel_node *node;
	while ((node = weft__wheel_expire(w->timers, now)))
		while (node) {
			struct weft__wheel_node *next = node->next; /* the node is gone once its thread runs */
			if (next)
				__builtin_prefetch(next);
			fire(weft__container(node, struct weft__timer, node)->wait, w, seized);
			node = next;
		}
	publish_deadline(w);
}

static const struct weft__source source = { attach, detach, collect };
const struct weft__source *weft__timer_source = &source;
