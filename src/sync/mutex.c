/* SPDX-License-Identifier: MIT */
/*
 * The mutex: one word, and its owner.
 *
 *   0                 free, nobody waits
 *   LOCKED            held, nobody waits
 *   LOCKED | PARKED   held, somebody may wait
 *   PARKED            free, somebody may wait: whoever comes first takes it
 *
 * Unlock wakes the first waiter, and the mutex is free meanwhile: a thread that runs already takes it sooner than one that
 * has to be switched to. A waiter that runs and finds itself overtaken goes back to the front of the queue, and the next
 * unlock hands the mutex to it without letting go. (To hand over always would cost a switch an unlock under contention; to
 * do so after a fixed number of unlocks, a wake across cores that often.)
 *
 * Orders: MUTEX  unlock (release) -> lock (acquire)
 */
#include "src/sync/mutex.h"

#include <errno.h>

#include "src/base/panic.h"

enum { LOCKED = 1, PARKED = 2 };

/* How often a held mutex is looked at before its waiter sleeps: only where its owner can run at the same time. */
enum { SPINS = 40 };

static bool try_lock(struct weft__mutex *m)
{
	uint32_t word = weft__load_rlx(&m->word);
	while (!(word & LOCKED))
		if (weft__cas_acqrel(&m->word, &word, word | LOCKED)) /* order MUTEX */
			return true;
	return false;
}

static bool spin(struct weft__mutex *m)
{
	if (!weft__parallel())
		return false;
	for (unsigned i = 0; i < SPINS && !(weft__load_rlx(&m->word) & PARKED); i++) {
		if (try_lock(m))
			return true;
		weft__cpu_relax();
	}
	return false;
}

/* Say that somebody waits. False if it was free, and is not any more: it is ours. */
static bool mark_parked(struct weft__mutex *m)
{
	uint32_t word = weft__load_rlx(&m->word);
	for (;;)
		if (!(word & LOCKED)) {
			if (weft__cas_acqrel(&m->word, &word, word | LOCKED)) /* order MUTEX */
				return false;
		} else if ((word & PARKED) || weft__cas_acqrel(&m->word, &word, word | PARKED)) {
			return true;
		}
}

static uint64_t owner_of(const void *object)
{
	const struct weft__mutex *m = object;
	return weft__load_rlx(&m->owner); /* relaxed: for reports */
}

static const struct weft__reason reason = { "a mutex", owner_of };

static weft__noinline int lock_slow(struct weft__mutex *m, uint64_t deadline, bool shielded)
{
	struct weft__waiter waiter = { .until = { &m->word, LOCKED | PARKED, LOCKED | PARKED, false },
				       .reason = &reason,
				       .object = m,
				       .shielded = shielded };
	if (spin(m))
		return 0;
	while (mark_parked(m)) {
		int err = weft__address_wait(&waiter, deadline);
		if (waiter.granted)
			return 0;
		if (err && err != -EAGAIN)
			return err;
		if (err == 0)
			waiter.front = waiter.overtaken = true;
	}
	return 0;
}

weft__inline int lock(struct weft__mutex *m, uint64_t self, uint64_t deadline, bool shielded)
{
	uint32_t free = 0;
	if (weft__unlikely(!weft__cas_acqrel(&m->word, &free, LOCKED))) { /* order MUTEX */
		if (weft__load_rlx(&m->owner) == self) {		  /* relaxed: only we could have written it */
			if (!m->recursive)
				weft__panic(
					"weft_mutex_lock: the caller holds the mutex already, and it is not recursive");
			m->depth++;
			return 0;
		}
		int err = lock_slow(m, deadline, shielded);
		if (err)
			return err;
	}
	weft__store_rlx(&m->owner, self); /* relaxed: read by others only to see that it is not them */
	return 0;
}

void weft__mutex_lock_shielded(struct weft__mutex *m, uint64_t self)
{
	(void)lock(m, self, WEFT__NEVER, true);
}

/* Inside the queue's lock. */
static void hand_on(struct weft__waiter *first, bool more, void *context)
{
	struct weft__mutex *m = context;
	uint32_t parked = more ? PARKED : 0;
	if (first && first->overtaken) {
		first->granted = true;
		weft__store_rel(&m->word, LOCKED | parked); /* order MUTEX: to the thread that is woken */
	} else {
		weft__store_rel(&m->word, parked); /* order MUTEX */
	}
}

void weft__mutex_unlock(struct weft__mutex *m)
{
	uint32_t locked = LOCKED;
	weft__store_rlx(&m->owner, 0);
	if (weft__unlikely(!weft__cas_acqrel(&m->word, &locked, 0))) /* order MUTEX */
		weft__address_wake_one(&m->word, hand_on, m);
}

int weft_mutex_lock(struct weft_mutex *mutex)
{
	return lock(weft__mutex_of(mutex), weft__caller(), WEFT__NEVER, false);
}

int weft_mutex_lock_timeout(struct weft_mutex *mutex, uint64_t nanoseconds)
{
	return lock(weft__mutex_of(mutex), weft__caller(), weft__deadline(nanoseconds), false);
}

int weft_mutex_trylock(struct weft_mutex *mutex)
{
	struct weft__mutex *m = weft__mutex_of(mutex);
	uint64_t self = weft__caller();
	if (weft__load_rlx(&m->owner) == self && m->recursive)
		m->depth++;
	else if (try_lock(m))
		weft__store_rlx(&m->owner, self);
	else
		return -EBUSY;
	return 0;
}

int weft_mutex_unlock(struct weft_mutex *mutex)
{
	struct weft__mutex *m = weft__mutex_of(mutex);
	if (weft__unlikely(weft__load_rlx(&m->owner) != weft__caller()))
		weft__panic("weft_mutex_unlock: the caller does not hold the mutex");
	if (m->depth)
		m->depth--;
	else
		weft__mutex_unlock(m);
	return 0;
}
