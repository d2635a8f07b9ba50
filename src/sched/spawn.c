/* SPDX-License-Identifier: MIT */
/*
 * Spawn, and the end of a thread.
 *
 * Work first: the child runs at once on a cached stack, and the spawner's continuation goes into its worker's lane,
 * where the child finds it when it ends. Until then nobody can know the child's handle, for weft_spawn has not returned
 * it: so a child that ends and finds its own spawner waiting there marks itself done by a plain store. Any other end
 * is a compare-and-swap, against joiners. (`escaped`: the child asked for its own handle, and may have told it.)
 */
#include "src/sched/spawn.h"

#include <errno.h>

#include "src/base/panic.h"
#include "src/sched/dispatch.h"
#include "src/sched/idle.h"
#include "src/sched/injector.h"
#include "src/sched/name.h"
#include "src/sched/park.h"
#include "weft/runtime.h"
#include "weft/thread.h"

static weft__cold void first_use(struct weft__thread *t, unsigned class)
{
	t->class = (uint8_t) class;
	t->stack_low = weft__stack_low(t, class);
	weft__san_new_stack(t->stack_low, (char *)t);
}

/* Make a stack and a record into a thread that has not run yet. */
weft__inline void make(struct weft__thread *t, struct weft__record *record, bool joinable, void *(*fn)(void *),
		       void *arg)
{
	uint64_t handle = weft__record_next_handle(record);
	/* relaxed: the record is published with the handle, or with the thread in a lane */
	weft__store_rlx(&record->join, weft__join_word(handle, joinable ? WEFT__JOIN_RUNNING : WEFT__JOIN_DETACHED));
	weft__store_rlx(&record->park, weft__park_word(handle));
	record->thread = t;
	t->handle = handle;
	t->record = record;
	t->fn = fn;
	t->arg = arg;
	t->seen = 0;
	t->kind = WEFT__GREEN;
	t->escaped = false;
	weft__san_new_thread(t);
}

static void wake_joiner(struct weft__worker *w, struct weft__thread *joiner)
{
	if (!w || joiner->kind != WEFT__GREEN)
		weft__ready(joiner);
	else if (!weft__load_rlx(&w->next))
		weft__store_rlx(&w->next, joiner);
	else
		weft__ready_inside(w, joiner);
}

/* What a thread that ends leaves its record in. To a joiner who has claimed it, it is handed, so that nobody else can free
 * the record, and another joiner write into it, while we look up whom to wake. */
static enum weft__join_state ended(uint64_t old, uint64_t handle)
{
	return old == weft__join_word(handle, WEFT__JOIN_RUNNING) ? WEFT__JOIN_DONE : WEFT__JOIN_HANDED;
}

void weft__publish_end(struct weft__worker *w, struct weft__record *record, uint64_t handle,
		       struct weft__record_cache *cache)
{
	const uint64_t detached = weft__join_word(handle, WEFT__JOIN_DETACHED);
	uint64_t old = weft__load_acq(&record->join);
	do
		if (old == detached) { /* DONE must not be seen even for a moment: a late join would take it */
			weft__record_put(cache, record, handle);
			return;
		}
	while (!weft__cas_acqrel(&record->join, &old,
				 weft__join_word(handle, ended(old, handle)))); /* order RECORD-DONE */
	if (old == weft__join_word(handle, WEFT__JOIN_WAITING))			/* order RECORD-WAIT */
		wake_joiner(w, *weft__record_joiner(handle));
}

_Noreturn void weft__panic_no_thread(void)
{
	weft__panic("weft_exit, or the end of a thread's function, on a kernel thread that is not weft's: in the child "
		    "of a "
		    "fork call _exit or exec, elsewhere pthread_exit");
}

/*
 * End the running thread: what the worker goes on with. Leaves the worker's lock held, for the switch to leave. Not
 * inlined, so that the frame below a thread's own function stays small: a thread that waits in a shallow call then
 * touches two or three cache lines, which is what a switch among 100,000 of them costs.
 */
static weft__noinline struct weft__arch_next end(struct weft__thread *self, void *result)
{
	struct weft__worker *w = weft__worker();
	struct weft__record *record = self->record;
	if (weft__unlikely(!w))
		weft__panic_no_thread();
	weft__worker_enter(w);
	record->result = result;
	weft__store_rlx(
		&record->park,
		weft__park_word(
			self->handle +
			WEFT__GENERATION_ONE)); /* relaxed: whether an unpark now comes too late is a race of its caller's */
	weft__count_ended(w); /* before the end can be seen: who has joined the last thread can stop the pool */
	struct weft__thread *spawner = weft__ring_newest(&w->cont);
	if (weft__likely(spawner && spawner->spawning == self->handle && !self->escaped) &&
	    weft__load_rlx(&record->join) == weft__join_word(self->handle, WEFT__JOIN_RUNNING))
		weft__store_rel(&record->join, weft__join_word(self->handle, WEFT__JOIN_DONE)); /* order RECORD-DONE */
	else
		weft__publish_end(w, record, self->handle, &w->records);
	struct weft__thread *to = weft__pick(w);
	w->current = to;
	struct weft__arch_next next = { weft__context_of(w, to), &w->bias.busy };
	weft__san_leave(&w->own, self, to, true);
	weft__stack_put(&w->stacks, self->class, self); /* still standing on it: nobody takes it before the switch */
	return weft__switch_last(next);
}

static struct weft__arch_next thread_main(void *arg)
{
	struct weft__thread *self = arg;
	weft__san_arrive(NULL);
	return end(self, self->fn(self->arg));
}

_Noreturn void weft__exit_green(struct weft__thread *self, void *result)
{
	struct weft__arch_next next = end(self, result);
	weft__arch_resume(next.sp, next.release);
}

/* Run the child now. False if its spawner's continuation finds no place: then nothing has happened. */
weft__inline bool run_now(struct weft__worker *w, struct weft__thread *t)
{
	struct weft__thread *self = w->current;
	weft__worker_enter(w);
	if (weft__unlikely(!weft__ring_push(&w->cont, self))) {
		weft__worker_leave(w);
		return false;
	}
	self->spawning = t->handle;
	weft__bump_rlx(&w->spawned, 1);
	weft__switch_first(w, self, t, thread_main);
	return true;
}

/* Queue the child. */
static void run_later(struct weft__thread *t)
{
	struct weft__worker *w = weft__worker();
	t->sp = weft__arch_prepare(t, thread_main, t);
	if (!w) {
		weft__visit_begin();
		weft__injector_push(t);
		weft__wake_one();
		weft__visit_end();
		return;
	}
	weft__worker_enter(w);
	weft__bump_rlx(&w->spawned, 1);
	weft__ready_inside(w, t);
	weft__worker_leave(w);
	weft__wake_if_asleep();
}

/* A stack and a record, from the worker's caches or, outside the pool, from those that all outsiders share. */
static struct weft__thread *allocate(unsigned class, struct weft__record **record, int *err)
{
	struct weft__worker *w = weft__worker();
	struct weft__outside *outside = &weft__pool.outside;
	if (!w)
		weft__lock(&outside->lock);
	struct weft__stack_cache *stacks = w ? &w->stacks : &outside->stacks;
	struct weft__record_cache *records = w ? &w->records : &outside->records;
	struct weft__thread *t = weft__stack_get(stacks, class, err);
	*record = t ? weft__record_get(records) : NULL;
	if (t && !*record) {
		weft__stack_put(stacks, class, t);
		*err = -EAGAIN;
		t = NULL;
	}
	if (!w)
		weft__unlock(&outside->lock);
	return t;
}

static int spawn_green(weft_t *thread, const struct weft__attr *attr, void *(*fn)(void *), void *arg, const void *site)
{
	struct weft__record *record;
	int err = 0;
	unsigned class = attr->class_plus_one ? attr->class_plus_one - 1u : weft__pool.stack_class;
	struct weft__thread *t = allocate(class, &record, &err);
	if (!t)
		return err;
	if (!t->stack_low)
		first_use(t, class);
	make(t, record, thread && !attr->detached, fn, arg);
	t->spawned_at = site;
	uint64_t handle = t->handle;
	if (attr->name[0])
		weft__name_store(handle, attr->name);
	if (attr->home_plus_one) {
		t->kind = WEFT__PINNED;
		t->home = attr->home_plus_one - 1u;
	}
	struct weft__worker *w = weft__worker();
	/* A pinned spawner cannot be left in a lane as a continuation: its child waits. */
	if (attr->queued || attr->home_plus_one || !w || w->current->kind != WEFT__GREEN || !run_now(w, t))
		run_later(t);
	if (thread)
		*thread = handle;
	return 0;
}

/* Everything but a plain green thread from a cached stack. */
static weft__cold int spawn_slow(weft_t *thread, const struct weft_attr *public_attr, void *(*fn)(void *), void *arg,
				 const void *site)
{
	static const struct weft__attr plain;
	const struct weft__attr *attr = public_attr ? (const struct weft__attr *)(const void *)public_attr : &plain;
	if (!fn || attr->kind > WEFT_KIND_BOUND || attr->class_plus_one > WEFT__STACK_CLASSES)
		return -EINVAL;
	if (attr->home_plus_one && (attr->kind == WEFT_KIND_BOUND || attr->home_plus_one > weft_workers()))
		return -EINVAL;
	bool inside = weft__worker() != NULL;
	int err = inside ? 0 : weft__pool_enter_outside();
	if (err)
		return err;
	if (attr->kind == WEFT_KIND_BOUND) {
		if (inside)
			weft__add_acqrel(&weft__pool.spawned_outside, 1);
		inside = false;
		err = weft__spawn_bound(thread, attr, fn, arg, site);
	} else {
		err = spawn_green(thread, attr, fn, arg, site);
	}
	if (err && !inside)
		weft__add_acqrel(&weft__pool.ended_outside, 1);
	return err;
}

int weft_spawn(weft_t *thread, const struct weft_attr *attr, void *(*fn)(void *), void *arg)
{
	const void *site = __builtin_return_address(0);
	struct weft__worker *w = weft__worker();
	if (weft__unlikely(!w || attr || !fn || w->current->kind != WEFT__GREEN))
		return spawn_slow(thread, attr, fn, arg, site);
	struct weft__thread *t = weft__stack_peek_cached(&w->stacks, weft__pool.stack_class);
	if (weft__unlikely(!t || !t->stack_low || !w->records.first))
		return spawn_slow(thread, attr, fn, arg, site);
	if (weft__unlikely(weft__load_rlx(&weft__pool.sleepers) != 0) && weft__ring_count(&w->cont) > 0)
		weft__wake_if_asleep();
	weft__stack_get_cached(&w->stacks, weft__pool.stack_class);
	struct weft__record *record = weft__record_pop(&w->records);
	make(t, record, thread != NULL, fn, arg);
	t->spawned_at = site;
	uint64_t handle = t->handle;
	if (weft__unlikely(!run_now(w, t)))
		run_later(t);
	if (thread)
		*thread = handle;
	return 0;
}
