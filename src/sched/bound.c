/* SPDX-License-Identifier: MIT */
/*
 * Bound threads: the same life as a green one's, on a kernel thread of its own.
 *
 * Its function does not run in the frame that the kernel thread began with, but in a context of its own a little below,
 * on the same stack. So however it ends, by returning, by weft_exit, by an exception, or on another stack after a crash,
 * the kernel thread goes on in that frame, and returns from it. And unwinders find an end there, and who is to be asked
 * about exceptions, as for a green thread.
 *
 * Rejected: pthread_exit. It unwinds, and so runs destructors, which weft_exit says it does not; and needs libgcc_s, which
 * glibc loads the first time: where there are as many mappings as there may be, it aborts instead.
 */
#include <errno.h>

#include "src/os/kthread.h"
#include "src/os/memory.h"
#include "src/os/signal_stack.h"
#include "src/sched/cancel.h"
#include "src/sched/idle.h"
#include "src/sched/name.h"
#include "src/sched/spawn.h"

struct bound {
	struct weft__thread thread;
	struct weft__signal_stack signal_stack;
	void *signal_memory; /* for that, or NULL */
	char *top;	     /* of the part of the stack that its function has */
	void *outer;	     /* the context to go on with when that is over */
	weft__a32 nobody;    /* waits for the release of either */
	bool crashed;
	void *result;
	void *landing; /* of one that has crashed: the stack that it was cleaned up after on; or NULL */
};

/* The frame of `run` is above its function's stack by so much. The port in C saves far more there. */
enum { ALIGNED = 64, APART = WEFT_ARCH_REDIRECTS ? 512 : 8192 };

static struct weft__record *get_record(void)
{
	struct weft__outside *outside = &weft__pool.outside;
	weft__lock(&outside->lock);
	struct weft__record *record = weft__record_get(&outside->records);
	weft__unlock(&outside->lock);
	return record;
}

static void put_record(struct weft__record *record, uint64_t handle)
{
	struct weft__outside *outside = &weft__pool.outside;
	weft__lock(&outside->lock);
	weft__record_put(&outside->records, record, handle);
	weft__unlock(&outside->lock);
}

static struct bound *bound_of(struct weft__thread *self)
{
	return weft__container(self, struct bound, thread);
}

static void *take_signal_memory(void)
{
	struct weft__outside *outside = &weft__pool.outside;
	weft__lock(&outside->lock);
	void *memory = outside->n_kept ? outside->kept[--outside->n_kept] : NULL;
	weft__unlock(&outside->lock);
	return memory;
}

static void keep_signal_memory(void *memory)
{
	struct weft__outside *outside = &weft__pool.outside;
	weft__lock(&outside->lock);
	if (memory && outside->n_kept < WEFT__KEPT) {
		outside->kept[outside->n_kept++] = memory;
		memory = NULL;
	}
	weft__unlock(&outside->lock);
	weft__os_signal_stack_free(memory);
}

static void put_landing(void *landing)
{
	struct weft__outside *outside = &weft__pool.outside;
	weft__lock(&outside->lock);
	weft__stack_put(&outside->stacks, weft__pool.stack_class, landing);
	weft__unlock(&outside->lock);
}

/* What is left to do once it has been cleaned up. */
static void leave(struct bound *b)
{
	struct weft__thread *self = &b->thread;
	const bool crashed = b->crashed;
	struct weft__record_cache mine = { 0 };
	struct weft__record *record = self->record;
	struct weft__scope *scope = weft__leave_scope(self, b->result);
	if (b->landing)
		put_landing(b->landing);
	record->result = crashed ? NULL : b->result;
	weft__store_rlx(&record->park,
			weft__park_word(self->handle + WEFT__GENERATION_ONE)); /* relaxed: as for a green thread */
	weft__record_await_holders(self->handle);
	bool noted = weft__note_cancel(self) || crashed;
	weft__set_kernel_self(NULL);
	weft__visit_begin();
	/* Counted before the end can be seen: who has joined the last thread can stop the pool. So from here on the
	 * pool may be stopping, and waits for us as a visitor. */
	weft__add_acqrel(&weft__pool.ended_outside, 1); /* order ALIVE */
	if (crashed)
		weft__add_acqrel(&weft__crashes, 2); /* order MUTEX-LOST: its generation has changed */
	if (weft__publish_end(NULL, record, self->handle, &mine, noted) == WEFT__JOIN_DETACHED && scope)
		weft__scope_leave(scope, NULL);
	weft__fence_full(); /* order STOP */
	if (weft__load_acq(&weft__pool.draining))
		weft__wake_one(); /* to see whether this was the last */
	keep_signal_memory(weft__os_signal_stack_restore(&b->signal_stack));
	weft__visit_end();
	weft__record_flush(&mine);
	weft__os_free(b);
}

/* --- its function, and what comes after it --- */

static struct weft__arch_next over(struct weft__thread *self, void *result, bool by_exit)
{
	struct bound *b = bound_of(self);
	b->result = result;
	weft__clean_up(self, by_exit);
	return (struct weft__arch_next){ b->outer, &b->nobody };
}

struct weft__arch_next weft__bound_main(void *arg)
{
	struct weft__thread *self = arg;
	return over(self, self->scope ? weft__call_child(self) : self->fn(self->arg), false);
}

struct weft__arch_next weft__end_crashed_bound(struct weft__thread *self, void *landing)
{
	struct bound *b = bound_of(self);
	b->crashed = true;
	b->landing = landing;
	return over(self, (void *)(intptr_t)-EOWNERDEAD, landing != NULL);
}

_Noreturn void weft__exit_bound(struct weft__thread *self, void *result)
{
	struct weft__arch_next next = over(self, result, true);
	weft__arch_resume(next.sp, next.release);
}

const void *weft__outermost(struct weft__thread *self)
{
	return weft__is_green(self) ? (void *)self : bound_of(self)->top;
}

static weft__noinline void run(struct bound *b)
{
	char *here = __builtin_frame_address(0);
	b->top = here - APART - (uintptr_t)here % ALIGNED;
	weft__arch_start(&b->outer, b->top, weft__bound_main, b, &b->nobody);
	weft__san_reuse(b->top);
}

static void *kthread_main(void *arg)
{
	struct bound *b = arg;
	weft__set_kernel_self(&b->thread);
	weft__os_signal_stack_set(&b->signal_stack, b->signal_memory);
	char name[WEFT__NAME_SIZE];
	if (weft__name_load(b->thread.handle, name))
		weft__os_kthread_name(name);
	run(b);
	leave(b);
	return NULL;
}

/* --- spawn --- */

/* 0 is the system's default, which is large. */
static size_t stack_size(const struct weft__attr *attr)
{
	size_t size = attr->class_plus_one ? weft__stack_size(attr->class_plus_one - 1u) : 0;
	return size && !WEFT_ARCH_REDIRECTS ? size + APART : size;
}

int weft__spawn_bound(weft_t *thread, const struct weft__spawn *what)
{
	const struct weft__attr *attr = what->attr;
	struct bound *b = weft__os_alloc_aligned(_Alignof(struct bound), sizeof *b);
	struct weft__record *record = b ? get_record() : NULL;
	if (!record) {
		weft__os_free(b);
		return b ? -EAGAIN : -ENOMEM;
	}
	uint64_t handle = weft__record_next_handle(record);
	bool joinable = thread && !attr->detached;
	/* relaxed: published by the start of the kernel thread */
	weft__store_rlx(&record->join, weft__join_word(handle, joinable ? WEFT__JOIN_RUNNING : WEFT__JOIN_DETACHED));
	weft__store_rlx(&record->park, weft__park_word(handle));
	weft__store_rlx(&record->thread, &b->thread);
	*b = (struct bound){ .thread = { .kind = WEFT__BOUND,
					 .handle = handle,
					 .record = record,
					 .fn = what->fn,
					 .arg = what->arg,
					 .spawned_at = what->site,
					 .scope = what->scope },
			     .signal_memory = take_signal_memory() };
	if (attr->name[0])
		weft__name_store(handle, attr->name);
	if (attr->crash)
		weft__record_make_fate(handle)->policy = attr->crash;
	pthread_t kthread;
	int err = weft__os_kthread_start(&kthread, kthread_main, b, stack_size(attr), true, false);
	if (err) {
		keep_signal_memory(b->signal_memory);
		put_record(record, handle);
		weft__os_free(b);
		return err;
	}
	if (thread)
		*thread = handle;
	return 0;
}
