/* SPDX-License-Identifier: MIT */
/*
 * Synchronization: mutex, reader-writer lock, condition variable, semaphore, wait group, event, barrier, once.
 *
 * Every object is yours to place, needs no memory beyond itself, and starts from zeros (its _INIT). All may be shared by
 * green threads, bound threads and kernel threads that weft did not make, in any mix. Waiters are queued first in, first
 * out. An object may be freed once every call on it has returned; of a mutex, a wait group, an event and a semaphore also
 * by whom the last unlock, done, set or release let go, for these do not touch it after.
 *
 * Timed calls take nanoseconds; 0 asks without waiting. They add -ETIMEDOUT, and -ENOMEM (no memory for a timer). Every call
 * that has to wait may return -ECANCELED, see weft/cancel.h: then it has not got what it waited for.
 */
#ifndef WEFT_SYNC_H
#define WEFT_SYNC_H

#include <weft/base.h>

WEFT_BEGIN_DECLS

/* clang-format off */
#define WEFT_MUTEX_INIT { { 0 } }
#define WEFT_MUTEX_RECURSIVE_INIT { { 1 } }
#define WEFT_MUTEX_ROBUST_INIT { { 2 } }
#define WEFT_RWLOCK_INIT { { 0 } }
#define WEFT_COND_INIT { { 0 } }
#define WEFT_SEM_INIT(count) { { (uint32_t)(count) & 0x7fffffffu } }
#define WEFT_WAITGROUP_INIT { { 0 } }
#define WEFT_EVENT_INIT { { 0 } }
#define WEFT_BARRIER_INIT(threads) { { (uint32_t)(threads) } }
#define WEFT_ONCE_INIT { { 0 } }
/* clang-format on */

/*
 * A lock with an owner. A waiter with n ahead of it is woken by one of the next 2 n + 1 unlocks, and runs to find the
 * mutex taken again at most once: then it goes to the front, and the next unlock hands it the mutex. So it may be
 * overtaken, which is what keeps throughput up, but not starved. Unlock by another than the owner is a panic, as is a
 * plain mutex locked again by its owner. One that is not robust, and whose owner has crashed with it (weft/crash.h), is lost:
 * -ENOTRECOVERABLE to all, who do not have it.
 */
struct weft_mutex {
	uint64_t reserved[4];
};
WEFT_API int weft_mutex_lock(struct weft_mutex *mutex) WEFT_MAY_SWITCH;
WEFT_API int weft_mutex_trylock(struct weft_mutex *mutex); /* -EBUSY */
WEFT_API int weft_mutex_lock_timeout(struct weft_mutex *mutex, uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API int weft_mutex_unlock(struct weft_mutex *mutex);

/*
 * A robust mutex outlives its owner: when a thread of weft's ends with it held, the next to lock it gets it with
 * -EOWNERDEAD, sets right what it guards, and says so here. Unlocked without that it is lost: -ENOTRECOVERABLE to all.
 * -EPERM: the caller does not hold it; -EINVAL: there is nothing to set right.
 */
WEFT_API int weft_mutex_consistent(struct weft_mutex *mutex);

/*
 * Many readers or one writer. Phase-fair: a reader that comes while a writer waits lets it go first, and when a writer
 * leaves, all readers that wait then go before the next writer: neither kind can starve the other.
 */
struct weft_rwlock {
	uint64_t reserved[4];
};
WEFT_API int weft_rwlock_rdlock(struct weft_rwlock *rwlock) WEFT_MAY_SWITCH;
WEFT_API int weft_rwlock_rdlock_timeout(struct weft_rwlock *rwlock, uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API int weft_rwlock_wrlock(struct weft_rwlock *rwlock) WEFT_MAY_SWITCH;
WEFT_API int weft_rwlock_wrlock_timeout(struct weft_rwlock *rwlock, uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API int weft_rwlock_unlock(struct weft_rwlock *rwlock);

/* Wait for a condition that a mutex guards: the mutex is given up while waiting and held again on return, whatever the
 * result. May return for no reason: check the condition in a loop. -EPERM if the caller does not hold the mutex, or holds
 * a recursive one more than once. */
struct weft_cond {
	uint64_t reserved[1];
};
WEFT_API int weft_cond_wait(struct weft_cond *cond, struct weft_mutex *mutex) WEFT_MAY_SWITCH;
WEFT_API int weft_cond_wait_timeout(struct weft_cond *cond, struct weft_mutex *mutex,
				    uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API int weft_cond_signal(struct weft_cond *cond);
WEFT_API int weft_cond_broadcast(struct weft_cond *cond);

/* A count that acquire lowers, waiting while it is 0, and release raises. -EOVERFLOW past 2^31 - 1. */
struct weft_sem {
	uint64_t reserved[1];
};
WEFT_API int weft_sem_acquire(struct weft_sem *sem) WEFT_MAY_SWITCH;
WEFT_API int weft_sem_tryacquire(struct weft_sem *sem); /* -EAGAIN */
WEFT_API int weft_sem_acquire_timeout(struct weft_sem *sem, uint64_t nanoseconds) WEFT_MAY_SWITCH;
WEFT_API int weft_sem_release(struct weft_sem *sem, unsigned count);

/* Waits until as many have called done as add has announced. To take it below 0 is a panic. */
struct weft_waitgroup {
	uint64_t reserved[1];
};
WEFT_API int weft_waitgroup_add(struct weft_waitgroup *group, unsigned count); /* -EOVERFLOW past 2^30 - 1 */
WEFT_API int weft_waitgroup_done(struct weft_waitgroup *group);
WEFT_API int weft_waitgroup_wait(struct weft_waitgroup *group) WEFT_MAY_SWITCH;
WEFT_API int weft_waitgroup_wait_timeout(struct weft_waitgroup *group, uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* Something that happens once and stays: set lets all go that wait, and all that come later; reset takes it back. */
struct weft_event {
	uint64_t reserved[1];
};
WEFT_API int weft_event_set(struct weft_event *event);
WEFT_API int weft_event_reset(struct weft_event *event);
WEFT_API int weft_event_wait(struct weft_event *event) WEFT_MAY_SWITCH;
WEFT_API int weft_event_wait_timeout(struct weft_event *event, uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* Waits until as many threads wait as WEFT_BARRIER_INIT says; again and again. 1 to one of them, 0 to the others. */
struct weft_barrier {
	uint64_t reserved[2];
};
WEFT_API int weft_barrier_wait(struct weft_barrier *barrier) WEFT_MAY_SWITCH;
WEFT_API int weft_barrier_wait_timeout(struct weft_barrier *barrier, uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* Call fn(arg) in the first caller alone; whoever comes meanwhile waits until it has returned. */
struct weft_once {
	uint64_t reserved[1];
};
WEFT_API int weft_once(struct weft_once *once, void (*fn)(void *), void *arg) WEFT_MAY_SWITCH;

WEFT_END_DECLS

#endif
