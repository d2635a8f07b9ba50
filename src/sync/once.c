/* SPDX-License-Identifier: MIT */
/* Once: not begun, running, done. */
#include <errno.h>

#include "src/sync/address.h"
#include "weft/sync.h"

enum { NOT_BEGUN, RUNNING, DONE };

struct once {
	weft__a32 state;
	uint32_t unused;
};

_Static_assert(sizeof(struct once) == sizeof(struct weft_once), "ABI");

static const struct weft__reason reason = { "another's weft_once", NULL };

static void run(struct once *o, void (*fn)(void *), void *arg)
{
	fn(arg);
	weft__store_rel(&o->state, DONE); /* order ONCE */
	weft__address_wake(&o->state, UINT32_MAX);
}

int weft_once(struct weft_once *once, void (*fn)(void *), void *arg)
{
	struct once *o = (struct once *)(void *)once;
	uint32_t state = weft__load_acq(&o->state); /* order ONCE */
	if (weft__likely(state == DONE))
		return 0;
	if (!fn)
		return -EINVAL;
	state = NOT_BEGUN;
	if (weft__cas_acqrel(&o->state, &state, RUNNING)) {
		run(o, fn, arg);
		return 0;
	}
	while (weft__load_acq(&o->state) != DONE) { /* order ONCE */
		struct weft__waiter waiter = { .until = { &o->state, UINT32_MAX, DONE, true },
					       .reason = &reason,
					       .object = o };
		int err = weft__address_wait(&waiter, WEFT__NEVER);
		if (err && err != -EAGAIN)
			return err;
	}
	return 0;
}
