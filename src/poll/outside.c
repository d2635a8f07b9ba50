/* SPDX-License-Identifier: MIT */
/* Waiting for descriptors in the kernel. */
#include "src/poll/outside.h"

#include <errno.h>
#include <unistd.h>

#include "src/os/epoll.h"
#include "src/os/io.h"
#include "src/os/lock.h"
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

enum { NOT_COMMITTED, ASLEEP, OVER };

/* Of a bound thread. */
struct bound {
	struct weft__wait wait;
	weft__a32 state;
	struct pollfd *fds;
	size_t n, count;
	struct weft__fd *const *entries;
	int ready;
	bool kicked; /* by who revoked it */
};

static bool is_over(struct bound *bound)
{
	return bound && weft__load_acq(&bound->state) == OVER; /* order FD-SET */
}

/* bound: NULL for an outsider. -ECANCELED: it has been revoked. */
static int wait(struct pollfd *fds, size_t n, struct weft__fd *const *entries, size_t count, struct bound *bound,
		uint64_t deadline)
{
	while (!any_closing(entries, count)) {
		if (is_over(bound))
			return -ECANCELED;
		int ready = weft__os_poll(fds, n + 1, deadline);
		int other = ready > 0 && fds[n].revents;
		if (ready < 0 || ready > other)
			return ready - other;
		if (other)
			weft__os_relax(); /* another descriptor is being closed */
		else if (deadline != WEFT__NEVER && weft__os_now() >= deadline)
			return -ETIMEDOUT;
	}
	return -EBADF;
}

static int wait_counted(struct pollfd *fds, size_t n, struct weft__fd *const *entries, size_t count,
			struct bound *bound, uint64_t deadline)
{
	int fd = event();
	if (fd < 0)
		return fd;
	fds[n] = (struct pollfd){ .fd = fd, .events = POLLIN };
	weft__add_acqrel(&outside.waiting, 1);
	weft__fence_full(); /* order FD-OUTSIDE */
	int ready = wait(fds, n, entries, count, bound, deadline);
	weft__sub_acqrel(&outside.waiting, 1);
	return ready;
}

int weft__outside_wait(struct pollfd *fds, size_t n, struct weft__fd *const *entries, size_t count, uint64_t deadline)
{
	return wait_counted(fds, n, entries, count, NULL, deadline);
}

int weft__fd_wait_outside(struct weft__fd *e, int fd, enum weft__fd_way way, uint64_t deadline)
{
	struct pollfd fds[2] = { { .fd = fd, .events = way == WEFT__INPUT ? POLLIN : POLLOUT } };
	int ready = weft__outside_wait(fds, 1, &e, 1, deadline);
	return ready < 0 ? ready : 0;
}

/* --- bound threads --- */

static bool bound_commit(struct weft__wait *wait)
{
	weft__store_rel(&weft__container(wait, struct bound, wait)->state, ASLEEP); /* order FD-SET */
	return true;
}

static bool bound_revoke(struct weft__wait *wait, struct weft__thread *self)
{
	struct bound *bound = weft__container(wait, struct bound, wait);
	uint32_t asleep = ASLEEP;
	(void)self;
	if (!weft__cas_acqrel(&bound->state, &asleep, OVER)) /* order FD-SET */
		return false;
	bound->kicked = weft__outside_kick();
	return true;
}

static void bound_sleep(struct weft__wait *wait, uint64_t deadline)
{
	struct bound *bound = weft__container(wait, struct bound, wait);
	struct weft__thread *self = wait->self;
	uint32_t asleep = ASLEEP;
	if (is_over(bound)) {
		(void)weft__os_futex_wait(&self->wake, 0, WEFT__NEVER); /* who revoked it is about to wake it */
		return;
	}
	int ready = wait_counted(bound->fds, bound->n, bound->entries, bound->count, bound, deadline);
	if (!weft__cas_acqrel(&bound->state, &asleep, OVER)) /* order FD-SET */
		return;
	bound->ready = ready;
	if (ready == -ETIMEDOUT)
		weft__wait_result(self, -ETIMEDOUT);
	weft__ready(self);
}

int weft__outside_park(struct pollfd *fds, size_t n, struct weft__fd *const *entries, size_t count,
		       const struct weft__reason *reason, uint64_t deadline)
{
	struct bound bound = {
		.wait = { bound_commit, bound_revoke, weft__self_or_null(), reason, fds, .sleep = bound_sleep },
		.fds = fds,
		.n = n,
		.count = count,
		.entries = entries,
	};
	int err = weft__park(&bound.wait, deadline);
	if (bound.kicked)
		weft__outside_calm();
	return err ? err : bound.ready;
}

int weft__fd_wait_bound(struct weft__fd *e, int fd, enum weft__fd_way way, const struct weft__reason *reason,
			uint64_t deadline)
{
	struct pollfd fds[2] = { { .fd = fd, .events = way == WEFT__INPUT ? POLLIN : POLLOUT } };
	int ready = weft__outside_park(fds, 1, &e, 1, reason, deadline);
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
