/* SPDX-License-Identifier: MIT */
/* What a thread leaves behind when it ends, beyond its stack: scopes, clean-up handlers, thread-local values, robust mutexes.
 */
#include <errno.h>

#include "src/base/panic.h"
#include "src/sched/local.h"
#include "src/sched/park.h"
#include "src/sched/scope.h"
#include "src/sched/spawn.h"
#include "weft/cancel.h"

struct cleanup {
	struct weft_cleanup *below;
	void (*fn)(void *);
	void *arg;
};

_Static_assert(sizeof(struct cleanup) == sizeof(struct weft_cleanup), "ABI");

static struct cleanup *cleanup_of(struct weft_cleanup *cleanup)
{
	return (struct cleanup *)(void *)cleanup;
}

int weft_cleanup_push(struct weft_cleanup *cleanup, void (*fn)(void *), void *arg)
{
	struct weft__thread *self = weft__self_or_null();
	if (!self)
		return -EPERM;
	if (!cleanup || !fn)
		return -EINVAL;
	*cleanup_of(cleanup) = (struct cleanup){ self->cleanup, fn, arg };
	self->cleanup = cleanup;
	self->escaped = true;
	return 0;
}

int weft_cleanup_pop(struct weft_cleanup *cleanup, bool execute)
{
	struct weft__thread *self = weft__self_or_null();
	if (!self)
		return -EPERM;
	if (!cleanup || self->cleanup != cleanup)
		return -EINVAL;
	struct cleanup *c = cleanup_of(cleanup);
	self->cleanup = c->below;
	if (execute) {
		self->masked++; /* the same as when the thread ends */
		c->fn(c->arg);
		self->masked--;
	}
	return 0;
}

static void run_handlers(struct weft__thread *self)
{
	while (self->cleanup)
		weft_cleanup_pop(self->cleanup, true);
}

/* What lies in frames that have been left cannot be cleaned up any more. */
static void check_left(const struct weft__thread *self)
{
	if (self->scopes)
		weft__panic("a thread has ended its function, or one called at its end, with a scope open: call "
			    "weft_scope_close");
	if (self->cleanup)
		weft__panic(
			"a thread has ended its function, or one called at its end, with a clean-up handler pushed: "
			"call weft_cleanup_pop");
}

void weft__clean_up(struct weft__thread *self, bool by_exit)
{
	self->masked++;
	if (by_exit) {
		weft__scope_close_all(self);
		run_handlers(self);
	}
	check_left(self);
	weft__locals_end(self);
	check_left(self);
	if (self->held)
		weft__abandon_mutexes(self);
	self->masked = 0;
}
