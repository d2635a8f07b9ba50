/* SPDX-License-Identifier: MIT */
/* Between the files that make and end threads of the two kinds. */
#ifndef WEFT_SRC_SCHED_SPAWN_H
#define WEFT_SRC_SCHED_SPAWN_H

#include "src/sched/attr.h"
#include "src/sched/worker.h"
#include "weft/thread.h"

/* A thread on a kernel thread of its own. 0, -EAGAIN or -ENOMEM. */
int weft__spawn_bound(weft_t *thread, const struct weft__attr *attr, void *(*fn)(void *), void *arg, const void *site);

/* The end of a thread whose result is in its record, told to whoever joins; frees the record of a detached one. w: the
 * worker that the caller is inside of, or NULL. */
void weft__publish_end(struct weft__worker *w, struct weft__record *record, uint64_t handle,
		       struct weft__record_cache *cache);

/* A thread cannot end here. */
_Noreturn weft__cold void weft__panic_no_thread(void);

_Noreturn void weft__exit_green(struct weft__thread *self, void *result);
_Noreturn void weft__exit_bound(struct weft__thread *self, void *result);

/* Count one more thread from outside the pool: -EPERM if no runtime runs. */
int weft__pool_enter_outside(void);

/* The calling kernel thread's own descriptor, if it is a bound thread. */
struct weft__thread *weft__kernel_self(void);
void weft__set_kernel_self(struct weft__thread *t);

#endif
