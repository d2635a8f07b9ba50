/* SPDX-License-Identifier: MIT */
/*
 * Switching between threads: the arch's entry points, with what sanitizers must be told around them. NULL stands for
 * the worker's own stack. All are called inside the worker's biased lock, and leave it once the old context is saved,
 * so that no thief finds a thread in a lane before its registers are there.
 *
 * After a switch the code may be on another worker: nothing read from the old one may be used.
 */
#ifndef WEFT_SRC_SCHED_SWITCH_H
#define WEFT_SRC_SCHED_SWITCH_H

#include "src/sched/worker.h"

weft__inline void *weft__context_of(struct weft__worker *w, struct weft__thread *t)
{
	/* cppcheck-suppress nullPointer ; it does not see through the macro */
	return weft__likely(t != NULL) ? t->sp : w->idle_sp;
}

#if WEFT__TSAN
/* The word is released by C code that ThreadSanitizer sees. */
static void weft__release_word(void *word)
{
	weft__store_rel((weft__a32 *)word, 0);
}
#define weft__arch_switch(save, to, release) weft__arch_switch_call((save), (to), weft__release_word, (release))
#endif

/* Those of the switches below that leave a running thread, when there are exceptions that it has to take along. `after`
 * is NULL for one that does nothing but leave the lock. */
weft__cold int weft__switch_thrown(struct weft__worker *w, struct weft__thread *self, struct weft__thread *to,
				   void (*after)(void *), void *arg);

/* From the running thread to another. Returns 0 when it is resumed, or, as all of these, the result that was set meanwhile
 * (weft__arch_set_result). */
weft__inline int weft__switch(struct weft__worker *w, struct weft__thread *self, struct weft__thread *to)
{
	if (weft__thrown_any(w->thrown))
		return weft__switch_thrown(w, self, to, NULL, NULL);
	w->current = to;
#if WEFT__ASAN || WEFT__TSAN
	weft__san_leave(&w->own, self, to, false);
	int result = weft__arch_switch(&self->sp, weft__context_of(w, to), &w->bias.busy);
	weft__san_arrive(self->fake_stack);
	return result;
#else
	return weft__arch_switch(&self->sp, weft__context_of(w, to), &w->bias.busy); /* a tail call */
#endif
}

/* The same, with after(arg) run on the other stack, still inside the lock: it must leave it. */
weft__inline int weft__switch_call_plain(struct weft__worker *w, struct weft__thread *self, struct weft__thread *to,
					 void (*after)(void *), void *arg)
{
	w->current = to;
	weft__san_leave(&w->own, self, to, false);
	int result = weft__arch_switch_call(&self->sp, weft__context_of(w, to), after, arg);
	weft__san_arrive(self->fake_stack);
	return result;
}

weft__inline int weft__switch_call(struct weft__worker *w, struct weft__thread *self, struct weft__thread *to,
				   void (*after)(void *), void *arg)
{
	if (weft__thrown_any(w->thrown))
		return weft__switch_thrown(w, self, to, after, arg);
	return weft__switch_call_plain(w, self, to, after, arg);
}

/* The same as the last act of a function. */
weft__inline int weft__switch_call_tail(struct weft__worker *w, struct weft__thread *self, struct weft__thread *to,
					void (*after)(void *), void *arg)
{
#if WEFT__ASAN || WEFT__TSAN
	return weft__switch_call(w, self, to, after, arg);
#else
	if (weft__thrown_any(w->thrown))
		return weft__switch_thrown(w, self, to, after, arg);
	w->current = to;
	return weft__arch_switch_call_tail(&self->sp, weft__context_of(w, to), after, arg);
#endif
}

/* From the running thread to a new one. Returns when the former is resumed. */
weft__inline void weft__switch_first(struct weft__worker *w, struct weft__thread *self, struct weft__thread *t,
				     weft__arch_entry *entry)
{
#if WEFT__TSAN
	t->sp = weft__arch_prepare(t, entry, t);
	weft__switch(w, self, t);
#else
	if (weft__thrown_any(w->thrown)) {
		t->sp = weft__arch_prepare(t, entry, t);
		(void)weft__switch_thrown(w, self, t, NULL, NULL);
		return;
	}
	w->current = t;
	weft__san_leave(&w->own, self, t, false);
	weft__arch_start(&self->sp, t, entry, t, &w->bias.busy);
	weft__san_arrive(self->fake_stack);
#endif
}

/* A thread is over, and goes on to the next by returning this from its entry. */
weft__inline struct weft__arch_next weft__switch_last(struct weft__arch_next next)
{
#if WEFT__TSAN
	void *nobody;
	weft__arch_switch(&nobody, next.sp, next.release);
#endif
	return next;
}

/* From the worker's own stack to a thread. Returns when the worker has nothing to run. */
weft__inline void weft__switch_from_idle(struct weft__worker *w, struct weft__thread *to)
{
	w->current = to;
	weft__san_leave(&w->own, NULL, to, false);
	weft__arch_switch(&w->idle_sp, to->sp, &w->bias.busy);
	weft__san_arrive(w->own.fake_stack);
}

#endif
