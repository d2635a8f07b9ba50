/* SPDX-License-Identifier: MIT */
/* Each call that waits, in a table: how to make it wait, and how to let it go. */
#ifndef WEFT_TESTS_CALLS_H
#define WEFT_TESTS_CALLS_H

#include "tests/support/crew.h"

#define LONG WEFT_S(100)

enum moment { BEFORE, WAITING, RACING, MASKED, MOMENTS };

struct place {
	const struct call *call;
	enum moment moment;
	uint64_t limit; /* WEFT_FOREVER: the call without one */
	weft_t victim, other;
	pthread_t arrives;
	shared ready, first, canceled, completed; /* first: how the first call ended, + 1000 */
	struct weft_mutex mutex;
	struct weft_rwlock rwlock;
	struct weft_cond cond;
	struct weft_sem sem, hold;
	struct weft_waitgroup group;
	struct weft_event event;
	struct weft_barrier barrier;
	struct weft_once once;
	bool signalled; /* under mutex */
	unsigned runs;	/* of once */
};

/* One that waits; and what lets it go, done by a kernel thread outside. */
struct call {
	int (*wait)(struct place *p);
	void (*prepare)(struct place *p);
	void (*complete)(struct place *p);
	void (*got)(struct place *p); /* by the victim, for what must be given back */
	bool again;		      /* made again after its completion it succeeds */
};

static inline void nothing(struct place *p)
{
	(void)p;
}

#define forever(p) ((p)->limit == WEFT_FOREVER)

static inline int wait_park(struct place *p)
{
	return forever(p) ? weft_park() : weft_park_timeout(p->limit);
}

static inline void complete_park(struct place *p)
{
	check_eq(weft_unpark(p->victim), 0);
}

static inline void *acquire_hold(void *arg)
{
	struct place *p = arg;
	check_eq(weft_sem_acquire(&p->hold), 0);
	return p;
}

static inline void prepare_join(struct place *p)
{
	p->other = spawn(WEFT_GREEN, acquire_hold, p);
}

static inline int wait_join(struct place *p)
{
	void *result = NULL;
	int err = forever(p) ? weft_join(p->other, &result) : weft_join_timeout(p->other, &result, p->limit);
	check_eq((intptr_t)result, err ? 0 : (intptr_t)p);
	return err;
}

static inline void release_hold(struct place *p)
{
	check_eq(weft_sem_release(&p->hold, 1), 0);
}

static inline int wait_sleep(struct place *p)
{
	return weft_sleep(forever(p) ? WEFT_FOREVER : p->limit);
}

static inline int wait_sleep_until(struct place *p)
{
	return weft_sleep_until(forever(p) ? WEFT_FOREVER : weft_now() + p->limit);
}

static inline int wait_mutex(struct place *p)
{
	return forever(p) ? weft_mutex_lock(&p->mutex) : weft_mutex_lock_timeout(&p->mutex, p->limit);
}

static inline void lock_mutex(struct place *p)
{
	check_eq(weft_mutex_lock(&p->mutex), 0);
}

static inline void unlock_mutex(struct place *p)
{
	check_eq(weft_mutex_unlock(&p->mutex), 0);
}

static inline int wait_rdlock(struct place *p)
{
	return forever(p) ? weft_rwlock_rdlock(&p->rwlock) : weft_rwlock_rdlock_timeout(&p->rwlock, p->limit);
}

static inline int wait_wrlock(struct place *p)
{
	return forever(p) ? weft_rwlock_wrlock(&p->rwlock) : weft_rwlock_wrlock_timeout(&p->rwlock, p->limit);
}

static inline void lock_rwlock(struct place *p)
{
	check_eq(weft_rwlock_wrlock(&p->rwlock), 0);
}

static inline void read_rwlock(struct place *p)
{
	check_eq(weft_rwlock_rdlock(&p->rwlock), 0);
}

static inline void unlock_rwlock(struct place *p)
{
	check_eq(weft_rwlock_unlock(&p->rwlock), 0);
}

/* The mutex is held whatever the wait returns: an unlock by another than its owner is a panic. */
static inline int wait_cond(struct place *p)
{
	int err = 0;
	while ((err = weft_mutex_lock(&p->mutex)) == -ECANCELED)
		weft_yield(); /* canceled before: the mutex is not what this is about */
	check_eq(err, 0);
	while (!p->signalled && !err)
		err = forever(p) ? weft_cond_wait(&p->cond, &p->mutex)
				 : weft_cond_wait_timeout(&p->cond, &p->mutex, p->limit);
	if (p->signalled)
		err = 0;
	unlock_mutex(p);
	return err;
}

static inline void complete_cond(struct place *p)
{
	lock_mutex(p);
	p->signalled = true;
	check_eq(weft_cond_signal(&p->cond), 0);
	unlock_mutex(p);
}

static inline int wait_sem(struct place *p)
{
	return forever(p) ? weft_sem_acquire(&p->sem) : weft_sem_acquire_timeout(&p->sem, p->limit);
}

static inline void complete_sem(struct place *p)
{
	check_eq(weft_sem_release(&p->sem, 1), 0);
}

/* It has been taken once, and there was one. */
static inline void got_sem(struct place *p)
{
	check_eq(weft_sem_tryacquire(&p->sem), -EAGAIN);
}

static inline void prepare_group(struct place *p)
{
	check_eq(weft_waitgroup_add(&p->group, 1), 0);
}

static inline int wait_group(struct place *p)
{
	return forever(p) ? weft_waitgroup_wait(&p->group) : weft_waitgroup_wait_timeout(&p->group, p->limit);
}

static inline void complete_group(struct place *p)
{
	check_eq(weft_waitgroup_done(&p->group), 0);
}

static inline int wait_event(struct place *p)
{
	return forever(p) ? weft_event_wait(&p->event) : weft_event_wait_timeout(&p->event, p->limit);
}

static inline void complete_event(struct place *p)
{
	check_eq(weft_event_set(&p->event), 0);
}

/* Two meet there: if one takes its arrival back the other waits on. */
static inline int wait_barrier(struct place *p)
{
	int err = forever(p) ? weft_barrier_wait(&p->barrier) : weft_barrier_wait_timeout(&p->barrier, p->limit);
	return err == 1 ? 0 : err;
}

static inline void *arrive(void *arg)
{
	struct place *p = arg;
	int err = weft_barrier_wait(&p->barrier);
	check(err == 0 || err == 1);
	return NULL;
}

static inline void complete_barrier(struct place *p)
{
	p->arrives = outsider(arrive, p);
}

static inline void got_barrier(struct place *p)
{
	check_eq(pthread_join(p->arrives, NULL), 0);
	check_eq(weft_barrier_wait_timeout(&p->barrier, 0), -ETIMEDOUT); /* nobody is left there */
}

static inline void run_once(void *arg)
{
	struct place *p = arg;
	p->runs++;
	set(p->ready, 1);
	check_eq(weft_sem_acquire(&p->hold), 0);
}

static inline void *call_once(void *arg)
{
	struct place *p = arg;
	check_eq(weft_once(&p->once, run_once, p), 0);
	return NULL;
}

static inline void prepare_once(struct place *p)
{
	check_eq(weft_spawn(NULL, WEFT_GREEN, call_once, p), 0);
	wait_until(get(p->ready));
	set(p->ready, 0);
}

static inline int wait_once(struct place *p)
{
	return weft_once(&p->once, run_once, p);
}

static inline void got_once(struct place *p)
{
	check_eq(p->runs, 1);
}

static const struct call calls[] = {
	{ wait_park, nothing, complete_park, nothing, true },
	{ wait_join, prepare_join, release_hold, nothing, true },
	{ wait_sleep, nothing, nothing, nothing, false },
	{ wait_sleep_until, nothing, nothing, nothing, false },
	{ wait_mutex, lock_mutex, unlock_mutex, unlock_mutex, true },
	{ wait_rdlock, lock_rwlock, unlock_rwlock, unlock_rwlock, true },
	{ wait_wrlock, lock_rwlock, unlock_rwlock, unlock_rwlock, true },
	{ wait_wrlock, read_rwlock, unlock_rwlock, unlock_rwlock, true },
	{ wait_cond, nothing, complete_cond, nothing, true },
	{ wait_sem, nothing, complete_sem, got_sem, true },
	{ wait_group, prepare_group, complete_group, nothing, true },
	{ wait_event, nothing, complete_event, nothing, true },
	{ wait_barrier, nothing, complete_barrier, got_barrier, true },
	{ wait_once, prepare_once, release_hold, got_once, true },
};

enum { CALLS = sizeof calls / sizeof *calls };

#endif
