/* SPDX-License-Identifier: MIT */
/*
 * The end of a thread: what it leaves behind is cleaned up, its result is published, its stack goes back to the cache while it is
 * still standing on it, and its worker goes on with the next. In the usual case of work first that is the spawner, whose
 * continuation stands where the spawn put it: then nobody else can know of the thread, and the end is a plain store.
 */
#include "src/sched/spawn.h"

#include <errno.h>

#include "src/base/panic.h"
#include "src/sched/cancel.h"
#include "src/sched/dispatch.h"
#include "src/sched/scope.h"
#include "weft/status.h"

void weft__ready_from(struct weft__worker *w, struct weft__thread *t)
{
	weft__wait_over(t);
	if (!w || t->kind != WEFT__GREEN)
		weft__ready(t);
	else if (!weft__load_rlx(&w->next))
		weft__store_rlx(&w->next, t);
	else
		weft__ready_inside(w, t);
}

/* What a thread that ends leaves its record in. To a joiner who has claimed it, it is handed, so that nobody else can free
 * the record, and another joiner write into it, while we look up whom to wake. */
static enum weft__join_state ended(uint64_t old, uint64_t handle, bool noted)
{
	if (old == weft__join_word(handle, WEFT__JOIN_CHILD))
		return WEFT__JOIN_CHILD_DONE;
	if (old == weft__join_word(handle, WEFT__JOIN_RUNNING))
		return noted ? WEFT__JOIN_NOTED : WEFT__JOIN_DONE;
	return noted ? WEFT__JOIN_HANDED_NOTED : WEFT__JOIN_HANDED;
}

enum weft__join_state weft__publish_end(struct weft__worker *w, struct weft__record *record, uint64_t handle,
					struct weft__record_cache *cache, bool noted)
{
	const uint64_t detached = weft__join_word(handle, WEFT__JOIN_DETACHED);
	uint64_t old = weft__load_acq(&record->join);
	do
		if (old == detached) { /* DONE must not be seen even for a moment: a late join would take it */
			weft__record_put(cache, record, handle);
			return WEFT__JOIN_DETACHED;
		}
	while (!weft__cas_acqrel(&record->join, &old,
				 weft__join_word(handle, ended(old, handle, noted)))); /* order RECORD-DONE */
	if (old == weft__join_word(handle, WEFT__JOIN_WAITING))			       /* order RECORD-WAIT */
		weft__ready_from(w, *weft__record_joiner(handle));
	return WEFT__JOIN_DONE;
}

_Noreturn void weft__panic_no_thread(void)
{
	weft__panic("weft_exit, or the end of a thread's function, on a kernel thread that is not weft's: in the child "
		    "of a "
		    "fork call _exit or exec, elsewhere pthread_exit");
}

bool weft__note_cancel(const struct weft__thread *self)
{
	bool canceled = weft__load_rlx(&self->attention) & WEFT__CANCELED; /* relaxed: nobody can cancel it any more */
	if (weft__likely(!canceled && self->escaped != WEFT__NOTED))
		return false;
	struct weft__fate *fate = weft__record_make_fate(self->handle);
	if (canceled && (fate->how == WEFT_EXITED || self->escaped == WEFT__NOTED))
		fate->how = WEFT_CANCELED;
	return true;
}

void weft__note_end(int how, int signal, int code, void *address)
{
	struct weft__thread *self = weft__self_or_null();
	struct weft__fate *fate = weft__record_make_fate(self->handle);
	fate->how = (uint8_t)how;
	fate->signal = signal;
	fate->code = code;
	fate->address = address;
	self->escaped = WEFT__NOTED;
}

/* The end of a thread that others may know of. */
static void end_known(struct weft__worker *w, struct weft__thread *self, struct weft__scope *scope, bool crashed)
{
	uint64_t handle = self->handle;
	weft__record_await_holders(handle);
	bool noted = weft__note_cancel(self) || crashed;
	weft__store_rlx(&self->attention, 0); /* relaxed: nobody can cancel or hold it any more */
	if (weft__publish_end(w, self->record, handle, &w->records, noted) == WEFT__JOIN_DETACHED && scope)
		weft__scope_leave(scope, w);
}

/* Give the stacks back while still standing on one of them: nobody takes it before the switch. */
weft__inline void put_stacks(struct weft__worker *w, struct weft__thread *self, void *landing)
{
	const unsigned class = self->class;
	if (landing)
		self->stack_low = weft__stack_low(self, class);
	weft__stack_put(&w->stacks, class, self);
	if (landing)
		weft__stack_put(&w->stacks, class, landing); /* the last one put: it stays in the cache */
}

/* End the running thread: what the worker goes on with. Leaves the worker's lock held, for the switch to leave. `running` is
 * the join state that the thread has while nobody else can know of it, and `done` what that becomes. `landing` is NULL, or
 * the stack that it has ended on, having crashed. */
weft__inline struct weft__arch_next end(struct weft__thread *self, void *result, struct weft__scope *scope,
					enum weft__join_state running, enum weft__join_state done, bool crashed,
					void *landing)
{
	struct weft__worker *w = weft__worker();
	struct weft__record *record = self->record;
	if (weft__unlikely(!w))
		weft__panic_no_thread();
	weft__worker_enter(w);
	record->result = result;
	/* relaxed: whether an unpark now comes too late is a race of its caller's */
	weft__store_rlx(&record->park, weft__park_word(self->handle + WEFT__GENERATION_ONE));
	weft__count_ended(w); /* before the end can be seen: who has joined the last thread can stop the pool */
	struct weft__thread *spawner = weft__ring_newest(&w->cont);
	if (weft__likely(spawner && spawner->spawning == self->handle && !self->escaped) &&
	    weft__load_rlx(&record->join) == weft__join_word(self->handle, running))
		weft__store_rel(&record->join, weft__join_word(self->handle, done)); /* order RECORD-DONE */
	else
		end_known(w, self, scope, crashed);
	struct weft__thread *to = weft__pick(w);
	w->current = to;
	struct weft__arch_next next = { weft__context_of(w, to), &w->bias.busy };
	weft__san_leave(&w->own, self, to, true);
	put_stacks(w, self, landing);
	return weft__switch_last(next);
}

/*
 * Not inlined, so that the frame below a thread's own function stays small: a thread that waits in a shallow call then
 * touches two or three cache lines, which is what a switch among 100,000 of them costs.
 */
static weft__noinline struct weft__arch_next end_plain(struct weft__thread *self, void *result)
{
	return end(self, result, NULL, WEFT__JOIN_RUNNING, WEFT__JOIN_DONE, false, NULL);
}

static weft__noinline struct weft__arch_next end_child(struct weft__thread *self, void *result,
						       struct weft__scope *scope)
{
	return end(self, result, scope, WEFT__JOIN_CHILD, WEFT__JOIN_CHILD_DONE, false, NULL);
}

struct weft__scope *weft__leave_scope(struct weft__thread *self, void *result)
{
	struct weft__scope *scope = self->scope;
	int err = (int)(intptr_t)result;
	if (!scope)
		return NULL;
	if (err < 0)
		weft__scope_child_failed(scope, err);
	weft__scope_delist(self);
	self->scope = NULL;
	return scope;
}

weft__inline struct weft__arch_next finish(struct weft__thread *self, void *result, bool by_exit)
{
	if (weft__unlikely(self->escaped))
		weft__clean_up(self, by_exit);
	struct weft__scope *scope = weft__leave_scope(self, result);
	return scope ? end_child(self, result, scope) : end_plain(self, result);
}

struct weft__arch_next weft__thread_main(void *arg)
{
	struct weft__thread *self = arg;
	weft__san_arrive(NULL);
	void *result = self->fn(self->arg);
	if (weft__unlikely(self->escaped))
		weft__clean_up(self, false);
	return end_plain(self, result);
}

void *weft__call_child(struct weft__thread *self)
{
	int (*fn)(void *) = (int (*)(void *))(void (*)(void))self->fn;
	return (void *)(intptr_t)fn(self->arg);
}

struct weft__arch_next weft__child_main(void *arg)
{
	struct weft__thread *self = arg;
	weft__san_arrive(NULL);
	return finish(self, weft__call_child(self), false);
}

_Noreturn void weft__exit_green(struct weft__thread *self, void *result)
{
	weft__thrown_drop(weft__worker());
	struct weft__arch_next next = finish(self, result, true);
	weft__arch_resume(next.sp, next.release);
}

/* --- after a crash --- */

weft__a32 weft__crashes;

static struct weft__arch_next end_crashed(struct weft__thread *self, void *landing)
{
	weft__thrown_drop(weft__worker());
	weft__note_first(self, NULL, true);
	weft__clean_up(self, landing != NULL);
	struct weft__scope *scope = weft__leave_scope(self, (void *)(intptr_t)-EOWNERDEAD);
	self->escaped = true;
	weft__add_acqrel(&weft__crashes, 1); /* order MUTEX-LOST: before whoever joins can find it out */
	struct weft__arch_next next = end(self, NULL, scope, WEFT__JOIN_RUNNING, WEFT__JOIN_DONE, true, landing);
	weft__add_acqrel(&weft__crashes, 1); /* order MUTEX-LOST: after its generation has changed */
	return next;
}

struct weft__arch_next weft__end_crashed(struct weft__thread *self, void *landing)
{
	return end_crashed(self, landing);
}

/* What its frames had pushed and opened must be gone with them: they cannot be looked into any more. */
struct weft__arch_next weft__end_threw(struct weft__thread *self)
{
	return end_crashed(self, NULL);
}

void *weft__landing_take(struct weft__thread *self)
{
	int err;
	if (weft__is_green(self))
		return weft__stack_get(&weft__worker()->stacks, self->class, &err);
	struct weft__outside *outside = &weft__pool.outside;
	weft__lock(&outside->lock);
	void *stack = weft__stack_get(&outside->stacks, weft__pool.stack_class, &err);
	weft__unlock(&outside->lock);
	return stack;
}

bool weft__is_entry(uintptr_t function)
{
	return function == (uintptr_t)weft__thread_main || function == (uintptr_t)weft__child_main ||
	       function == (uintptr_t)weft__call_child || function == (uintptr_t)weft__run_main ||
	       function == (uintptr_t)weft__bound_main;
}
