/* SPDX-License-Identifier: MIT */
/* In place of the uring files where weft is built without liburing: there is no poller on io_uring, so that nothing else here is called. */
#include <errno.h>

#include "src/poll/uring.h"

int weft__uring_begin(void)
{
	return -ENOTSUP;
}

void weft__uring_end(void)
{
}

int weft__uring_attach(struct weft__worker *w)
{
	(void)w;
	return -ENOTSUP;
}

bool weft__uring_sends(void)
{
	return false;
}

void weft__uring_queue(struct weft__uring_request *request)
{
	(void)request;
}

bool weft__uring_take_back(struct weft__uring_request *request)
{
	(void)request;
	return true;
}

void weft__uring_reap(struct weft__worker *w, unsigned most, struct weft__list *done)
{
	(void)w, (void)most, (void)done;
}

void weft__uring_try(struct weft__worker *w, struct weft__list *done)
{
	(void)w, (void)done;
}

void weft__uring_enter(struct weft__worker *w, bool wait, uint64_t deadline)
{
	(void)w, (void)wait, (void)deadline;
}

void weft__uring_stand_in(struct weft__worker *w)
{
	(void)w;
}

void weft__uring_wake(struct weft__worker *w)
{
	(void)w;
}
