/* SPDX-License-Identifier: MIT */
/* Cancellation; the protocol is in cancel.h. And what holding a thread needs of its record. */
#include "src/sched/cancel.h"

#include <errno.h>

#include "src/os/barrier.h"
#include "weft/cancel.h"

weft__cold void weft__await_holders(const struct weft__thread *t)
{
	for (unsigned round = 1; weft__load_acq(&t->attention) >= WEFT__HOLD; round++) /* order HOLD */
		weft__os_spin(round);
}

weft__noinline bool weft__wait_canceled(struct weft__thread *self, const struct weft__wait *wait)
{
	if (wait->shielded || !wait->revoke || self->masked)
		return false;
	bool canceled = (weft__load_rlx(&self->attention) & WEFT__CANCELED) || weft__scope_is_canceled(self->scope);
	if (canceled)
		weft__wait_result(self, -ECANCELED);
	return canceled;
}

bool weft__end_wait(struct weft__thread *t)
{
	struct weft__wait *wait;
	for (unsigned round = 1; (wait = weft__load_acq(&t->wait)); round++) { /* order WAIT */
		if (wait->shielded || !wait->revoke || t->masked)
			return false;
		if (wait->revoke(wait, t)) {
			weft__wait_result(t, -ECANCELED);
			weft__wait_won(t);
			return true;
		}
		if (wait->asks)
			return false;
		weft__os_spin(round); /* not committed yet, or just won by somebody who is about to clear it */
	}
	return false;
}

/* --- holding a thread by its handle --- */

static weft__a32 *holders_of(uint64_t handle)
{
	size_t index = handle & WEFT__INDEX_MASK;
	struct weft__chunk *chunk = weft__load_acq(&weft__chunks[index >> WEFT__CHUNK_BITS]); /* order RECORD-CHUNK */
	return &chunk->holders[index & (WEFT__CHUNK - 1)];
}

/* A thread that has ended has the next generation there. */
static bool has_ended(struct weft__record *record, uint64_t handle)
{
	return (weft__load_acq(&record->park) ^ weft__park_word(handle)) >> 32 != 0;
}

bool weft__has_ended(uint64_t caller)
{
	struct weft__record *record = !caller || weft__is_outsider(caller) ? NULL : weft__record_of(caller);
	return record && has_ended(record, caller);
}

void weft__record_keep(uint64_t handle)
{
	weft__add_acqrel(holders_of(handle), 1);
}

struct weft__thread *weft__record_thread(uint64_t handle)
{
	return weft__load_rlx(&weft__record_of(handle)->thread); /* relaxed: it stays while the record is kept */
}

struct weft__thread *weft__record_kept(uint64_t handle)
{
	return has_ended(weft__record_of(handle), handle) ? NULL : weft__record_thread(handle);
}

struct weft__thread *weft__record_hold(uint64_t handle)
{
	struct weft__record *record = weft__record_of(handle);
	if (!record || has_ended(record, handle))
		return NULL;
	weft__record_keep(handle);
	weft__os_barrier(); /* order HOLD: against the light fence of a thread that ends */
	struct weft__thread *t = weft__record_kept(handle);
	if (!t)
		weft__record_release(handle);
	return t;
}

void weft__record_release(uint64_t handle)
{
	weft__sub_acqrel(holders_of(handle), 1); /* order HOLD */
}

void weft__record_await_holders(uint64_t handle)
{
	weft__a32 *holders = holders_of(handle);
	weft__fence_light_or_full();
	for (unsigned round = 1; weft__unlikely(weft__load_acq(holders) != 0); round++) /* order HOLD */
		weft__os_spin(round);
}

/* --- the public calls --- */

int weft_cancel(weft_t thread)
{
	struct weft__thread *t = weft__record_hold(thread);
	if (!t)
		return -ESRCH;
	weft__or_acqrel(&t->attention, WEFT__CANCELED);
	weft__hold(t);
	weft__os_barrier(); /* order WAIT: against the light fence of a thread that waits, or is woken */
	bool ours = weft__end_wait(t);
	weft__release(t);
	weft__record_release(thread); /* who waits cannot end */
	if (ours)
		weft__ready(t);
	return 0;
}

int weft_testcancel(void)
{
	struct weft__thread *self = weft__self_or_null();
	if (!self || self->masked)
		return 0;
	if (weft__load_rlx(&self->attention) & WEFT__CANCELED) /* relaxed: it is seen sooner or later */
		return -ECANCELED;
	if (!self->scope)
		return 0;
	if (weft__scope_deadline(self, WEFT__NEVER) <= weft__os_now())
		weft__scope_expire(self);
	return weft__scope_is_canceled(self->scope) ? -ECANCELED : 0;
}

int weft_cancel_mask(void)
{
	struct weft__thread *self = weft__self_or_null();
	if (!self)
		return -EPERM;
	self->masked++;
	self->escaped = true; /* its end has to take the mask back */
	return 0;
}

int weft_cancel_unmask(void)
{
	struct weft__thread *self = weft__self_or_null();
	if (!self || !self->masked)
		return -EPERM;
	self->masked--;
	return 0;
}
