/* SPDX-License-Identifier: MIT */
/* The wait group: a count, and a bit that says that somebody may wait for it to be 0. */
#include <errno.h>

#include "src/base/panic.h"
#include "src/sync/address.h"
#include "weft/sync.h"

#define COUNT 0x3fffffffu
#define PARKED 0x80000000u

struct waitgroup {
	weft__a32 word;
	uint32_t unused;
};

_Static_assert(sizeof(struct waitgroup) == sizeof(struct weft_waitgroup), "ABI");

static const struct weft__reason reason = { "a wait group", NULL };

static struct waitgroup *group_of(struct weft_waitgroup *group)
{
	return (struct waitgroup *)(void *)group;
}

int weft_waitgroup_add(struct weft_waitgroup *group, unsigned count)
{
	struct waitgroup *g = group_of(group);
	uint32_t word = weft__load_rlx(&g->word);
	do
		if (count > COUNT - (word & COUNT))
			return -EOVERFLOW;
	while (!weft__cas_acqrel(&g->word, &word, word + count));
	return 0;
}

/* Inside the queue's lock: so all that wait are let go when it is 0, however soon something is added again. */
static bool lower_inside(weft__a32 *word)
{
	uint32_t was = weft__load_rlx(word), left;
	do {
		if (!(was & COUNT))
			weft__panic("weft_waitgroup_done: called more often than weft_waitgroup_add announced");
		left = was == (PARKED | 1) ? 0 : was - 1;
	} while (!weft__cas_acqrel(word, &was, left)); /* order WAITGROUP */
	return left == 0;
}

int weft_waitgroup_done(struct weft_waitgroup *group)
{
	struct waitgroup *g = group_of(group);
	uint32_t word = weft__load_rlx(&g->word);
	while (word != (PARKED | 1)) {
		if (!(word & COUNT))
			weft__panic("weft_waitgroup_done: called more often than weft_waitgroup_add announced");
		if (weft__cas_acqrel(&g->word, &word, word - 1)) /* order WAITGROUP */
			return 0;
	}
	weft__address_grant_all(&g->word, lower_inside);
	return 0;
}

static int wait(struct waitgroup *g, uint64_t deadline)
{
	struct weft__waiter waiter = { .until = { &g->word, PARKED, PARKED, false }, .reason = &reason, .object = g };
	uint32_t word = weft__load_acq(&g->word); /* order WAITGROUP */
	while (word & COUNT) {
		if (!(word & PARKED) && !weft__cas_acqrel(&g->word, &word, word | PARKED))
			continue;
		int err = weft__address_wait(&waiter, deadline);
		if (waiter.granted || err == -EAGAIN) /* PARKED is gone: it was 0 */
			return 0;
		if (err)
			return err;
		word = weft__load_acq(&g->word); /* order WAITGROUP */
	}
	return 0;
}

int weft_waitgroup_wait(struct weft_waitgroup *group)
{
	return wait(group_of(group), WEFT__NEVER);
}

int weft_waitgroup_wait_timeout(struct weft_waitgroup *group, uint64_t nanoseconds)
{
	return wait(group_of(group), weft__deadline(nanoseconds));
}
