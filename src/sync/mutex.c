/* SPDX-License-Identifier: MIT */
/*
 * The mutex: a word of three bits, and its owner.
 *
 *   LOCKED   held
 *   PARKED   somebody may wait in the queue
 *   WOKEN    a waiter has been woken to take it and has not looked yet: nobody else need be woken
 *
 * Unlock wakes the first waiter, and the mutex is free meanwhile: a thread that runs already takes it sooner than one that
 * has to be switched to. While that waiter is on its way, unlocks wake nobody. A waiter that runs and finds itself overtaken
 * goes back to the front of the queue, and the next unlock hands the mutex to it without letting go. (To hand over always
 * would cost a switch an unlock under contention; to wake at every unlock, one where two threads lock and unlock in turn while
 * many wait.)
 *
 * A robust mutex is in a list of its owner's: mutex_robust.c. Of any other nobody knows who holds which, but `owner` stays, and
 * it can be asked whether that thread has ended. Once a thread has crashed, who would wait for a mutex asks first; who waits
 * already is woken by the monitor, to ask again. So a mutex that was lost with its owner is refused to all, and no lock, while
 * nothing crashes, costs more than it did.
 *
 *      waiter                                       thread that crashes, and monitor
 *   1  c = crashes; 0: go on to wait             1  generation += 1                  (it has ended)
 *   2  owner has ended, and is it still? lost    2  crashes += 1
 *   3  under the queue's lock:                   3  under each queue's lock: those who wait and whose owner has ended
 *      crashes == c ? queue itself : from 1      4  wake these: from 1
 *
 * If the waiter's 3 comes before the monitor's in that queue, the monitor finds it; if after, it sees the count changed.
 *
 * Orders: MUTEX       unlock (release) -> lock (acquire)
 *         MUTEX-LOST  a crashed thread's generation, then crashes += 1 (release) -> waiter's and monitor's load (acquire)
 */
#include "src/sync/mutex.h"

#include <errno.h>

#include "src/base/panic.h"

enum { LOCKED = 1, PARKED = 2, WOKEN = 4 };

/*
 * Looks at a held mutex before its waiter sleeps, where its owner can run at the same time: the first at once, the others after
 * pauses that double up to a limit, some 4 us in all *(16 ns a pause)*. The first pause is long, since each look takes the cache
 * line from an owner that locks and unlocks in a loop, and leaves it to one that is no better off: with pauses from 1 on, 1,000
 * such threads on two workers have the mutex half as often.
 */
enum { LOOKS = 6, PAUSE_FIRST = 16, PAUSE_MOST = 64 };

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
	unsigned pause = PAUSE_FIRST;
	for (unsigned look = 0; look < LOOKS && !(weft__load_rlx(&m->word) & PARKED); look++) {
		if (try_lock(m))
			return true;
		for (unsigned i = 0; i < pause; i++)
			weft__cpu_relax();
		pause = 2 * pause < PAUSE_MOST ? 2 * pause : PAUSE_MOST;
	}
	return false;
}

/* Take it, or say that somebody waits: false. woken: WOKEN if the caller is the one who was woken, and else 0. */
static bool take_or_park(struct weft__mutex *m, uint32_t woken)
{
	uint32_t word = weft__load_rlx(&m->word);
	for (;;)
		if (!(word & LOCKED)) {
			if (weft__cas_acqrel(&m->word, &word, (word | LOCKED) & ~woken)) /* order MUTEX */
				return true;
		} else if ((word & (PARKED | woken)) == PARKED ||
			   weft__cas_acqrel(&m->word, &word, (word | PARKED) & ~woken)) {
			return false;
		}
}

static uint64_t owner_of(const void *object)
{
	const struct weft__mutex *m = object;
	return weft__load_rlx(&m->owner); /* relaxed: for reports */
}

static const struct weft__reason reason = { "a mutex", owner_of };

/* Held by a thread that has ended, and so for ever. What a thread did before it ended, unlocking perhaps, is seen by
 * whoever sees that it has: hence the second look. */
static bool is_lost(const struct weft__mutex *m)
{
	uint64_t owner = weft__load_rlx(&m->owner);
	if (!weft__has_ended(owner))
		return false;
	weft__fence_full(); /* order MUTEX-LOST */
	return weft__load_rlx(&m->owner) == owner && (weft__load_acq(&m->word) & LOCKED);
}

static weft__noinline int lock_slow(struct weft__mutex *m, uint64_t deadline, bool shielded)
{
	struct weft__waiter waiter = { .until = { &m->word, LOCKED | PARKED, LOCKED | PARKED, false },
				       .reason = &reason,
				       .object = m,
				       .shielded = shielded };
	uint32_t woken = 0;
	if (spin(m))
		return 0;
	while (!take_or_park(m, woken)) {
		waiter.watches = true;
		waiter.crashes = weft__load_acq(&weft__crashes); /* order MUTEX-LOST */
		if (weft__unlikely(waiter.crashes != 0) && is_lost(m))
			return -ENOTRECOVERABLE;
		int err = weft__address_wait(&waiter, deadline);
		if (waiter.granted)
			break;
		if (err && err != -EAGAIN)
			return err;
		woken = err == 0 ? WOKEN : 0;
		if (woken)
			waiter.front = waiter.overtaken = true; /* if it is not free now */
	}
	return 0;
}

/* --- those lost by threads that have crashed --- */

enum { LOST_AT_ONCE = 64 };

struct lost {
	unsigned n;
	weft__a32 *word[LOST_AT_ONCE];
};

static void see_waiter(const struct weft__waiter *waiter, void *context)
{
	struct lost *lost = context;
	if (waiter->reason == &reason && lost->n < LOST_AT_ONCE && is_lost(waiter->object))
		lost->word[lost->n++] = waiter->until.word;
}

/* Who is woken leaves the queues for good, so the rest is found in the next round. */
void weft__mutex_tell_of_crashes(void)
{
	static uint32_t told;
	uint32_t crashes = weft__load_acq(&weft__crashes); /* order MUTEX-LOST */
	struct lost lost = { .n = crashes != told ? LOST_AT_ONCE : 0 };
	told = crashes;
	while (lost.n == LOST_AT_ONCE) {
		lost.n = 0;
		weft__address_each(see_waiter, &lost);
		for (unsigned i = 0; i < lost.n; i++)
			weft__address_wake(lost.word[i], UINT32_MAX);
	}
}

/* --- locking and unlocking --- */

static int lock_again(struct weft__mutex *m)
{
	if (!(m->flags & WEFT__MUTEX_RECURSIVE))
		weft__panic("weft_mutex_lock: the caller holds the mutex already, and it is not recursive");
	m->depth++;
	return 0;
}

weft__inline int note_owner(struct weft__mutex *m, uint64_t self)
{
	weft__store_rlx(&m->owner, self); /* relaxed: read by others only to see that it is not them */
	return weft__unlikely(m->flags & WEFT__MUTEX_ROBUST) ? weft__mutex_note_held(m) : 0;
}

weft__inline int lock(struct weft__mutex *m, uint64_t self, uint64_t deadline, bool shielded)
{
	uint32_t word = weft__load_rlx(
		&m->word); /* relaxed: the CAS orders; one that fails costs as much as one that does not */
	if (weft__unlikely(word != 0 || !weft__cas_acqrel(&m->word, &word, LOCKED))) { /* order MUTEX */
		if (weft__load_rlx(&m->owner) == self) /* relaxed: only we could have written it */
			return lock_again(m);
		int err = lock_slow(m, deadline, shielded);
		if (err)
			return err;
	}
	return note_owner(m, self);
}

int weft__mutex_lock_shielded(struct weft__mutex *m, uint64_t self)
{
	return lock(m, self, WEFT__NEVER, true);
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
		weft__store_rel(&m->word, parked | (first ? WOKEN : 0)); /* order MUTEX */
	}
}

static weft__noinline void release_slow(struct weft__mutex *m, uint32_t word)
{
	while (word & WOKEN)
		if (weft__cas_acqrel(&m->word, &word, word & ~(uint32_t)LOCKED)) /* order MUTEX */
			return;
	weft__address_wake_one(&m->word, hand_on, m);
}

void weft__mutex_release(struct weft__mutex *m)
{
	uint32_t word = weft__load_rlx(&m->word);
	weft__store_rlx(&m->owner, 0);
	if (weft__unlikely(word != LOCKED || !weft__cas_acqrel(&m->word, &word, 0))) /* order MUTEX */
		release_slow(m, word);
}

void weft__mutex_unlock(struct weft__mutex *m)
{
	if (weft__unlikely(m->flags & WEFT__MUTEX_ROBUST))
		weft__mutex_note_released(m);
	weft__mutex_release(m);
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
	if (weft__load_rlx(&m->owner) == self && (m->flags & WEFT__MUTEX_RECURSIVE))
		return lock_again(m);
	if (try_lock(m))
		return note_owner(m, self);
	return weft__load_acq(&weft__crashes) && is_lost(m) ? -ENOTRECOVERABLE : -EBUSY; /* order MUTEX-LOST */
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
