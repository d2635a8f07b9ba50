/* SPDX-License-Identifier: MIT */
/* Between the files that make and end threads of the two kinds. */
#ifndef WEFT_SRC_SCHED_SPAWN_H
#define WEFT_SRC_SCHED_SPAWN_H

#include "src/sched/attr.h"
#include "src/sched/worker.h"
#include "weft/thread.h"

/* What is spawned. */
struct weft__spawn {
	const struct weft__attr *attr;
	void *(*fn)(void *); /* of a scope's child: an int (*)(void *) */
	void *arg;
	const void *site;
	struct weft__scope *scope; /* whose child it is, having been counted; or NULL */
};

/* Threads that are processes (src/process). begin starts one and makes `what` the thread that stands for it; then follows
 * begun, with the handle if anybody gets it, or abandon. */
struct weft__process_source {
	int (*begin)(struct weft__spawn *what, uint64_t *id);
	void (*begun)(uint64_t id, uint64_t handle);
	void (*abandon)(uint64_t id);
};
extern const struct weft__process_source *weft__process_source;

/* A thread on a kernel thread of its own. 0, -EAGAIN or -ENOMEM. */
int weft__spawn_bound(weft_t *thread, const struct weft__spawn *what);

/* Make a waiting thread runnable: by who is inside the lock of the worker w, or, where that is NULL, of none. */
void weft__ready_from(struct weft__worker *w, struct weft__thread *t);

/* The end of a thread whose result is in its record, told to whoever joins; frees the record of a detached one. w: the
 * worker that the caller is inside of, or NULL. noted: its fate tells how. DETACHED: it was. */
enum weft__join_state weft__publish_end(struct weft__worker *w, struct weft__record *record, uint64_t handle,
					struct weft__record_cache *cache, bool noted);

/* At the end of a thread, which nobody can cancel any more: if it was canceled, note that in its fate. True: there is one. */
bool weft__note_cancel(const struct weft__thread *self);

/* By a thread, last of all it does: what its joiner gets told of its end, but for its result. */
void weft__note_end(int how, int signal, int code, void *address);

/* What a green thread begins with; of a scope's child. */
struct weft__arch_next weft__thread_main(void *self);
struct weft__arch_next weft__child_main(void *self);

/* Call the function of a scope's child. */
void *weft__call_child(struct weft__thread *self);

/* The thread has ended with this result: tell the scope whose child it is, and leave it. That scope, or NULL. */
struct weft__scope *weft__leave_scope(struct weft__thread *self, void *result);

/* Unlock the robust mutexes that a thread ends with, and mark them: src/sync does. */
extern void (*const weft__abandon_mutexes)(struct weft__thread *self);

/* What a thread leaves behind is cleaned up: its scopes, clean-up handlers, locals. Before its end is published. */
void weft__clean_up(struct weft__thread *self, bool by_exit);

/*
 * On a fresh stack, `landing`, which the handler of its crash has taken: the rest of a thread's life. It is cleaned up after as
 * after one that calls weft_exit, then both stacks are given back, and its fate, which has been written, is published.
 */
struct weft__arch_next weft__end_crashed(struct weft__thread *self, void *landing);
struct weft__arch_next
weft__end_threw(struct weft__thread *self); /* on its own stack, by an exception that has left it */

/* Of a bound one, likewise. landing: NULL by an exception. */
struct weft__arch_next weft__end_crashed_bound(struct weft__thread *self, void *landing);

/* A stack to land on, in the handler; NULL: there is no memory. The pool's own size, of a green thread that thread's. */
void *weft__landing_take(struct weft__thread *self);

/* Whether this is the address of a function that a thread begins in, so that what is called from there is the user's. */
bool weft__is_entry(uintptr_t function);

/* Where the outermost frame of a thread of weft's is, or above. */
const void *weft__outermost(struct weft__thread *self);

/* If it is the first thread of weft_run that ends: what of that. */
void weft__note_first(const struct weft__thread *self, void *result, bool crashed);

/* Those of pool.c and bound.c. */
void *weft__run_main(void *arg);
struct weft__arch_next weft__bound_main(void *self);

/* By the spawner of a scope's child. What one that has ended has left is freed; false: it runs. */
bool weft__child_free_if_ended(uint64_t handle);

/* Likewise. One that runs becomes detached; false: it has ended, and is freed. */
bool weft__child_detach_if_running(uint64_t handle);

/* A thread cannot end here. */
_Noreturn weft__cold void weft__panic_no_thread(void);

_Noreturn void weft__exit_green(struct weft__thread *self, void *result);
_Noreturn void weft__exit_bound(struct weft__thread *self, void *result);

/* Count one more thread from outside the pool: -EPERM if no runtime runs. And that it is over. */
int weft__pool_enter_outside(void);
void weft__pool_leave_outside(void);

/* The calling kernel thread's own descriptor, if it is a bound thread. */
struct weft__thread *weft__kernel_self(void);
void weft__set_kernel_self(struct weft__thread *t);

#endif
