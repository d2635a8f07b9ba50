/* SPDX-License-Identifier: MIT */
/* What the parts of the table of descriptors share. */
#ifndef WEFT_SRC_POLL_ENTRY_H
#define WEFT_SRC_POLL_ENTRY_H

#include "src/poll/fd.h"

void weft__fd_lock(struct weft__fd *e);
void weft__fd_unlock(struct weft__fd *e);

/* Under the lock: take out those whom an edge wakes, or all, to `woken`. */
void weft__fd_take(struct weft__fd *e, enum weft__fd_way way, bool closed, struct weft__list *woken);

/* Make them runnable. */
void weft__fd_ready(struct weft__list *woken);

/* Whether a wait that several may end has begun, and has been ended (`state`; order FD-SET). */
enum { WEFT__NOT_COMMITTED, WEFT__ASLEEP, WEFT__OVER };

/* Of a waiter that waits alone, and of a set: enter the queues, by whichever poller (weft__wait). */
bool weft__fd_commit(struct weft__wait *wait);
bool weft__fd_set_commit(struct weft__wait *wait);
bool weft__fd_set_revoke(struct weft__wait *wait, struct weft__thread *self);

#endif
