/* SPDX-License-Identifier: MIT */
/*
 * weft_poll: ask the kernel about all descriptors; if none is ready, wait for an edge of any, and ask again. It arms each
 * descriptor anew, so that it works on descriptors that a library has made and closes by close(2), too.
 */
#include <limits.h>
#include <poll.h>
#include <string.h>

#include "src/io/io.h"
#include "src/io/ready.h"
#include "src/os/io.h"
#include "src/os/memory.h"
#include "src/poll/outside.h"
#include "src/poll/poller.h"
#include "weft/time.h"

/* One waiter for each descriptor and direction asked for. */
struct asking {
	struct pollfd *fds;
	size_t n;
	struct weft__fd_set set;
	size_t *index; /* of each waiter's descriptor in fds */
	int gone;      /* descriptors that are closed, or being closed */
};

enum { OUTPUT_EVENTS = POLLOUT | POLLWRNORM | POLLWRBAND, FEW = 4 };

struct memory {
	struct weft__fd_waiter waiter[2 * FEW];
	size_t index[2 * FEW];
};

static int add(struct asking *a, size_t index, enum weft__fd_way way)
{
	size_t i = a->set.n;
	struct weft__fd *e;
	int err = weft__fd_enter(a->fds[index].fd, &e);
	if (err == -EBADF) {
		a->gone += !a->fds[index].revents;
		a->fds[index].revents = POLLNVAL;
		return 0;
	}
	if (err)
		return err;
	unsigned events = (unsigned)a->fds[index].events;
	events = way == WEFT__OUTPUT ? events & OUTPUT_EVENTS : events & ~(unsigned)OUTPUT_EVENTS;
	a->set.waiter[i] =
		(struct weft__fd_waiter){ .set = &a->set,
					  .entry = e,
					  .way = way,
					  .request = { .fd = a->fds[index].fd, .op = WEFT__POLL, .events = events } };
	a->index[i] = index;
	a->set.n++;
	return 0;
}

static int add_all(struct asking *a)
{
	int err = 0;
	for (size_t i = 0; i < a->n && !err; i++) {
		if (a->fds[i].fd < 0)
			continue;
		if (a->fds[i].events & OUTPUT_EVENTS)
			err = add(a, i, WEFT__OUTPUT);
		if (!err && (!a->fds[i].events || (a->fds[i].events & ~OUTPUT_EVENTS)))
			err = add(a, i, WEFT__INPUT);
	}
	return err;
}

/* How many of them have been closed: those alone are reported then. */
static int closed(struct asking *a)
{
	int n = 0;
	for (size_t i = 0; i < a->set.n; i++)
		if (a->set.waiter[i].closed && !a->fds[a->index[i]].revents) {
			a->fds[a->index[i]].revents = POLLNVAL;
			n++;
		}
	return n;
}

static int ask(struct asking *a)
{
	for (size_t i = 0; i < a->set.n; i++)
		a->set.waiter[i].seen = weft__fd_look(a->set.waiter[i].entry, a->set.waiter[i].way);
	return weft__os_poll(a->fds, a->n, 0);
}

/* -EPERM: one that nothing ever happens to, such as a file, of which something strange is asked. */
static int arm_all(struct asking *a)
{
	int err = 0;
	for (size_t i = 0; i < a->set.n && (!err || err == -EPERM); i++)
		err = weft__fd_arm(a->set.waiter[i].entry, a->fds[a->index[i]].fd, a->set.waiter[i].way, true);
	return err == -EPERM ? 0 : err;
}

static const struct weft__reason reason = { "any of several descriptors", NULL };

static int wait_inside(struct asking *a, uint64_t deadline)
{
	int n = arm_all(a);
	while (n == -EBADF && (n = ask(a)) == 0) /* closed by close(2): it says which */
		n = arm_all(a);
	while (n == 0 && (n = ask(a)) == 0) {
		n = weft__fd_wait_any(&a->set, &reason, deadline);
		int gone = closed(a);
		if (gone)
			return gone;
	}
	int late = n == -ETIMEDOUT ? ask(a) : 0; /* the poller may be */
	return late > 0 ? late : n;
}

static int wait_outside(struct asking *a, uint64_t deadline)
{
	struct pollfd *fds = weft__os_alloc((a->n + 1) * sizeof *fds);
	struct weft__fd **entries = weft__os_alloc((a->set.n + 1) * sizeof(struct weft__fd *));
	int n = -ENOMEM;
	if (fds && entries) {
		if (a->n)
			memcpy(fds, a->fds, a->n * sizeof *fds);
		for (size_t i = 0; i < a->set.n; i++)
			entries[i] = a->set.waiter[i].entry;
		n = weft__outside_wait(fds, a->n, entries, a->set.n, &reason, deadline);
		if (a->n)
			memcpy(a->fds, fds, a->n * sizeof *fds);
	}
	for (size_t i = 0; i < a->set.n && n == -EBADF; i++)
		a->set.waiter[i].closed = weft__fd_is_closing(entries[i]);
	weft__os_free(entries);
	weft__os_free(fds);
	return n == -EBADF ? closed(a) : n;
}

/* By the poller, or in the kernel: see outside.h. */
static int wait_for_any(struct asking *a, uint64_t deadline)
{
	struct weft__thread *self = weft__self_or_null();
	int err = self ? weft__poller_begin() : 0;
	if (err)
		return err;
	return self && (weft__is_green(self) || !weft__poller_is_uring()) ? wait_inside(a, deadline)
									  : wait_outside(a, deadline);
}

static int wait(struct asking *a, uint64_t deadline)
{
	int n = add_all(a);
	if (n == 0 && a->gone)
		n = a->gone;
	else if (n == 0)
		n = wait_for_any(a, deadline);
	for (size_t i = 0; i < a->set.n; i++)
		weft__fd_leave(a->set.waiter[i].entry);
	return n;
}

static int wait_for_few(struct asking *a, uint64_t deadline)
{
	struct memory m;
	a->set.waiter = m.waiter;
	a->index = m.index;
	return wait(a, deadline);
}

static int wait_for_many(struct asking *a, uint64_t deadline)
{
	int n = -ENOMEM;
	a->set.waiter = weft__os_alloc_zeroed(2 * a->n, sizeof *a->set.waiter);
	a->index = weft__os_alloc_zeroed(2 * a->n, sizeof *a->index);
	if (a->set.waiter && a->index)
		n = wait(a, deadline);
	weft__os_free(a->index);
	weft__os_free(a->set.waiter);
	return n;
}

int weft__poll(struct pollfd *fds, size_t n, uint64_t deadline)
{
	struct asking a = { .fds = fds, .n = n };
	if (n > INT_MAX || (n && !fds))
		return -EINVAL;
	weft__take_turns();
	int ready = weft__os_poll(fds, n, 0);
	if (ready)
		return ready;
	if (deadline == 0)
		return -ETIMEDOUT;
	return n <= FEW ? wait_for_few(&a, deadline) : wait_for_many(&a, deadline);
}

int weft_poll(struct pollfd *fds, size_t n)
{
	return weft__poll(fds, n, WEFT__NEVER);
}

int weft_poll_timeout(struct pollfd *fds, size_t n, uint64_t nanoseconds)
{
	return weft__poll(fds, n, weft__deadline(nanoseconds));
}
