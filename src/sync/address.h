/* SPDX-License-Identifier: MIT */
/*
 * Wait queues by address, as futexes are: whatever waits, waits for a 32-bit word of its object to change, in a queue
 * found by that word's address in a table that all share. So an object is a word or two, needs no set-up and no memory,
 * and may be freed by whom it woke: a waker uses the address as a key and does not look behind it.
 *
 * A waiter checks the word inside its queue's lock and sleeps only if the word still says so; a waker changes the word
 * first and takes the lock then. So no wake is lost, and objects need no lock of their own.
 *
 * A wake by a key alone may come late, and reach a waiter on another object that has the address by then: whoever is
 * woken and not granted looks at its word again.
 *
 * Orders: QUEUE-LOCK  the queue's lock: release -> acquire
 *         ADDRESS     a word's change (release) -> a waiter that finds it changed does not sleep (acquire)
 */
#ifndef WEFT_SRC_SYNC_ADDRESS_H
#define WEFT_SRC_SYNC_ADDRESS_H

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the initializers of weft/sync.h put 32-bit fields where a little-endian machine has them"
#endif

#include "src/base/atomic.h"
#include "src/base/list.h"
#include "src/sched/park.h"

/* Sleep while (*word & mask) == value, or while it is not. */
struct weft__until {
	weft__a32 *word;
	uint32_t mask, value;
	bool differs; /* sleep while it differs, rather than while it is equal */
};

struct weft__waiter {
	struct weft__wait wait;
	struct weft__until until;
	const struct weft__reason *reason;
	const void *object;
	struct weft__list node;
	bool front;	/* go to the front of the queue, having been there before */
	bool queued;	/* under the queue's lock */
	bool slept;	/* likewise: it was in the queue, the last time */
	bool granted;	/* written by the waker, under the queue's lock: it was given what it waits for */
	bool overtaken; /* the caller's own note */
	bool shielded;	/* as in struct weft__wait */
	bool watches;	/* does not sleep if weft__crashes is no longer what it was: */
	uint32_t crashes;
};

/*
 * Wait until woken. waiter: zeroed but for `until`, `reason`, `object`, `shielded`, `front`, `watches` and `crashes`. 0 if
 * it was woken, -EAGAIN if the word did not say to sleep, -ETIMEDOUT, -ECANCELED, -ENOMEM. Deadline WEFT__NEVER: none; 0:
 * never sleeps.
 */
int weft__address_wait(struct weft__waiter *waiter, uint64_t deadline);

/* Wake up to n waiters on the word, which is not looked at. */
void weft__address_wake(const weft__a32 *word, unsigned n);

/* Call change(word) inside the queue's lock; if that says so, all who wait by then are granted what they wait for. */
void weft__address_grant_all(weft__a32 *word, bool (*change)(weft__a32 *word));

/*
 * Take the first waiter out, or none, and call choose(waiter or NULL, whether more wait, context) inside the queue's lock:
 * the place to change the word in agreement with the queue. Then wake the waiter.
 */
void weft__address_wake_one(weft__a32 *word, void (*choose)(struct weft__waiter *first, bool more, void *context),
			    void *context);

/* Call see(waiter, context) for all that wait, each inside its queue's lock. */
void weft__address_each(void (*see)(const struct weft__waiter *waiter, void *context), void *context);

/* In a forked child: nobody waits. */
void weft__address_forget(void);

#endif
