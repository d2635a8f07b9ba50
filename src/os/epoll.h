/* SPDX-License-Identifier: MIT */
/* epoll and eventfd. Each returns a negative errno value when it fails. */
#ifndef WEFT_SRC_OS_EPOLL_H
#define WEFT_SRC_OS_EPOLL_H

#include <stdint.h>
#include <sys/epoll.h>

int weft__os_epoll_create(void);

/* EPOLL_CTL_ADD, MOD or DEL. */
int weft__os_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t key);

/* Wait until the deadline (0: not at all) for up to n events: how many came. */
int weft__os_epoll_wait(int epoll, struct epoll_event *events, int n, uint64_t deadline);

/* A count that is ready while it is not 0; take lowers it by 1. */
int weft__os_eventfd(void);
void weft__os_eventfd_add(int event);
void weft__os_eventfd_take(int event);

#endif
