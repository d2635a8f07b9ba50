/* SPDX-License-Identifier: MIT */
/*
 * Code that blocks in the kernel (name look-ups, libraries that know nothing of green threads): run it elsewhere, or say
 * so, that it does not hold up the green threads behind it.
 */
#ifndef WEFT_BLOCKING_H
#define WEFT_BLOCKING_H

#include <weft/base.h>

WEFT_BEGIN_DECLS

/*
 * Run fn(arg) on a kernel thread of a pool, wait until it returns, take its result into *result (if result is not NULL).
 * More than weft_config_set_blocking_threads at a time wait their turn, first in, first out. For fn the pool's thread is
 * one that weft did not make: weft_self there is WEFT_NONE. Bound threads and kernel threads that weft did not make call fn
 * themselves.
 *
 * While it waits its turn the call can be canceled: -ECANCELED, and fn does not run. Once fn runs the call returns when fn
 * does, as a success; who waits next learns of the cancel. -EAGAIN: there is no kernel thread, and none could be made.
 * -EINVAL: fn is NULL.
 */
WEFT_API int weft_blocking(void *(*fn)(void *), void *arg, void **result) WEFT_MAY_SWITCH;

/* The same, waiting its turn for at most so many nanoseconds; 0: only if a thread of the pool is free, or can be made.
 * -ETIMEDOUT: fn has not run and will not. -ENOMEM: so too, no memory for a timer. */
WEFT_API int weft_blocking_timeout(void *(*fn)(void *), void *arg, void **result, uint64_t nanoseconds) WEFT_MAY_SWITCH;

/*
 * Between enter and leave the calling green thread may block in the kernel in place: its worker lets others run in its
 * stead at once, rather than when the monitor sees it blocked, some milliseconds later. To leave may mean to wait for a turn.
 * Call nothing of weft's in between that may switch. Pairs may nest: the first leave ends it. On other threads, and a leave
 * too many, they do nothing. Always 0.
 */
WEFT_API int weft_blocking_enter(void);
WEFT_API int weft_blocking_leave(void) WEFT_MAY_SWITCH;

WEFT_END_DECLS

#endif
