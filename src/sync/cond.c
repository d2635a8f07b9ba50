/* SPDX-License-Identifier: MIT */
/*
 * The condition variable: a number that every signal changes. A waiter notes it while it holds the mutex, gives the mutex
 * up and sleeps while the number is the same; so a signal after it was noted is not missed. (2^32 signals in that short
 * time would be.)
 */
#include <errno.h>

#include "src/sync/mutex.h"

struct cond {
	weft__a32 signals, waiters;
};

_Static_assert(sizeof(struct cond) == sizeof(struct weft_cond), "ABI");

static const struct weft__reason reason = { "a condition variable", NULL };

static struct cond *cond_of(struct weft_cond *cond)
{
	return (struct cond *)(void *)cond;
}

static int wait(struct cond *c, struct weft__mutex *m, uint64_t deadline)
{
	uint64_t self = weft__caller();
	if (weft__load_rlx(&m->owner) != self || m->depth)
		return -EPERM;
	weft__add_acqrel(&c->waiters, 1); /* order COND: before the number is read; a signaller changes that first */
	struct weft__waiter waiter = { .until = { &c->signals, UINT32_MAX, weft__load_acq(&c->signals), false },
				       .reason = &reason,
				       .object = c };
	weft__mutex_unlock(m);
	int err = weft__address_wait(&waiter, deadline);
	weft__sub_acqrel(&c->waiters, 1);
	int relock = weft__mutex_lock_shielded(m, self);
	if (relock)
		return relock;
	return err == -EAGAIN ? 0 : err;
}

int weft_cond_wait(struct weft_cond *cond, struct weft_mutex *mutex)
{
	return wait(cond_of(cond), weft__mutex_of(mutex), WEFT__NEVER);
}

int weft_cond_wait_timeout(struct weft_cond *cond, struct weft_mutex *mutex, uint64_t nanoseconds)
{
	return wait(cond_of(cond), weft__mutex_of(mutex), weft__deadline(nanoseconds));
}

static void wake(struct cond *c, unsigned n)
{
	weft__add_acqrel(&c->signals, 1); /* order COND */
	weft__fence_full();		  /* order COND: against the waiter's count */
	if (weft__load_rlx(&c->waiters))
		weft__address_wake(&c->signals, n);
}

int weft_cond_signal(struct weft_cond *cond)
{
	wake(cond_of(cond), 1);
	return 0;
}

int weft_cond_broadcast(struct weft_cond *cond)
{
	wake(cond_of(cond), UINT32_MAX);
	return 0;
}
