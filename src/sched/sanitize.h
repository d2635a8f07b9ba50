/* SPDX-License-Identifier: MIT */
/*
 * What AddressSanitizer, ThreadSanitizer and valgrind must be told of stacks and switches. In other builds all of it
 * is empty. Called by src/sched/switch.h alone, right before and after a switch.
 */
#ifndef WEFT_SRC_SCHED_SANITIZE_H
#define WEFT_SRC_SCHED_SANITIZE_H

#include "src/sched/thread.h"

#if WEFT__ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if WEFT__TSAN
#include <sanitizer/tsan_interface.h>
#endif

struct weft__own_stack {
	char *low;
	size_t size;
	void *fake_stack, *fiber;
};

/* About to leave `from` for good (dying) or for now; NULL is the worker's own stack, for either. */
weft__inline void weft__san_leave(struct weft__own_stack *own, struct weft__thread *from, struct weft__thread *to,
				  bool dying)
{
#if WEFT__ASAN
	void **save = from ? &from->fake_stack : &own->fake_stack;
	if (to)
		__sanitizer_start_switch_fiber(dying ? NULL : save, to->stack_low, weft__stack_size(to->class));
	else
		__sanitizer_start_switch_fiber(dying ? NULL : save, own->low, own->size);
#elif WEFT__TSAN
	__tsan_switch_to_fiber(to ? to->fiber : own->fiber, 0);
#endif
	(void)own, (void)from, (void)to, (void)dying;
}

/* Arrived on the stack whose fake stack this is. */
weft__inline void weft__san_arrive(void *fake_stack)
{
#if WEFT__ASAN
	__sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
#endif
	(void)fake_stack;
}

/* A stack is about to be used by a new thread. */
weft__inline void weft__san_new_thread(struct weft__thread *t)
{
#if WEFT__ASAN
	t->fake_stack = NULL;
	__asan_unpoison_memory_region(t->stack_low, (size_t)((char *)t - t->stack_low));
#elif WEFT__TSAN
	if (!t->fiber)
		t->fiber = __tsan_create_fiber(0);
#endif
	(void)t;
}

/* In a signal's handler: the thread goes on, having crashed, on a stack of this class with that head. */
weft__inline void weft__san_land(struct weft__thread *self, void *landing, unsigned class)
{
	char *low = weft__stack_low(landing, class);
	if (weft__is_green(self))
		self->stack_low = low;
#if WEFT__ASAN
	__asan_unpoison_memory_region(low, (size_t)((char *)landing - low));
	__sanitizer_start_switch_fiber(NULL, low, weft__stack_size(class));
#endif
}

/* A kernel thread's own stack is used anew from here downward, what stood there being dropped. */
weft__inline void weft__san_reuse(char *from)
{
#if WEFT__ASAN
	__asan_unpoison_memory_region(from - (1 << 20), 1 << 20);
#endif
	(void)from;
}

/* On a worker's own stack, before it switches for the first time. */
void weft__san_own_stack(struct weft__own_stack *own);

/* A stack's first use, for valgrind. */
void weft__san_new_stack(char *low, char *high);

#endif
