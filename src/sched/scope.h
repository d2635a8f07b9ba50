/* SPDX-License-Identifier: MIT */
/*
 * What is inside a struct weft_scope, and what the rest of the scheduler does with it.
 *
 * A thread is in its innermost scope (thread->scope): the one that it opened last and has not closed, or that which it
 * was spawned into. Scopes form a tree by `parent`, and a parent outlives what is below it, since closing waits. So
 * whether a thread is canceled, and its deadline, are found by walking up from its scope at each wait; nothing is pushed
 * down. Only to *wake* those that wait already, a cancel walks down: over the threads and scopes that have enlisted.
 *
 * Enlisting is lazy, at a thread's first wait in a scope. A child that runs to its end without ever waiting, which most do,
 * touches neither lock nor list. For the same reason `live` counts only the children that were still running when their
 * spawner went on (see weft_scope_spawn).
 *
 * Lock nesting: a scope's lock, then those of scopes below it, then nothing.
 */
#ifndef WEFT_SRC_SCHED_SCOPE_H
#define WEFT_SRC_SCHED_SCOPE_H

#include "src/base/list.h"
#include "src/sched/thread.h"
#include "weft/scope.h"

struct weft__worker;

enum { WEFT__SCOPE_CLOSING = 1, WEFT__SCOPE_CHILD = 2 }; /* in `live`: its closer waits; one child */

struct weft__scope {
	/* set when it is opened */
	struct weft__scope *parent;
	uint64_t owner;
	uint32_t flags;

	weft__a32 lock; /* a spin lock: it is taken inside a worker's biased lock, where nothing may wait */
	/* under lock */
	struct weft__list threads;  /* enlisted here: through thread->enlisted */
	struct weft__list scopes;   /* likewise: through scope->enlisted */
	struct weft__scope *locked; /* of whoever cancels: the next of those it has locked */

	/* under the parent's lock */
	struct weft__list enlisted;
	weft__a32 is_enlisted; /* read without: once it is so, it stays so until the scope is closed */

	/* atomic: read by all below */
	weft__a32 canceled;
	weft__a32 failure; /* the first one, a negative errno value: what closing it returns */
	weft__a64 deadline;

	/* atomic: children still running, in steps of WEFT__SCOPE_CHILD, | WEFT__SCOPE_CLOSING */
	weft__a32 live;
	struct weft__thread *closer; /* written before CLOSING is set, read by the last child after */
};

weft__inline struct weft__scope *weft__scope_of(struct weft_scope *scope)
{
	return (struct weft__scope *)(void *)scope;
}

/* The sooner of the deadline and those of the scopes that the thread is in. */
uint64_t weft__scope_deadline(const struct weft__thread *self, uint64_t deadline);

/* A wait has ended by such a deadline: the scope it belongs to is canceled, as far as it is not yet. */
void weft__scope_expire(const struct weft__thread *self);

/* Whether the scope, or one around it, is canceled. */
weft__inline bool weft__scope_is_canceled(const struct weft__scope *s)
{
	for (; s; s = s->parent)
		if (weft__load_rlx(&s->canceled)) /* relaxed: the fences of cancel.h order it */
			return true;
	return false;
}

/* Before a thread waits: see that a cancel of its scopes finds it. */
void weft__scope_enlist(struct weft__thread *self);

/* Before it leaves the scope that it has enlisted in, if it has. */
void weft__scope_delist(struct weft__thread *self);

/* A child has returned a negative errno value. */
void weft__scope_child_failed(struct weft__scope *scope, int why);

/* A counted child is over, and touches nothing of its scope any more. w: the worker that the caller is inside of, or NULL. */
void weft__scope_leave(struct weft__scope *scope, struct weft__worker *w);

/* A thread ends by weft_exit amid scopes of its own: cancel and close them. */
void weft__scope_close_all(struct weft__thread *self);

#endif
