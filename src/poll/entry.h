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

#endif
