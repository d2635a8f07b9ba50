/* SPDX-License-Identifier: MIT */
/*
 * A thread's descriptor. A green thread's is the head of its stack, and lives from spawn to end; what outlives the
 * thread is its record. Bound threads, and kernel threads from outside that wait on something, have one too, so that
 * whatever wakes a waiter need not ask which kind it is.
 */
#ifndef WEFT_SRC_SCHED_THREAD_H
#define WEFT_SRC_SCHED_THREAD_H

#include <stddef.h>
#include <stdint.h>

#include "src/base/atomic.h"
#include "src/base/list.h"
#include "src/sched/record.h"
#include "src/stack/stack.h"

enum weft__thread_kind {
	WEFT__GREEN,   /* runs on workers; waits by switching away */
	WEFT__PINNED,  /* the same, but on the one worker `home` */
	WEFT__BOUND,   /* weft's own kernel thread; waits on `wake` */
	WEFT__OUTSIDE, /* somebody else's kernel thread, while it is inside a call; likewise */
};

enum { WEFT__NOTED = 2 }; /* of `escaped`: weft__note_end */

struct weft__wait;
struct weft__mutex;
struct weft__scope;
struct weft__locals;
struct weft_cleanup;

/*
 * Who owns a green thread at any moment, and with it everything below that is not marked otherwise:
 *   running    the worker whose `current` it is
 *   runnable   the lane, `next` slot or injector that holds it
 *   waiting    what it waits on; who takes it out of there must make it runnable
 */
struct weft__thread {
	/* all that a switch touches, in the cache line of the outermost frame: see WEFT__STACK_HEAD */
	void *sp; /* the saved context, while not running */
	uint64_t handle;
	struct weft__record *record;
	uint32_t seen; /* the low half of record->park when a permit was last taken */
	uint8_t kind;
	uint8_t class;
	uint8_t escaped; /* others may know of it: its handle before weft_spawn has returned that, or a wait of its; WEFT__NOTED */
	int8_t result; /* kinds that wait in the kernel: how the wait ended; a green thread's stands in its saved frame */

	/* what waiting and spawning touch besides */
	_Atomic(struct weft__wait *) wait; /* what it waits in: src/sched/cancel.h */
	weft__a32 attention;		   /* WEFT__CANCELED, and holds in steps of WEFT__HOLD */
	uint32_t masked;		   /* cancellation is held off so many times */
	uint64_t spawning;		   /* while a continuation: the handle of the child whose spawn it is in */
	void *(*fn)(void *);
	void *arg;
	char *stack_low; /* NULL until the stack's first use, which sets what does not change */
	const void *spawned_at;
	struct weft__scope *scope; /* the innermost one that it is in */

	/* what few threads have: all zero when a thread ends; `scope`, `wait`, `masked` and `attention` likewise */
	struct weft__thread *link;    /* in the injector, an inbox, or a list of those just woken */
	struct weft_cleanup *cleanup; /* the handler pushed last */
	struct weft__mutex *held;     /* the robust mutex taken last, of those that it holds */
	struct weft__scope *listed;   /* the scope that it has enlisted in */
	struct weft__list enlisted;   /* there */
	struct weft__locals *locals;  /* its thread-local values: src/sched/local.c */
	void *data;		      /* weft_data_set */
	uint32_t scopes;	      /* opened by it and not closed */

	/* what reports, kernel threads and checkers need */
	uint32_t home;	  /* PINNED: the worker's index */
	bool counted;	  /* kinds that wait in the kernel: in weft__pool.kernel_waiting */
	weft__a32 wake;	  /* kinds that wait in the kernel: 1 once woken */
	void *fake_stack; /* AddressSanitizer's and ThreadSanitizer's */
	void *fiber;
} weft__aligned(32);

weft__inline bool weft__is_green(const struct weft__thread *t)
{
	return t->kind <= WEFT__PINNED;
}

#ifndef WEFT__MODEL /* whose atomics are larger */
_Static_assert(sizeof(struct weft__thread) <= WEFT__STACK_HEAD, "a descriptor is the head of a stack");
_Static_assert(offsetof(struct weft__thread, stack_low) >= sizeof(struct weft__free_stack),
	       "a free stack's links must not reach what stays");
#endif

#endif
