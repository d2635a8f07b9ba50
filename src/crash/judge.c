/* SPDX-License-Identifier: MIT */
/*
 * A thread may be ended where it crashed if nobody else needs what it has left half-done: if it was in code of the user's,
 * and every frame from there out to the function that it began with is the user's too. Then no lock of weft's, of malloc or
 * of stdio is held by it, and its worker is in no section of the scheduler's, for to hold one is to have a frame there.
 * (Locks of the user's own are the user's: weft_crash(7).)
 *
 * The same walk that makes the backtrace looks at each frame. One that it cannot follow to the thread's beginning says
 * nothing of the rest, and so is a no: a stack that was smashed, code without unwind tables.
 *
 * Rejected: to look at the pc alone. A callback of qsort's crashes in the user's code too, and qsort may hold memory of
 * malloc's, or a lock of the C library's that calls back (those of atexit, fopencookie, dl_iterate_phdr): what cannot be
 * told from outside is not believed. And: marking entries and exits of weft's calls, which each of them would pay for.
 */
#include "src/crash/judge.h"

#include <errno.h>
#include <ucontext.h>

#include "src/crash/place.h"
#include "src/sched/spawn.h"
#include "src/unwind/table.h"
#include "src/unwind/unwind.h"
#include "weft/crash.h"
#include "weft/status.h"

#if WEFT__UNWIND && WEFT_ARCH_REDIRECTS && !WEFT__TSAN

/* A stack of 1 GiB with the smallest frames has more, but who looks at each for more than a moment? */
enum { FRAMES_MAX = 1 << 20 };

/* The descriptor, which lies at the top of the stack that may have been overrun, says of itself what others say of it. */
static bool is_whole(struct weft__thread *self, const struct weft__crash *crash)
{
	const struct weft__record *record = weft__record_of(self->handle);
	return record && record == self->record && weft__load_rlx(&record->thread) == self && /* relaxed: its own */
	       (crash->in == WEFT__CRASH_BOUND) == (self->kind == WEFT__BOUND);
}

static bool is_on_its_stack(struct weft__thread *self, uintptr_t sp)
{
	uintptr_t top = (uintptr_t)weft__outermost(self);
	size_t size = self->kind == WEFT__BOUND ? weft__stack_size(WEFT__STACK_CLASSES - 1)
						: weft__stack_size(self->class) + WEFT__STACK_GUARD;
	return top - sp < size;
}

static const char *judge_frame(struct weft__unwind *u, bool *begun)
{
	struct weft__unwind_entry entry;
	uintptr_t at = weft__unwind_at(u);
	bool innermost = !u->called;
	switch (weft__place_of(at)) {
	case WEFT__PLACE_WEFT:
		if (innermost || !weft__unwind_find(at, &entry))
			return "it was inside weft";
		*begun = weft__is_entry(entry.start);
		return *begun ? NULL : "weft had called the function";
	case WEFT__PLACE_SYSTEM:
		return innermost ? "it was inside the C library, or what belongs to it"
				 : "the C library, or what belongs to it, had called the function, or a signal had";
	default:
		return NULL;
	}
}

/* Go on walking to the end for the report, whatever is found on the way. */
static const char *walk(struct weft__crash *crash, struct weft__unwind *u)
{
	const char *why_not = NULL;
	bool begun = false, more = true;
	for (crash->depth = 0; more && crash->depth < FRAMES_MAX; crash->depth++) {
		if (crash->frames < WEFT__BACKTRACE_MAX)
			crash->pcs[crash->frames++] = (const void *)weft__unwind_at(u);
		if (!why_not && !begun)
			why_not = judge_frame(u, &begun);
		more = weft__unwind_step(u);
	}
	if (why_not || begun)
		return why_not;
	return more ? "it is too many calls deep to look at" : "its stack cannot be followed to its beginning";
}

static bool has_crashed_before(const struct weft__thread *self)
{
	const struct weft__fate *fate = weft__record_fate(self->handle);
	return fate->handle == self->handle && fate->how == WEFT_CRASHED;
}

static const char *judge_thread(const struct weft__crash *crash, struct weft__thread *self, uintptr_t sp)
{
	struct weft__worker *w = weft__worker();
	if (!self)
		return "no thread of weft's was running there";
	if (crash->sent)
		return "the signal was sent, and not caused by what the thread did";
	if (w && weft__load_rlx(&w->bias.busy)) /* relaxed: our own */
		return "its worker was inside weft";
	if (!is_whole(self, crash))
		return "its descriptor was overwritten";
	if (has_crashed_before(self))
		return "it had crashed before, and this was in what cleans up after it";
	if (!is_on_its_stack(self, sp))
		return "it was not on its own stack";
	if (!weft__place_known())
		return "weft does not know its own code from the user's";
	return NULL;
}

const char *weft__judge(struct weft__crash *crash, const void *ucontext, struct weft__thread *self)
{
	struct weft__unwind u = { .called = false };
	weft__arch_registers_of(ucontext, &u.regs);
	uintptr_t sp = u.regs.value[WEFT_ARCH_DWARF_SP];
	const char *by_thread = judge_thread(crash, self, sp), *by_stack = walk(crash, &u);
	return by_thread ? by_thread : by_stack;
}

/* Who threw is behind the frames of the C++ library and the unwinder, which has called weft's personality. */
const char *weft__judge_thrown(struct weft__crash *crash, struct weft__thread *self)
{
	ucontext_t here;
	struct weft__unwind u = { .called = true };
	if (!weft__place_known() || !is_whole(self, crash) || getcontext(&here))
		return "weft does not know its own code from the user's";
	weft__arch_registers_of(&here, &u.regs);
	while (weft__place_of(weft__unwind_at(&u)) >= WEFT__PLACE_WEFT)
		if (!weft__unwind_step(&u))
			return "its stack cannot be followed to its beginning";
	crash->regs = u.regs;
	return walk(crash, &u);
}

#else

const char *weft__judge_thrown(struct weft__crash *crash, struct weft__thread *self)
{
	(void)crash, (void)self;
	return "this build of weft cannot";
}

const char *weft__judge(struct weft__crash *crash, const void *ucontext, struct weft__thread *self)
{
	(void)self;
	crash->frames = weft__backtrace_signal(ucontext, crash->pcs, WEFT__BACKTRACE_MAX);
	return "this build of weft cannot: no unwinding, no port for it, or ThreadSanitizer";
}

#endif
