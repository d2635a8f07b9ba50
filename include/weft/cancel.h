/* SPDX-License-Identifier: MIT */
/*
 * Cancellation: to have a thread give up what it waits for.
 *
 * A canceled thread goes on running; but every call of weft's in which it waits, or would have to wait from then on, returns
 * -ECANCELED. So it finds its way out by the errors that it handles anyway. Nothing is lost to a cancel: a call that has
 * got what it waited for (a lock, an element of a channel, bytes) returns that, and the next call that has to wait is told.
 * A call that need not wait succeeds, so a loop that never waits asks weft_testcancel.
 *
 * Canceled for good: there is no way to take it back, but a mask. A scope that is canceled (weft/scope.h) does the same to
 * all threads in it, for as long as they are in it.
 */
#ifndef WEFT_CANCEL_H
#define WEFT_CANCEL_H

#include <weft/thread.h>

WEFT_BEGIN_DECLS

/* Cancel the thread, for as long as it lives. From any kernel thread. 0, or -ESRCH: no such thread, or it has ended. */
WEFT_API int weft_cancel(weft_t thread);

/* -ECANCELED if the caller is canceled, by itself or by a scope, and not masked; else 0. Never waits. */
WEFT_API int weft_testcancel(void);

/* Hold cancellation, and the deadlines of scopes, off from the calling thread; it is told again when as many unmasks as masks
 * have been called. For what has to be done whatever happens. 0, or -EPERM: not a thread of weft's, or not masked. */
WEFT_API int weft_cancel_mask(void);
WEFT_API int weft_cancel_unmask(void);

/* A clean-up handler. Yours to place, on the stack; it must stay until it is popped. */
struct weft_cleanup {
	uint64_t reserved[3];
};

/*
 * Have fn(arg) called if the thread ends by weft_exit before the handler is popped: the latest first, masked, after the
 * thread's open scopes have been canceled and closed. A thread that returns from its function with a handler pushed is a panic.
 * 0, or -EPERM: not a thread of weft's; -EINVAL: fn is NULL.
 */
WEFT_API int weft_cleanup_push(struct weft_cleanup *cleanup, void (*fn)(void *), void *arg);

/* Take the latest handler back, and call it, masked, if `execute`. -EINVAL: it is not the latest. */
WEFT_API int weft_cleanup_pop(struct weft_cleanup *cleanup, bool execute) WEFT_MAY_SWITCH;

WEFT_END_DECLS

#endif
