/* SPDX-License-Identifier: MIT */
/* Waiting: by a switch for green threads, on a futex for the others. */
#include "src/sched/park.h"

#include <errno.h>

#include "src/os/fork.h"
#include "src/os/kthread.h"
#include "src/sched/cancel.h"
#include "src/sched/dispatch.h"
#include "src/sched/idle.h"
#include "src/sched/injector.h"
#include "src/sched/monitor.h"
#include "src/sched/spawn.h"

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

static __thread uint64_t outsider;

static weft__noinline uint64_t outside_caller(void)
{
	if (!outsider)
		outsider = (uint64_t)1 << 63 | (uint32_t)weft__os_kthread_id();
	return outsider;
}

uint64_t weft__caller(void)
{
	struct weft__thread *self = weft__self_or_null();
	return weft__likely(self != NULL) ? self->handle : outside_caller();
}

/* Publish the wait. True: `wait` and `self` may be gone. */
weft__inline bool commit(struct weft__thread *self, struct weft__wait *wait)
{
	if (weft__wait_begin(self, wait) && wait->commit(wait))
		return true;
	weft__wait_over(self);
	return false;
}

static void after_park(void *arg)
{
	struct weft__wait *wait = arg;
	struct weft__thread *self = wait->self;
	struct weft__worker *w = weft__worker();
	if (!commit(self, wait))
		weft__ready_inside(w, self);
	weft__worker_leave(w);
}

int weft__park_green(struct weft__wait *wait)
{
	struct weft__worker *w = weft__worker();
	weft__worker_enter(w);
	return weft__switch_call(w, wait->self, weft__pick(w), after_park, wait);
}

/* For those who look for deadlocks, who may be asleep. */
static void count_waiting(struct weft__thread *self, uint64_t deadline)
{
	self->counted = deadline == WEFT__NEVER;
	if (!self->counted)
		return;
	weft__add_acqrel(&weft__pool.kernel_waiting, 1);
	weft__monitor_rouse();
}

static void count_woken(struct weft__thread *t)
{
	if (t->counted)
		weft__sub_acqrel(&weft__pool.kernel_waiting, 1);
}

static int park_kernel(struct weft__wait *wait, uint64_t deadline)
{
	struct weft__thread *self = wait->self;
	if (wait->object) /* not time alone */
		weft__os_may_wait();
	weft__store_rlx(&self->wake, 0); /* relaxed: nobody knows of the wait yet */
	self->result = 0;
	count_waiting(self, deadline);
	if (!commit(self, wait)) {
		count_woken(self);
		return self->result;
	}
	while (weft__load_acq(&self->wake) == 0) /* order WAKE */
		if (wait->sleep) {
			wait->sleep(wait, deadline);
		} else if (!weft__os_futex_wait(&self->wake, 0, deadline) && deadline != WEFT__NEVER) {
			if (weft__load_acq(&self->wake) == 0 && wait->revoke && wait->revoke(wait, self)) {
				weft__wait_over(self);
				return -ETIMEDOUT;
			}
			deadline = WEFT__NEVER;
		}
	return self->result;
}

weft__inline int park(struct weft__wait *wait, uint64_t deadline)
{
	if (weft__unlikely(!weft__is_green(wait->self)))
		return park_kernel(wait, deadline);
	if (deadline == WEFT__NEVER)
		return weft__park_green(wait);
	return weft__timer_source->park(wait, deadline);
}

/* A wait inside scopes: the soonest of their deadlines ends it like a cancellation. */
static weft__cold int park_in_scope(struct weft__wait *wait, uint64_t deadline)
{
	struct weft__thread *self = wait->self;
	bool held_off = wait->shielded || !wait->revoke || self->masked;
	uint64_t limit = held_off ? deadline : weft__scope_deadline(self, deadline);
	int result = park(wait, limit);
	if (result != -ETIMEDOUT || limit == deadline)
		return result;
	weft__scope_expire(self);
	return -ECANCELED;
}

int weft__park(struct weft__wait *wait, uint64_t deadline)
{
	return weft__unlikely(wait->self->scope != NULL) ? park_in_scope(wait, deadline) : park(wait, deadline);
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

weft__cold void weft__ready_kernel(struct weft__thread *t)
{
	count_woken(t);
	weft__store_rel(&t->wake, 1); /* order WAKE; t may be gone after it */
	weft__os_futex_wake(&t->wake, 1);
}

static weft__cold void ready_elsewhere(struct weft__worker *w, struct weft__thread *t)
{
	weft__os_may_wait();
	if (!weft__is_green(t)) {
		weft__ready_kernel(t);
	} else if (w) {
		weft__pinned_push(t);
	} else {
		ready_outside(t);
	}
}

void weft__ready(struct weft__thread *t)
{
	struct weft__worker *w = weft__worker();
	weft__wait_over(t);
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
