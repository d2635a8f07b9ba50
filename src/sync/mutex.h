/* SPDX-License-Identifier: MIT */
/* What is inside a struct weft_mutex, the two calls that a condition variable makes, and what robust ones need besides. */
#ifndef WEFT_SRC_SYNC_MUTEX_H
#define WEFT_SRC_SYNC_MUTEX_H

#include "src/sync/address.h"
#include "weft/sync.h"

enum { WEFT__MUTEX_RECURSIVE = 1, WEFT__MUTEX_ROBUST = 2 };

struct weft__mutex {
	uint32_t flags;			 /* set by the initializer: WEFT__MUTEX_ */
	weft__a32 word;			 /* LOCKED, PARKED, WOKEN */
	weft__a64 owner;		 /* written by the owner; others compare it with themselves */
	uint32_t depth;			 /* owner only: locked again so often */
	uint32_t state;			 /* owner only: of a robust one, whether an owner died with it */
	struct weft__mutex *held_before; /* owner only: of a robust one, the next of those that its owner holds */
};

_Static_assert(sizeof(struct weft__mutex) == sizeof(struct weft_mutex), "ABI");

weft__inline struct weft__mutex *weft__mutex_of(struct weft_mutex *mutex)
{
	return (struct weft__mutex *)(void *)mutex;
}

/* Lock it, whatever becomes of the caller. */
int weft__mutex_lock_shielded(struct weft__mutex *m, uint64_t self);
void weft__mutex_unlock(struct weft__mutex *m);

/* Have those who wait for mutexes look again if threads have crashed since the last call: by the monitor. */
void weft__mutex_tell_of_crashes(void);

/* The same as weft__mutex_unlock without the bookkeeping of robust ones. */
void weft__mutex_release(struct weft__mutex *m);

/* That bookkeeping: the caller has locked it (0, -EOWNERDEAD, or -ENOTRECOVERABLE: it has been released again), or is about to
 * unlock it. */
int weft__mutex_note_held(struct weft__mutex *m);
void weft__mutex_note_released(struct weft__mutex *m);

#endif
