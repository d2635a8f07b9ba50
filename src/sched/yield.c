/* SPDX-License-Identifier: MIT */
/* Yield, exit, self. */
#include "src/os/kthread.h"
#include "src/sched/cancel.h"
#include "src/sched/dispatch.h"
#include "src/sched/idle.h"
#include "src/sched/injector.h"
#include "src/sched/park.h"
#include "src/sched/spawn.h"

static bool into_injector(struct weft__wait *wait)
{
	weft__wait_over(wait->self);
	weft__injector_push(wait->self);
	return true;
}

/* Nothing to switch to, no room in the lane, or a pinned thread, which has no place there. */
static weft__cold int yield_slow(struct weft__worker *w, struct weft__thread *self)
{
	struct weft__wait wait = { .commit = into_injector, .self = self };
	bool must = self->kind != WEFT__GREEN || weft__load_acq(&w->token) != WEFT__TOKEN_HELD ||
		    weft__ring_count(&w->ready) > 0;
	weft__worker_leave(w);
	return must ? weft__park(&wait, WEFT__NEVER) : 0;
}

int weft_yield(void)
{
	struct weft__worker *w = weft__worker();
	if (weft__unlikely(!w || !w->current)) {
		weft__os_kthread_yield();
		return 0;
	}
	struct weft__thread *self = w->current;
	weft__worker_enter(w);
	if (weft__unlikely(self->kind != WEFT__GREEN || !weft__ring_has_room(&w->ready)))
		return yield_slow(w, self);
	struct weft__thread *to = weft__pick(w);
	if (weft__unlikely(!to))
		return yield_slow(w, self);
	weft__ring_put(&w->ready, self);
	return weft__switch(w, self, to);
}

void weft__take_turns(void)
{
	struct weft__worker *w = weft__worker();
	if (!w || !w->current || ++w->calls % weft__tune.fair_period)
		return;
	weft__bias_poke(&w->bias);
	(void)weft_yield();
}

/* The end of weft_run's first thread is what the pool drains for. */
void weft__note_first(const struct weft__thread *self, void *result, bool crashed)
{
	if (weft__load_rlx(&weft__pool.first) != self->handle) /* relaxed: who would find it equal wrote it itself */
		return;
	*weft__pool.result = result;
	weft__pool.first_crashed = crashed;
	weft__store_rel(&weft__pool.draining, 1); /* order ALIVE */
}

_Noreturn void weft_exit(void *result)
{
	struct weft__thread *self = weft__self_or_null();
	if (self && self->kind == WEFT__BOUND)
		weft__exit_bound(self, result);
	if (self) {
		weft__note_first(self, result, false);
		weft__exit_green(self, result);
	}
	weft__panic_no_thread();
}

weft_t weft_self(void)
{
	struct weft__thread *self = weft__self_or_null();
	if (!self)
		return WEFT_NONE;
	self->escaped = true;
	return self->handle;
}
