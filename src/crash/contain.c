/* SPDX-License-Identifier: MIT */
/*
 * How a crash is contained. The handler, on the alternate stack:
 *
 *   1  looks whether the thread may be ended where it is (judge.c)
 *   2  takes a fresh stack, as the thread's own may be full, and holds what its clean-up handlers and scopes refer to
 *   3  notes in the thread's fate how it ends; the report is kept for later (report.c)
 *   4  rewrites the interrupted context, to go on in land() on the fresh stack, and returns: nothing jumps out of a handler,
 *      and the kernel puts signal mask and alternate stack back as after any signal
 *
 * land() is still the thread, current on its worker, and ends as one that calls weft_exit: so clean-up handlers, the
 * destructors of its values and the closing of its scopes may wait and migrate as ever. Both stacks go back in the end.
 *
 * A second crash of the same thread, in what cleans up after the first, is not contained: what that should have set right
 * is in an unknown state, and nobody is left to say so.
 */
#include "src/crash/contain.h"

#include "src/crash/judge.h"
#include "src/sched/spawn.h"
#include "weft/crash.h"
#include "weft/status.h"

static uint8_t policy;

void weft__contain_set(uint8_t chosen)
{
	policy = chosen;
}

static struct weft__thread *running(void)
{
	struct weft__worker *w = weft__worker();
	return w ? w->current : weft__kernel_self();
}

#if WEFT_ARCH_REDIRECTS

static bool is_asked_for(const struct weft__thread *self)
{
	if (!weft__record_of(self->handle)) /* it was overwritten */
		return policy == WEFT_CRASH_CONTAIN;
	const struct weft__fate *fate = weft__record_fate(self->handle);
	uint8_t of_thread = fate->handle == self->handle ? fate->policy : WEFT_CRASH_DEFAULT;
	return (of_thread == WEFT_CRASH_DEFAULT ? policy : of_thread) == WEFT_CRASH_CONTAIN;
}

static void note(const struct weft__thread *self, const struct weft__crash *crash)
{
	struct weft__fate *fate = weft__record_make_fate(self->handle);
	fate->how = WEFT_CRASHED;
	fate->signal = crash->signal;
	fate->code = crash->code;
	fate->address = (void *)(uintptr_t)crash->address;
}

/* On the fresh stack. */
static struct weft__arch_next land(void *landing)
{
	struct weft__thread *self = running();
	weft__san_arrive(NULL);
	return weft__is_green(self) ? weft__end_crashed(self, landing) : weft__end_crashed_bound(self, landing);
}

static bool redirect(struct weft__thread *self, void *ucontext)
{
	void *landing = weft__landing_take(self);
	if (!landing)
		return false;
	weft__san_land(self, landing, weft__is_green(self) ? self->class : weft__pool.stack_class);
	weft__arch_redirect(ucontext, landing, land, landing);
	return true;
}

bool weft__contain(struct weft__crash *crash, void *ucontext)
{
	struct weft__thread *self = running();
	const char *why_not = weft__judge(crash, ucontext, self);
	if (!self || !is_asked_for(self))
		return false;
	crash->why_not = why_not;
	if (why_not)
		return false;
	if (!redirect(self, ucontext)) {
		crash->why_not = "there is no memory for a stack to clean up on";
		return false;
	}
	crash->contained = true;
	note(self, crash);
	return true;
}

bool weft__contain_thrown(struct weft__crash *crash, struct weft__thread *self)
{
	if (!is_asked_for(self))
		return false;
	crash->why_not = weft__judge_thrown(crash, self);
	if (!crash->why_not)
		note(self, crash);
	return !crash->why_not;
}

#else

bool weft__contain_thrown(struct weft__crash *crash, struct weft__thread *self)
{
	(void)crash, (void)self;
	return false;
}

bool weft__contain(struct weft__crash *crash, void *ucontext)
{
	crash->why_not = weft__judge(crash, ucontext, running());
	return false;
}

#endif
