/* SPDX-License-Identifier: MIT */
/* Requests that a worker does itself, rather than sleep in its ring; see uring.h. */
#include <errno.h>

#include "src/os/io.h"
#include "src/poll/uring_inside.h"

/* Where more are queued a batch of them costs less than a system call each. */
enum { FEW = 4, STEP_MAX = 15 };

static struct weft__uring_request *begin_try(struct weft__uring *u)
{
	struct weft__uring_request *r = NULL;
	weft__uring_lock(u);
	if (!weft__list_empty(&u->queued))
		r = weft__container(u->queued.next, struct weft__uring_request, link);
	if (r && r->op != WEFT__RECEIVE && r->op != WEFT__READ)
		r = NULL;
	if (r) {
		weft__uring_unqueue(u, r);
		r->state = WEFT__TRIED;
	}
	weft__uring_unlock(u);
	return r;
}

static ssize_t try(const struct weft__uring_request *r)
{
	const struct iovec vec = { r->data, r->size };
	return r->op == WEFT__RECEIVE ? weft__os_recvfrom(r->fd, r->data, r->size, 0, NULL, NULL)
				      : weft__os_readv(r->fd, &vec, 1, WEFT__OS_NOWAIT);
}

/* In vain: it is the oldest again, or canceled if it has been asked to end meanwhile. True: it has ended. */
static bool end_try(struct weft__uring *u, struct weft__uring_request *r, ssize_t n, struct weft__list *done)
{
	weft__uring_lock(u);
	bool over = n != -EAGAIN || r->asked;
	r->result = n == -EAGAIN ? -ECANCELED : n;
	if (over) {
		weft__uring_over(u, r, done);
	} else {
		r->state = WEFT__QUEUED;
		r->linked = true;
		weft__list_push_front(&u->queued, &r->link);
		weft__uring_count(&u->worker->queued, 1);
	}
	weft__uring_unlock(u);
	return over;
}

void weft__uring_try(struct weft__worker *w, struct weft__list *done)
{
	struct weft__uring *u = weft__uring_of(w);
	if (!u || weft__load_rlx(&w->queued) > FEW) /* relaxed: a hint */
		return;
	if (u->skip) {
		u->skip--;
		return;
	}
	struct weft__uring_request *r = begin_try(u);
	bool in_vain = r && !end_try(u, r, try(r), done);
	u->step = !in_vain ? 0 : u->step < STEP_MAX ? 2 * u->step + 1 : STEP_MAX;
	u->skip = u->step;
}
