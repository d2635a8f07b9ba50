/* SPDX-License-Identifier: MIT */
/* The blocking pool as its callers see it: to make a request, wait for it, take it back; the protocol is in blocking.h. */
#include "src/io/blocking.h"

#include <errno.h>

#include "src/io/blocking_pool.h"
#include "weft/blocking.h"
#include "weft/cancel.h"

static bool request_commit(struct weft__wait *wait)
{
	struct weft__request *r = weft__container(wait, struct weft__request, wait);
	weft__blocking_lock();
	bool waits = r->state != WEFT__REQUEST_DONE;
	r->parked = waits;
	if (r->state == WEFT__REQUEST_TAKEN)
		weft__wait_won(wait->self);
	weft__blocking_unlock();
	return waits;
}

static bool request_revoke(struct weft__wait *wait, struct weft__thread *self)
{
	struct weft__request *r = weft__container(wait, struct weft__request, wait);
	(void)self;
	weft__blocking_lock();
	bool ours = r->parked && weft__blocking_withdraw(r);
	weft__blocking_unlock();
	return ours;
}

/* The wait has ended by an error: whether the request has not been called, and will not be. */
static bool take_back(struct weft__request *r)
{
	weft__blocking_lock();
	bool back = r->state == WEFT__REQUEST_WITHDRAWN || weft__blocking_withdraw(r);
	weft__blocking_unlock();
	return back;
}

static int run_in_pool(struct weft__thread *self, void *(*fn)(void *), void *arg, void **result, uint64_t deadline)
{
	static const struct weft__reason reason = { "the blocking pool", NULL };
	struct weft__request r = { .wait = { request_commit, request_revoke, self, &reason, NULL, .shielded = false },
				   .fn = fn,
				   .arg = arg };
	int err = weft_testcancel();
	if (err)
		return err;
	if (!weft__blocking_submit(&r, deadline != 0))
		return -ETIMEDOUT;
	err = weft__park(&r.wait, deadline ? deadline : WEFT__NEVER);
	if (err && take_back(&r))
		return err;
	if (err) { /* before it had parked */
		r.wait.revoke = NULL;
		(void)weft__park(&r.wait, WEFT__NEVER);
	}
	if (!r.err && result)
		*result = r.result;
	return r.err;
}

int weft__blocking(void *(*fn)(void *), void *arg, void **result, uint64_t deadline)
{
	struct weft__thread *self = weft__self_or_null();
	if (!fn)
		return -EINVAL;
	if (self && weft__is_green(self))
		return run_in_pool(self, fn, arg, result, deadline);
	void *mine = fn(arg);
	if (result)
		*result = mine;
	return 0;
}

int weft_blocking(void *(*fn)(void *), void *arg, void **result)
{
	return weft__blocking(fn, arg, result, WEFT__NEVER);
}

int weft_blocking_timeout(void *(*fn)(void *), void *arg, void **result, uint64_t nanoseconds)
{
	return weft__blocking(fn, arg, result, weft__deadline(nanoseconds));
}
