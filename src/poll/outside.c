/* SPDX-License-Identifier: MIT */
/* Waiting for descriptors in the kernel. */
#include "src/poll/outside.h"

#include <errno.h>
#include <unistd.h>

#include "src/os/epoll.h"
#include "src/os/io.h"
#include "src/os/lock.h"
#include "src/poll/entry.h"
#include "src/sched/cancel.h"

static struct {
	struct weft__lock lock;
	int event_plus_one; /* under lock; stays once it is made */
	weft__a32 waiting;
} outside;

static int event(void)
{
	weft__lock(&outside.lock);
	int fd = outside.event_plus_one ? outside.event_plus_one - 1 : weft__os_eventfd();
	if (fd >= 0)
		outside.event_plus_one = fd + 1;
	weft__unlock(&outside.lock);
	return fd;
}

static bool any_closing(struct weft__fd *const *entries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (weft__fd_is_closing(entries[i]))
			return true;
	return false;
}

/* One that waits. The wait, and what ends it sooner, are a bound thread's: an outsider cannot be canceled. */
struct waiter {
	struct weft__wait wait;
	weft__a32 state;
	struct pollfd *fds;
	size_t n, count;
	struct weft__fd *const *entries;
	int ready;
	bool kicked; /* by who revoked it */
};

static bool is_revoked(struct waiter *waiter)
{
	return weft__load_acq(&waiter->state) == WEFT__OVER; /* order FD-SET */
}

static int poll_until(struct waiter *waiter, uint64_t deadline)
{
	struct pollfd *event = &waiter->fds[waiter->n];
	while (!any_closing(waiter->entries, waiter->count)) {
		if (is_revoked(waiter))
			return -ECANCELED;
		int ready = weft__os_poll(waiter->fds, waiter->n + 1, deadline);
		int other = ready > 0 && event->revents;
		if (ready < 0 || ready > other)
			return ready - other;
		if (other)
			weft__os_relax(); /* another descriptor is being closed */
		else if (deadline != WEFT__NEVER && weft__os_now() >= deadline)
			return -ETIMEDOUT;
	}
	return -EBADF;
}

static int wait_in_kernel(struct waiter *waiter, uint64_t deadline)
{
	int fd = event();
	if (fd < 0)
		return fd;
	waiter->fds[waiter->n] = (struct pollfd){ .fd = fd, .events = POLLIN };
	weft__add_acqrel(&outside.waiting, 1);
	weft__fence_full(); /* order FD-OUTSIDE */
	int ready = poll_until(waiter, deadline);
	weft__sub_acqrel(&outside.waiting, 1);
	return ready;
}

static bool commit(struct weft__wait *wait)
{
	weft__store_rel(&weft__container(wait, struct waiter, wait)->state, WEFT__ASLEEP); /* order FD-SET */
	return true;
}

static bool take_back(struct weft__wait *wait, struct weft__thread *self)
{
	struct waiter *waiter = weft__container(wait, struct waiter, wait);
	uint32_t asleep = WEFT__ASLEEP;
	(void)self;
	if (!weft__cas_acqrel(&waiter->state, &asleep, WEFT__OVER)) /* order FD-SET */
		return false;
	waiter->kicked = weft__outside_kick();
	return true;
}

static void sleep_in_kernel(struct weft__wait *wait, uint64_t deadline)
{
	struct waiter *waiter = weft__container(wait, struct waiter, wait);
	struct weft__thread *self = wait->self;
	uint32_t asleep = WEFT__ASLEEP;
	if (is_revoked(waiter)) {
		(void)weft__os_futex_wait(&self->wake, 0, WEFT__NEVER); /* who revoked it is about to wake it */
		return;
	}
	int ready = wait_in_kernel(waiter, deadline);
	if (!weft__cas_acqrel(&waiter->state, &asleep, WEFT__OVER)) /* order FD-SET */
		return;
	waiter->ready = ready;
	if (ready == -ETIMEDOUT)
		weft__wait_result(self, -ETIMEDOUT);
	weft__ready(self);
}

int weft__outside_wait(struct pollfd *fds, size_t n, struct weft__fd *const *entries, size_t count,
		       const struct weft__reason *reason, uint64_t deadline)
{
	struct waiter waiter = {
		.wait = { commit, take_back, weft__self_or_null(), reason, fds, .sleep = sleep_in_kernel },
		.fds = fds,
		.n = n,
		.count = count,
		.entries = entries,
	};
	if (!waiter.wait.self)
		return wait_in_kernel(&waiter, deadline);
	int err = weft__park(&waiter.wait, deadline);
	if (waiter.kicked)
		weft__outside_calm();
	return err ? err : waiter.ready;
}

int weft__outside_wait_one(struct weft__fd *e, int fd, enum weft__fd_way way, uint64_t deadline)
{
	struct pollfd fds[2] = { { .fd = fd, .events = way == WEFT__INPUT ? POLLIN : POLLOUT } };
	int ready = weft__outside_wait(fds, 1, &e, 1, &weft__fd_reasons[way], deadline);
	return ready < 0 ? ready : 0;
}

/* --- closers --- */

bool weft__outside_kick(void)
{
	weft__fence_full(); /* order FD-OUTSIDE */
	if (!weft__load_rlx(&outside.waiting))
		return false;
	weft__os_eventfd_add(event()); /* it is there: somebody polls it */
	return true;
}

void weft__outside_calm(void)
{
	weft__os_eventfd_take(event());
}

void weft__outside_forget(void)
{
	outside.lock = (struct weft__lock){ 0 };
	outside.event_plus_one = 0;
	weft__store_rlx(&outside.waiting, 0); /* relaxed: nobody else is there */
}
