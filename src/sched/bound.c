/* SPDX-License-Identifier: MIT */
/* Bound threads: the same life as a green one's, on a kernel thread of its own. */
#include <errno.h>
#include <stdlib.h>

#include "src/os/kthread.h"
#include "src/os/signal_stack.h"
#include "src/sched/cancel.h"
#include "src/sched/idle.h"
#include "src/sched/name.h"
#include "src/sched/spawn.h"

static _Noreturn void end(struct weft__thread *self, void *result, bool by_exit);

struct bound {
	struct weft__thread thread;
	struct weft__signal_stack signal_stack;
};

static void *bound_main(void *arg)
{
	struct bound *b = arg;
	weft__set_kernel_self(&b->thread);
	weft__os_signal_stack_set(&b->signal_stack);
	char name[WEFT__NAME_SIZE];
	if (weft__name_load(b->thread.handle, name))
		weft__os_kthread_name(name);
	struct weft__thread *self = &b->thread;
	end(self, self->scope ? weft__call_child(self) : self->fn(self->arg), false);
}

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

static void end(struct weft__thread *self, void *result, bool by_exit)
{
	struct bound *b = (struct bound *)(void *)self;
	struct weft__record_cache mine = { 0 };
	struct weft__record *record = self->record;
	weft__clean_up(self, by_exit);
	struct weft__scope *scope = weft__leave_scope(self, result);
	record->result = result;
	weft__store_rlx(&record->park,
			weft__park_word(self->handle + WEFT__GENERATION_ONE)); /* relaxed: as for a green thread */
	weft__record_await_holders(self->handle);
	bool noted = weft__note_cancel(self);
	weft__set_kernel_self(NULL);
	weft__visit_begin();
	/* Counted before the end can be seen: who has joined the last thread can stop the pool. So from here on the
	 * pool may be stopping, and waits for us as a visitor. */
	weft__add_acqrel(&weft__pool.ended_outside, 1); /* order ALIVE */
	if (weft__publish_end(NULL, record, self->handle, &mine, noted) == WEFT__JOIN_DETACHED && scope)
		weft__scope_leave(scope, NULL);
	weft__fence_full(); /* order STOP */
	if (weft__load_acq(&weft__pool.draining))
		weft__wake_one(); /* to see whether this was the last */
	weft__visit_end();
	weft__record_flush(&mine);
	weft__os_signal_stack_restore(&b->signal_stack);
	free(b);
	pthread_exit(NULL);
}

_Noreturn void weft__exit_bound(struct weft__thread *self, void *result)
{
	end(self, result, true);
}

int weft__spawn_bound(weft_t *thread, const struct weft__spawn *what)
{
	const struct weft__attr *attr = what->attr;
	struct bound *b = aligned_alloc(_Alignof(struct bound), sizeof *b);
	struct weft__record *record = b ? get_record() : NULL;
	if (!record) {
		free(b);
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
					 .scope = what->scope } };
	if (attr->name[0])
		weft__name_store(handle, attr->name);
	size_t stack = attr->class_plus_one ? weft__stack_size(attr->class_plus_one - 1u) : 0;
	pthread_t kthread;
	int err = weft__os_kthread_start(&kthread, bound_main, b, stack, true, false);
	if (err) {
		put_record(record, handle);
		free(b);
		return err;
	}
	if (thread)
		*thread = handle;
	return 0;
}
