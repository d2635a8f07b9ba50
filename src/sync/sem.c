/* SPDX-License-Identifier: MIT */
/* The semaphore: a count, and a bit that says that somebody may wait for it to be more than 0. */
#include <errno.h>

#include "src/sync/address.h"
#include "weft/sync.h"

#define COUNT 0x7fffffffu
#define PARKED 0x80000000u

struct sem {
	weft__a32 word;
	uint32_t unused;
};

_Static_assert(sizeof(struct sem) == sizeof(struct weft_sem), "ABI");

static const struct weft__reason reason = { "a semaphore", NULL };

static struct sem *sem_of(struct weft_sem *sem)
{
	return (struct sem *)(void *)sem;
}

/* False if the count is 0; then PARKED is set if `park`. */
static bool take(struct sem *s, bool park)
{
	uint32_t word = weft__load_rlx(&s->word);
	for (;;)
		if (word & COUNT) {
			if (weft__cas_acqrel(&s->word, &word, word - 1)) /* order SEM */
				return true;
		} else if (!park || (word & PARKED) || weft__cas_acqrel(&s->word, &word, word | PARKED)) {
			return false;
		}
}

static int acquire(struct sem *s, uint64_t deadline)
{
	struct weft__waiter waiter = { .until = { &s->word, UINT32_MAX, PARKED, false },
				       .reason = &reason,
				       .object = s };
	while (!take(s, true)) {
		int err = weft__address_wait(&waiter, deadline);
		if (waiter.granted)
			return 0;
		if (err && err != -EAGAIN)
			return err;
	}
	return 0;
}

int weft_sem_acquire(struct weft_sem *sem)
{
	return acquire(sem_of(sem), WEFT__NEVER);
}

int weft_sem_acquire_timeout(struct weft_sem *sem, uint64_t nanoseconds)
{
	return acquire(sem_of(sem), weft__deadline(nanoseconds));
}

int weft_sem_tryacquire(struct weft_sem *sem)
{
	return take(sem_of(sem), false) ? 0 : -EAGAIN;
}

struct release {
	struct sem *sem;
	uint32_t left;
	bool waiters;
};

/* Inside the queue's lock: one unit goes to the first waiter without passing through the count; the last that finds no
 * waiter leaves what is left in the count. */
static void hand_on(struct weft__waiter *first, bool more, void *context)
{
	struct release *r = context;
	uint32_t word = weft__load_rlx(&r->sem->word), give = 0;
	r->waiters = first != NULL;
	if (first) {
		first->granted = true;
		r->left--;
	}
	if (!more) {
		give = r->left;
		r->left = 0;
	}
	while (!weft__cas_acqrel(&r->sem->word, &word, ((word & COUNT) + give) | (more ? PARKED : 0))) /* order SEM */
		;
}

int weft_sem_release(struct weft_sem *sem, unsigned count)
{
	struct sem *s = sem_of(sem);
	uint32_t word = weft__load_rlx(&s->word);
	if (!count)
		return 0;
	while (!(word & PARKED)) {
		if (count > COUNT - word)
			return -EOVERFLOW;
		if (weft__cas_acqrel(&s->word, &word, word + count)) /* order SEM */
			return 0;
	}
	if (count > COUNT - (word & COUNT))
		return -EOVERFLOW;
	for (struct release r = { s, count, true }; r.left;)
		weft__address_wake_one(&s->word, hand_on, &r);
	return 0;
}
