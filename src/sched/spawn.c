/* SPDX-License-Identifier: MIT */
/*
 * Spawn. Work first: the child runs at once on a cached stack, and the spawner's continuation goes into its worker's lane,
 * where the child finds it when it ends. Until then nobody can know the child's handle, for weft_spawn has not returned it,
 * unless the child asked for it, and may have told it (`escaped`). What that is good for is in end.c.
 */
#include "src/sched/spawn.h"

#include <errno.h>

#include "src/sched/cancel.h"
#include "src/sched/dispatch.h"
#include "src/sched/idle.h"
#include "src/sched/injector.h"
#include "src/sched/name.h"
#include "src/sched/park.h"
#include "weft/runtime.h"
#include "weft/thread.h"

enum { PROXY_STACK = 65536 };

static weft__cold void first_use(struct weft__thread *t, unsigned class)
{
	t->class = (uint8_t) class;
	t->stack_low = weft__stack_low(t, class);
	weft__san_new_stack(t->stack_low, (char *)t);
}

/* Make a stack and a record into a thread that has not run yet. */
weft__inline void make(struct weft__thread *t, struct weft__record *record, enum weft__join_state state,
		       void *(*fn)(void *), void *arg)
{
	uint64_t handle = weft__record_next_handle(record);
	/* relaxed: the record is published with the handle, or with the thread in a lane */
	weft__store_rlx(&record->join, weft__join_word(handle, state));
	weft__store_rlx(&record->park, weft__park_word(handle));
	weft__store_rlx(&record->thread, t);
	t->handle = handle;
	t->record = record;
	t->fn = fn;
	t->arg = arg;
	t->seen = 0;
	t->kind = WEFT__GREEN;
	t->escaped = false;
	weft__san_new_thread(t);
}

/* Run the child now. False if its spawner's continuation finds no place: then nothing has happened. */
weft__inline bool run_now(struct weft__worker *w, struct weft__thread *t, weft__arch_entry *entry)
{
	struct weft__thread *self = w->current;
	weft__worker_enter(w);
	if (weft__unlikely(!weft__ring_push(&w->cont, self))) {
		weft__worker_leave(w);
		return false;
	}
	self->spawning = t->handle;
	weft__bump_rlx(&w->spawned, 1);
	weft__switch_first(w, self, t, entry);
	return true;
}

/* Queue the child. */
static void run_later(struct weft__thread *t, weft__arch_entry *entry)
{
	struct weft__worker *w = weft__worker();
	t->sp = weft__arch_prepare(t, entry, t);
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

static int spawn_green(weft_t *thread, const struct weft__spawn *what)
{
	const struct weft__attr *attr = what->attr;
	struct weft__record *record;
	int err = 0;
	unsigned class = attr->class_plus_one ? attr->class_plus_one - 1u : weft__pool.stack_class;
	struct weft__thread *t = allocate(class, &record, &err);
	if (!t)
		return err;
	if (!t->stack_low)
		first_use(t, class);
	make(t, record, thread && !attr->detached ? WEFT__JOIN_RUNNING : WEFT__JOIN_DETACHED, what->fn, what->arg);
	t->spawned_at = what->site;
	t->scope = what->scope;
	uint64_t handle = t->handle;
	if (attr->name[0])
		weft__name_store(handle, attr->name);
	if (attr->crash)
		weft__record_make_fate(handle)->policy = attr->crash;
	if (attr->home_plus_one) {
		t->kind = WEFT__PINNED;
		t->home = attr->home_plus_one - 1u;
	}
	struct weft__worker *w = weft__worker();
	weft__arch_entry *entry = what->scope ? weft__child_main : weft__thread_main;
	/* A pinned spawner cannot be left in a lane as a continuation: its child waits. */
	if (attr->queued || attr->home_plus_one || !w || w->current->kind != WEFT__GREEN || !run_now(w, t, entry))
		run_later(t, entry);
	if (thread)
		*thread = handle;
	return 0;
}

/* The thread that stands for it needs little stack. */
static int spawn_process(weft_t *thread, struct weft__spawn *what)
{
	struct weft__attr proxy = *what->attr;
	uint64_t id, handle = WEFT_NONE;
	int err = weft__process_source->begin(what, &id);
	if (err)
		return err;
	proxy.class_plus_one = (uint8_t)(weft__stack_class(PROXY_STACK) + 1);
	what->attr = &proxy;
	err = spawn_green(thread ? &handle : NULL, what);
	if (err) {
		weft__process_source->abandon(id);
		return err;
	}
	if (thread) {
		weft__process_source->begun(id, handle);
		*thread = handle;
	}
	return 0;
}

/* Everything but a plain green thread from a cached stack. */
static weft__cold int spawn_slow(weft_t *thread, const struct weft_attr *public_attr, struct weft__spawn what)
{
	static const struct weft__attr plain;
	const struct weft__attr *attr = public_attr ? (const struct weft__attr *)(const void *)public_attr : &plain;
	what.attr = attr;
	if (!what.fn || attr->kind > WEFT_KIND_PROCESS || attr->class_plus_one > WEFT__STACK_CLASSES)
		return -EINVAL;
	if (attr->home_plus_one && (attr->kind != WEFT_KIND_GREEN || attr->home_plus_one > weft_workers()))
		return -EINVAL;
	bool inside = weft__worker() != NULL;
	int err = inside ? 0 : weft__pool_enter_outside();
	if (err)
		return err;
	if (attr->kind == WEFT_KIND_BOUND) {
		if (inside)
			weft__add_acqrel(&weft__pool.spawned_outside, 1);
		inside = false;
		err = weft__spawn_bound(thread, &what);
	} else if (attr->kind == WEFT_KIND_PROCESS) {
		err = spawn_process(thread, &what);
	} else {
		err = spawn_green(thread, &what);
	}
	if (err && !inside)
		weft__add_acqrel(&weft__pool.ended_outside, 1);
	return err;
}

/* The usual thread: plain, by a green thread, its stack and record from the caches. NULL where it is not that. */
weft__inline struct weft__thread *make_from_caches(struct weft__worker *w, const struct weft_attr *attr,
						   enum weft__join_state state, void *(*fn)(void *), void *arg)
{
	if (weft__unlikely(!w || attr || !fn || w->current->kind != WEFT__GREEN))
		return NULL;
	struct weft__thread *t = weft__stack_peek_cached(&w->stacks, weft__pool.stack_class);
	if (weft__unlikely(!t || !t->stack_low || !w->records.first))
		return NULL;
	if (weft__unlikely(weft__load_rlx(&weft__pool.sleepers) != 0) && weft__ring_count(&w->cont) > 0)
		weft__wake_if_asleep();
	weft__stack_get_cached(&w->stacks, weft__pool.stack_class);
	make(t, weft__record_pop(&w->records), state, fn, arg);
	return t;
}

int weft_spawn(weft_t *thread, const struct weft_attr *attr, void *(*fn)(void *), void *arg)
{
	const void *site = __builtin_return_address(0);
	struct weft__worker *w = weft__worker();
	struct weft__thread *t = make_from_caches(w, attr, thread ? WEFT__JOIN_RUNNING : WEFT__JOIN_DETACHED, fn, arg);
	if (weft__unlikely(!t))
		return spawn_slow(thread, attr, (struct weft__spawn){ .fn = fn, .arg = arg, .site = site });
	t->spawned_at = site;
	uint64_t handle = t->handle;
	if (weft__unlikely(!run_now(w, t, weft__thread_main)))
		run_later(t, weft__thread_main);
	if (thread)
		*thread = handle;
	return 0;
}

/*
 * Nobody but us may wait for a child, so only one that still runs when its spawner goes on has to be counted: one that has
 * ended by then is freed here, and `live` was never touched.
 */
static void settle(struct weft__scope *s, uint64_t handle)
{
	if (weft__child_free_if_ended(handle))
		return;
	weft__add_acqrel(&s->live, WEFT__SCOPE_CHILD); /* order SCOPE-LIVE: before the child can take it away */
	if (!weft__child_detach_if_running(handle))
		weft__sub_acqrel(&s->live,
				 WEFT__SCOPE_CHILD); /* not to 0: the spawner itself is counted, or the closer */
}

static weft__cold int spawn_counted(struct weft__scope *s, const struct weft_attr *attr, struct weft__spawn what)
{
	weft__add_acqrel(&s->live, WEFT__SCOPE_CHILD);
	int err = spawn_slow(NULL, attr, what);
	if (err)
		weft__sub_acqrel(&s->live, WEFT__SCOPE_CHILD);
	return err;
}

int weft_scope_spawn(struct weft_scope *scope, const struct weft_attr *attr, int (*fn)(void *), void *arg)
{
	const void *site = __builtin_return_address(0);
	struct weft__worker *w = weft__worker();
	struct weft__scope *s = weft__scope_of(scope);
	void *(*child)(void *) = (void *(*)(void *))(void (*)(void))fn; /* called as what it is: weft__call_child */
	if (weft__unlikely(weft__scope_is_canceled(s)))
		return -ECANCELED;
	struct weft__thread *t = make_from_caches(w, attr, WEFT__JOIN_CHILD, child, arg);
	if (weft__unlikely(!t))
		return spawn_counted(s, attr,
				     (struct weft__spawn){ .fn = child, .arg = arg, .site = site, .scope = s });
	t->spawned_at = site;
	t->scope = s;
	uint64_t handle = t->handle;
	if (weft__unlikely(!run_now(w, t, weft__child_main)))
		run_later(t, weft__child_main);
	settle(s, handle);
	return 0;
}
