/* SPDX-License-Identifier: MIT */
/*
 * Scopes: threads that end before the block that began them does, and that fail and give up together.
 *
 * A thread opens a scope, spawns children into it, and closes it, which waits for all of them. Scopes nest. What a scope
 * covers is the thread that opened it, until it closes it, and all its children with all scopes that they open: when a scope
 * is canceled, or its deadline passes, every call that waits in there returns -ECANCELED, at once and from then on. So
 * they end, and closing returns why.
 */
#ifndef WEFT_SCOPE_H
#define WEFT_SCOPE_H

#include <weft/thread.h>

WEFT_BEGIN_DECLS

/* Yours to place; it must stay until it is closed. */
struct weft_scope {
	uint64_t reserved[18];
};

#define WEFT_SCOPE_FAIL_FAST 1u /* the first child that fails cancels the others */

/*
 * Open a scope within the one that the caller is in, if any. flags: 0 or WEFT_SCOPE_FAIL_FAST. Always 0, or -EINVAL for
 * other flags. From any kernel thread; one that weft did not make is not itself covered by the scope. A thread that
 * returns from its function with a scope open is a panic; one that calls weft_exit cancels and closes its scopes first.
 */
WEFT_API int weft_scope_open(struct weft_scope *scope, unsigned flags);

/* The time (as weft_now has it) at which the scope is canceled if it is still open; the sooner of it and those of the scopes
 * around holds. By the opener, before it spawns: waits that have begun do not see a deadline that is set later. -EPERM
 * by another thread. */
WEFT_API int weft_scope_set_deadline(struct weft_scope *scope, uint64_t deadline);

/* The same in nanoseconds from now. */
WEFT_API int weft_scope_set_timeout(struct weft_scope *scope, uint64_t nanoseconds);

/*
 * Start fn(arg) as a child of the scope: by the opener, or by a child. What fn returns is 0, or a negative errno value: it
 * has failed. (A child that calls weft_exit passes the like as a pointer.) Errors as weft_spawn, and -ECANCELED: the scope
 * is canceled, no child was made.
 */
WEFT_API int weft_scope_spawn(struct weft_scope *scope, const struct weft_attr *attr, int (*fn)(void *),
			      void *arg) WEFT_MAY_SWITCH;

/* Cancel it all. From any thread, while the scope is open. Always 0. */
WEFT_API int weft_scope_cancel(struct weft_scope *scope);

/*
 * Wait for all children, and leave the scope; the caller's own cancellation does not cut this short. 0, or the first thing
 * that went wrong: what a child returned, -EOWNERDEAD a child crashed (weft/crash.h), -ETIMEDOUT the deadline passed while
 * something waited, -ECANCELED weft_scope_cancel. -EPERM: the caller has not opened it; nothing is done then. To close it
 * while an inner scope is open is a panic.
 */
WEFT_API int weft_scope_close(struct weft_scope *scope) WEFT_MAY_SWITCH;

WEFT_END_DECLS

#endif
