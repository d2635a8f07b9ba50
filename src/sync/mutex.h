/* SPDX-License-Identifier: MIT */
/* What is inside a struct weft_mutex, and the two calls that a condition variable makes. */
#ifndef WEFT_SRC_SYNC_MUTEX_H
#define WEFT_SRC_SYNC_MUTEX_H

#include "src/sync/address.h"
#include "weft/sync.h"

struct weft__mutex {
	uint32_t recursive; /* set by the initializer */
	weft__a32 word;	    /* LOCKED, PARKED */
	weft__a64 owner;    /* written by the owner; others compare it with themselves */
	uint64_t depth;	    /* owner only: locked again so often */
};

_Static_assert(sizeof(struct weft__mutex) == sizeof(struct weft_mutex), "ABI");

weft__inline struct weft__mutex *weft__mutex_of(struct weft_mutex *mutex)
{
	return (struct weft__mutex *)(void *)mutex;
}

/* Lock it, whatever becomes of the caller. */
void weft__mutex_lock_shielded(struct weft__mutex *m, uint64_t self);
void weft__mutex_unlock(struct weft__mutex *m);

#endif
