/* SPDX-License-Identifier: MIT */
/*
 * Where many wait, a request is out of the caches when its turn comes, to be handed over or reaped, and with it all that its thread
 * needs when it goes on: the frames of the call around it, from where that sleeps up to the caller's buffer; the thread's head; the
 * descriptor's entry. All that is fetched while those before it are seen to. It may be gone by then, which harms nobody: it is
 * not looked at.
 *
 * Inline: gcc takes a function that only fetches for one without effect, and leaves out calls of it.
 */
#ifndef WEFT_SRC_POLL_URING_FETCH_H
#define WEFT_SRC_POLL_URING_FETCH_H

#include "src/poll/uring_inside.h"

#ifdef HAVE_LIBURING

enum { WEFT__URING_MANY = 128, WEFT__URING_BELOW = 256, WEFT__URING_ABOVE = 640 };

/* Worth it? */
weft__inline bool weft__uring_has_many(struct weft__uring *u)
{
	return weft__load_rlx(&u->worker->requests) > WEFT__URING_MANY; /* relaxed: a hint */
}

/* The request's, which is in them, and those around it. */
weft__inline void weft__uring_fetch_frames(uint64_t key)
{
	for (uint64_t at = key - WEFT__URING_BELOW; at <= key + WEFT__URING_ABOVE; at += WEFT__CACHE_LINE)
		__builtin_prefetch((const void *)(uintptr_t)at, 1);
}

/* What its waiter has named. */
weft__inline void weft__uring_fetch_needed(const struct weft__uring_request *r)
{
	for (int i = 0; i < 3; i++)
		__builtin_prefetch(r->needed[i], 1);
}

#endif
#endif
