/* SPDX-License-Identifier: MIT */
/* The poller on epoll, as src/poll/poller.c and the table of descriptors see it. */
#ifndef WEFT_SRC_POLL_EPOLL_H
#define WEFT_SRC_POLL_EPOLL_H

#include <stdbool.h>
#include <stdint.h>

#include "src/base/list.h"

int weft__epoll_begin(void); /* 0 or a negative errno value */
void weft__epoll_end(void);

/* Under the entry's lock. Report edges of the descriptor for these directions (1 << way), and what is there already;
 * `known`: it is armed, for fewer directions or in doubt. */
int weft__epoll_arm(int fd, uint32_t generation, unsigned ways, bool known);

/* Before it is closed: nobody who collects holds it open any more. */
void weft__epoll_disarm(int fd);

/* Any kernel thread, several at a time. Pass what has come to weft__fd_edge; wait for it until the deadline if it is
 * not 0. May return early, for no reason. */
void weft__epoll_collect(struct weft__list *woken, uint64_t deadline);

/* End a wait in collect, or the next if none waits. */
void weft__epoll_wake(void);

#endif
