/* SPDX-License-Identifier: MIT */
/*
 * Robust mutexes: a thread has a list of those that it holds, the latest first. One that ends with some held leaves them marked
 * and unlocks them, so that the next owner is told; who then unlocks one without having said that what it guards is in order
 * makes it unusable for good.
 */
#include <errno.h>

#include "src/sync/mutex.h"

/* An owner has died with it, and nobody has said since that what it guards is in order; nobody did. */
enum { CONSISTENT, OWNER_DIED, NOT_RECOVERABLE };

int weft__mutex_note_held(struct weft__mutex *m)
{
	struct weft__thread *self = weft__self_or_null();
	if (m->state == NOT_RECOVERABLE) {
		weft__mutex_release(m);
		return -ENOTRECOVERABLE;
	}
	if (self) { /* what ends a kernel thread that is not weft's is not known here */
		m->held_before = self->held;
		self->held = m;
		self->escaped = true;
	}
	return m->state == OWNER_DIED ? -EOWNERDEAD : 0;
}

void weft__mutex_note_released(struct weft__mutex *m)
{
	struct weft__thread *self = weft__self_or_null();
	if (m->state == OWNER_DIED)
		m->state = NOT_RECOVERABLE;
	if (!self)
		return;
	struct weft__mutex **at = &self->held;
	while (*at != m)
		at = &(*at)->held_before;
	*at = m->held_before;
}

static void abandon(struct weft__thread *self)
{
	while (self->held) {
		struct weft__mutex *m = self->held;
		self->held = m->held_before;
		if (m->state == CONSISTENT)
			m->state = OWNER_DIED;
		m->depth = 0;
		weft__mutex_release(m);
	}
}
void (*const weft__abandon_mutexes)(struct weft__thread *self) = abandon;

int weft_mutex_consistent(struct weft_mutex *mutex)
{
	struct weft__mutex *m = weft__mutex_of(mutex);
	if (weft__load_rlx(&m->owner) != weft__caller()) /* relaxed: only we could have written it equal */
		return -EPERM;
	if (m->state != OWNER_DIED)
		return -EINVAL;
	m->state = CONSISTENT;
	return 0;
}
