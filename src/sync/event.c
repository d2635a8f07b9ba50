/* SPDX-License-Identifier: MIT */
/* The event: set or not, and a bit that says that somebody may wait for it. */
#include <errno.h>

#include "src/sync/address.h"
#include "weft/sync.h"

enum { SET = 1, PARKED = 2 };

struct event {
	weft__a32 word;
	uint32_t unused;
};

_Static_assert(sizeof(struct event) == sizeof(struct weft_event), "ABI");

static const struct weft__reason reason = { "an event", NULL };

static struct event *event_of(struct weft_event *event)
{
	return (struct event *)(void *)event;
}

/* Inside the queue's lock: so all that wait are let go, however soon it is reset. */
static bool set_inside(weft__a32 *word)
{
	weft__xchg_acqrel(word, SET); /* order EVENT */
	return true;
}

int weft_event_set(struct weft_event *event)
{
	struct event *e = event_of(event);
	uint32_t word = weft__load_rlx(&e->word);
	while (!(word & PARKED))
		if (weft__cas_acqrel(&e->word, &word, SET)) /* order EVENT */
			return 0;
	weft__address_grant_all(&e->word, set_inside);
	return 0;
}

int weft_event_reset(struct weft_event *event)
{
	weft__and_acqrel(&event_of(event)->word, ~(uint32_t)SET);
	return 0;
}

static int wait(struct event *e, uint64_t deadline)
{
	struct weft__waiter waiter = { .until = { &e->word, UINT32_MAX, PARKED, false },
				       .reason = &reason,
				       .object = e };
	uint32_t word = weft__load_acq(&e->word); /* order EVENT */
	while (!(word & SET)) {
		if (!(word & PARKED) && !weft__cas_acqrel(&e->word, &word, word | PARKED))
			continue;
		int err = weft__address_wait(&waiter, deadline);
		if (waiter.granted || err == -EAGAIN) /* PARKED is gone: it was set */
			return 0;
		if (err)
			return err;
		word = weft__load_acq(&e->word); /* order EVENT */
	}
	return 0;
}

int weft_event_wait(struct weft_event *event)
{
	return wait(event_of(event), WEFT__NEVER);
}

int weft_event_wait_timeout(struct weft_event *event, uint64_t nanoseconds)
{
	return wait(event_of(event), weft__deadline(nanoseconds));
}
