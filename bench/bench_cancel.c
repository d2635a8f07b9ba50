/* SPDX-License-Identifier: MIT */
/*
 * cancel: a parked unit is canceled and joined, one after the other: pthread_cancel of a kernel thread in pause(), kill
 * of such a process. To make them and to let them park does not count.
 *
 * cancel-scope: all at once, in time for each: green threads are children of a scope that is canceled and closed; of
 * the others all are canceled, then all joined.
 */
#include <signal.h>

#include "crew.h"

/* A unit that waits until it is canceled. */
MODEL_INLINE void *waiter(void *arg, const struct model *m)
{
	struct member *self = arg;

	crew_sit(self, m);
	if (model_is_weft(m))
		return weft_park() == -ECANCELED ? self : NULL;
	for (;;)
		(void)pause();
}
MODEL_THREAD(waiter)

MODEL_INLINE int cancel_unit(union unit unit, const struct model *m)
{
	if (model_is_weft(m))
		return weft_cancel(unit.green);
	return m->id == MODEL_PTHREAD ? pthread_cancel(unit.pthread) : kill(unit.fork.pid, SIGKILL);
}

/* Has it ended, and by that? */
MODEL_INLINE bool join_canceled(union unit unit, const struct member *self, const struct model *m)
{
	void *result;
	int status;

	if (model_is_weft(m))
		return m->join(unit) == (uintptr_t)self;
	if (m->id == MODEL_PTHREAD)
		return pthread_join(unit.pthread, &result) == 0 && result == PTHREAD_CANCELED;
	return waitpid(unit.fork.pid, &status, 0) == unit.fork.pid && WIFSIGNALED(status);
}

/* They have sat down, maybe fewer than asked for: now let them park. */
MODEL_INLINE void settle(struct crew *c, const struct model *m)
{
	c->run->batch.ops = c->run->size;
	c->seated = 0;
	m->sleep(1000000);
}

MODEL_INLINE void cancel(struct run *r, const struct model *m)
{
	struct batch *b = &r->batch;
	struct crew *c = crew_room(r);

	while (c && batch_more(b) && crew_fill(c, m, MODEL_OF(waiter, m))) {
		bool ok = true;

		settle(c, m);
		batch_start(b);
		for (uint64_t i = 0; i < r->size; i++) {
			ok &= cancel_unit(c->units[i], m) == 0;
			ok &= join_canceled(c->units[i], crew_members(c) + i, m);
		}
		batch_stop(b);
		batch_check(b, ok, "not each unit was canceled");
	}
}
MODEL_BODY(cancel)

/* cancel-scope */

#define CANCELED UINT64_MAX

static int child(void *arg)
{
	struct member *self = arg;
	bool canceled = waiter_green(self) != NULL;

	if (canceled)
		self->index = CANCELED;
	return 0;
}

/* How many were: made ready for the next time. */
static uint64_t canceled(struct crew *c)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < c->asked; i++) {
		n += crew_members(c)[i].index == CANCELED;
		crew_members(c)[i].index = i;
	}
	return n;
}

static void fill(struct crew *c, struct weft_scope *scope)
{
	uint64_t n = 0;

	(void)weft_scope_open(scope, 0);
	while (n < c->asked && weft_scope_spawn(scope, WEFT_GREEN, child, crew_members(c) + n) == 0)
		n++;
	while (atomic_load(&c->seated) < n)
		(void)weft_yield();
}

static void green_scope(struct run *r)
{
	struct batch *b = &r->batch;
	struct crew *c = crew_room(r);

	while (c && batch_more(b)) {
		struct weft_scope scope;
		int result;

		fill(c, &scope);
		settle(c, &model_green);
		batch_start(b);
		(void)weft_scope_cancel(&scope);
		result = weft_scope_close(&scope);
		batch_stop(b);
		batch_check(b, result == -ECANCELED && canceled(c) == r->size, "not each child was canceled");
	}
}

MODEL_INLINE void kernel_scope(struct run *r, const struct model *m)
{
	struct batch *b = &r->batch;
	struct crew *c = crew_room(r);

	while (c && batch_more(b) && crew_fill(c, m, MODEL_KERNEL_OF(waiter, m))) {
		bool ok = true;

		settle(c, m);
		batch_start(b);
		for (uint64_t i = 0; i < r->size; i++)
			ok &= cancel_unit(c->units[i], m) == 0;
		for (uint64_t i = 0; i < r->size; i++)
			ok &= join_canceled(c->units[i], crew_members(c) + i, m);
		batch_stop(b);
		batch_check(b, ok, "not each unit was canceled");
	}
}
MODEL_KERNEL_BODY(kernel_scope)

const struct bench bench_cancel = {
	.rows = { "cancel" },
	.units = { "ns" },
	.what = "cancel a parked unit and join it, one by one",
	.body = MODEL_BODIES(cancel),
	.size = { 1000, 1000, 100 },
	.per_unit = 1,
	.fixed = true,
};

const struct bench bench_cancel_scope = {
	.rows = { "cancel-scope" },
	.units = { "ns" },
	.what = "1,000 of them in a scope, canceled and joined at once: time for each",
	.body = { green_scope, kernel_scope_pthread, kernel_scope_fork },
	.size = { 1000, 1000, 100 },
	.per_unit = 1,
	.fixed = true,
};
