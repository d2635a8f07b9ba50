/* SPDX-License-Identifier: MIT */
/* Threads: spawn, join, detach, yield, exit, park. */
#ifndef WEFT_THREAD_H
#define WEFT_THREAD_H

#include <weft/base.h>

WEFT_BEGIN_DECLS

/*
 * A handle to a thread: a plain number, free to copy, compare and print; 0 is no thread. It stays safe to use after
 * the thread is gone: every call answers -ESRCH.
 */
typedef uint64_t weft_t;

#define WEFT_NONE ((weft_t)0)

/* What a thread is made with. Yours to place, copied by weft_spawn. Zero means default in every field. */
struct weft_attr {
	uint64_t reserved[8];
};

/* clang-format off */
#define WEFT_ATTR_INIT { { 0 } }
/* clang-format on */

/* The isolation of a thread by one word, as weft_spawn's attr: a green thread, a kernel thread of its own, a process of its
 * own (weft/process.h). */
#define WEFT_GREEN ((const struct weft_attr *)0)
#define WEFT_BOUND (&weft_attr_bound)
#define WEFT_PROCESS (&weft_attr_process)
WEFT_API extern const struct weft_attr weft_attr_bound, weft_attr_process;

enum weft_kind {
	WEFT_KIND_GREEN = 0,  /* runs on the pool of workers */
	WEFT_KIND_BOUND = 1,  /* has a kernel thread of its own: may block in the kernel at no one's cost */
	WEFT_KIND_PROCESS = 2 /* has an address space of its own: see weft/process.h */
};

/* Which isolation. -EINVAL for a kind that does not exist. */
WEFT_API int weft_attr_set_kind(struct weft_attr *attr, enum weft_kind kind);

/* Stack in bytes: 16 KiB to 1 GiB, rounded up to a power of two; 0: the runtime's default, or for a bound thread the
 * system's. -EINVAL outside. */
WEFT_API int weft_attr_set_stack_size(struct weft_attr *attr, size_t bytes);

/* A name for reports: up to 15 bytes are kept. Copied. -EINVAL if NULL. */
WEFT_API int weft_attr_set_name(struct weft_attr *attr, const char *name);

/* True: the new thread waits its turn and the spawner goes on. False (the default): the new thread runs at once, and
 * the spawner goes on when it waits or ends, or on another worker. */
WEFT_API int weft_attr_set_queued(struct weft_attr *attr, bool queued);

#define WEFT_ANY_WORKER (~0u)

/* Pin the thread to one worker, numbered from 0: it runs there and nowhere else, and is always queued, as are the threads
 * it spawns. WEFT_ANY_WORKER (the default): not pinned. -EINVAL for other numbers above 255 here, and by weft_spawn if
 * there is no such worker or the kind is bound. */
WEFT_API int weft_attr_set_worker(struct weft_attr *attr, unsigned worker);

/* True: nobody will join the thread; all of it is freed when it ends. As spawning with thread = NULL. */
WEFT_API int weft_attr_set_detached(struct weft_attr *attr, bool detached);

/* Every setter also answers -EINVAL if attr is NULL. */

/*
 * Start fn(arg) as a thread; *thread, if thread is not NULL, becomes its handle before weft_spawn returns (not
 * necessarily before fn runs: fn asks weft_self). NULL: detached. attr: WEFT_GREEN, WEFT_BOUND or one of your own.
 * From any kernel thread; outside the pool the new thread is always queued. 0, or: -EINVAL fn is NULL, -ENOMEM no
 * memory for a stack, -EAGAIN a limit on threads or mappings is reached, -EPERM no runtime runs.
 */
WEFT_API int weft_spawn(weft_t *thread, const struct weft_attr *attr, void *(*fn)(void *), void *arg) WEFT_MAY_SWITCH;

/*
 * Wait until the thread has ended, take its result into *result (if result is not NULL) and free what is left of it.
 * From any kernel thread. 0, or: -ESRCH no such thread (never was, already joined, detached and gone), -EINVAL it is
 * detached or somebody else is joining it, -EDEADLK it is the caller, -EOWNERDEAD it has crashed (weft/status.h).
 */
WEFT_API int weft_join(weft_t thread, void **result) WEFT_MAY_SWITCH;

/* The same for at most so many nanoseconds, 0 being a question only; -ETIMEDOUT: it still runs and can be joined later;
 * -ENOMEM: so too, there was no memory for a timer. */
WEFT_API int weft_join_timeout(weft_t thread, void **result, uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* Nobody will join the thread: it is freed when it ends, or now if it has. -ESRCH, -EINVAL as weft_join. */
WEFT_API int weft_detach(weft_t thread);

/* Let other runnable threads run. Always 0. From a bound or outside thread: sched_yield. */
WEFT_API int weft_yield(void) WEFT_MAY_SWITCH;

/* End the calling green or bound thread with this result. Its scopes are canceled and closed, and its clean-up handlers and the
 * destructors of its thread-local values are called; frames are not unwound, no C++ destructor is run. Elsewhere: a panic. */
WEFT_API WEFT_NORETURN void weft_exit(void *result);

/* The calling thread's handle; WEFT_NONE on a kernel thread that weft did not make. */
WEFT_API weft_t weft_self(void);

/* Name the calling thread: up to 15 bytes are kept. -EINVAL if NULL, -EPERM outside weft's threads. */
WEFT_API int weft_name_set(const char *name);

/* Copy a live thread's name, ended by a 0 byte and cut to fit, into the buffer. -ESRCH no such thread or it has ended;
 * -EINVAL no buffer. */
WEFT_API int weft_name_get(weft_t thread, char *buffer, size_t size);

/*
 * Wait until somebody calls weft_unpark on the calling thread, which may have happened before: a thread has one permit,
 * which weft_unpark gives and weft_park takes. The building block of locks of one's own. 0, or -EPERM outside weft's
 * threads.
 */
WEFT_API int weft_park(void) WEFT_MAY_SWITCH;

/* The same for at most so many nanoseconds, 0 being a question only; -ETIMEDOUT if no permit came; -ENOMEM without memory
 * for a timer. */
WEFT_API int weft_park_timeout(uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* Give the thread its permit, waking it if it is parked. From any kernel thread. -ESRCH if it has ended. */
WEFT_API int weft_unpark(weft_t thread);

WEFT_END_DECLS

#endif
