/* SPDX-License-Identifier: MIT */
#include "tests/model/wait.h"

#include <errno.h>

/* Who ends a wait has it WON or TAKEN_BACK. */
enum { IDLE, WAITING, WON, TAKEN_BACK, OBJECTS = 8 };

static struct {
	weft__a32 state;
	struct weft__thread *waiter; /* written before WAITING */
	unsigned wakes;		     /* how many have got the right to make it runnable */
} object[OBJECTS];

static struct model_frame *alive(struct weft__wait *wait)
{
	struct model_frame *f = weft__container(wait, struct model_frame, wait);
	MODEL_ASSERT(model_read(&f->alive));
	return f;
}

static bool commit(struct weft__wait *wait)
{
	uint32_t old = IDLE;
	unsigned number = alive(wait)->number;
	model_commits(number);
	object[number].waiter = wait->self;
	return weft__cas_acqrel(&object[number].state, &old, WAITING);
}

static bool revoke(struct weft__wait *wait, struct weft__thread *self)
{
	uint32_t old = WAITING;
	unsigned number = alive(wait)->number;
	MODEL_ASSERT(self == wait->self);
	if (!weft__cas_acqrel(&object[number].state, &old, TAKEN_BACK))
		return false;
	object[number].wakes++;
	return true;
}

bool model_gone(struct weft__wait *wait, struct weft__thread *self)
{
	(void)wait, (void)self;
	model_fail("a wait that is over", MODEL_HERE);
	return false;
}

int model_wait(unsigned number, struct model_frame *f, struct weft__thread *self, uint64_t deadline)
{
	uint32_t old = IDLE;
	f->wait = (struct weft__wait){ .commit = commit, .revoke = revoke, .self = self };
	f->number = number;
	model_write(&f->alive, 1);
	int err = weft__park(&f->wait, deadline);
	model_write(&f->alive, 0);
	f->wait.revoke = model_gone;
	unsigned wakes = object[number].wakes;
	if (err == 0)
		MODEL_ASSERT(weft__load_acq(&object[number].state) == WON && wakes <= 1);
	else if (weft__cas_acqrel(&object[number].state, &old, TAKEN_BACK))
		MODEL_ASSERT(err == -ECANCELED && wakes == 0); /* refused, before it could wait */
	else
		MODEL_ASSERT(wakes == (old == TAKEN_BACK)); /* taken back; or refused, and won since */
	MODEL_ASSERT(err == 0 || err == -ECANCELED || (err == -ETIMEDOUT && deadline != WEFT__NEVER));
	return err;
}

void model_wake(unsigned number)
{
	uint32_t old = weft__load_acq(&object[number].state);
	do
		if (old == TAKEN_BACK)
			return;
	while (!weft__cas_acqrel(&object[number].state, &old, WON));
	if (old == WAITING) {
		object[number].wakes++;
		weft__ready(object[number].waiter);
	}
}
