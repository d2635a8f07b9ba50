/* SPDX-License-Identifier: MIT */
/* The life of rings; see uring.h. */
#include "src/poll/uring_inside.h"

#include <errno.h>

#include "src/os/epoll.h"
#include "src/os/fork.h"
#include "src/os/io.h"
#include "src/os/memory.h"

static bool sends; /* set at the beginning */

static int make(struct weft__worker *w)
{
	struct weft__uring *u = weft__os_alloc(sizeof *u);
	if (!u)
		return -ENOMEM;
	*u = (struct weft__uring){ .worker = w, .event = weft__os_eventfd() };
	int err = u->event < 0 ? u->event : 0;
	if (!err) {
		err = weft__os_uring_create(&u->ring, weft__tune.uring_entries, weft__tune.uring_completions);
		if (err)
			weft__os_close(u->event);
	}
	if (err) {
		weft__os_free(u);
		return err;
	}
	weft__list_init(&u->queued);
	weft__list_init(&u->cancels);
	weft__store_rel(&w->uring, u); /* order URING-RING */
	return 0;
}

static void destroy(struct weft__uring *u)
{
	if (weft__os_forked)
		weft__os_close(u->ring.ring_fd); /* its queues are not mapped here */
	else
		io_uring_queue_exit(&u->ring);
	weft__os_close(u->event);
	weft__os_free(u);
}

void weft__uring_end(void)
{
	uint32_t n = weft__load_acq(&weft__pool.workers); /* order WORKERS */
	for (uint32_t i = 0; i < n; i++) {
		struct weft__worker *w = weft__load_acq(&weft__pool.worker[i]); /* order WORKERS */
		struct weft__uring *u = weft__uring_of(w);
		weft__store_rlx(&w->uring, NULL); /* relaxed: nobody uses it */
		if (u)
			destroy(u);
	}
}

/* Spare workers that come later get theirs when they need it. */
int weft__uring_begin(void)
{
	int err = 0;
	uint32_t n = weft__load_acq(&weft__pool.workers); /* order WORKERS */
	for (uint32_t i = 0; i < n && !err; i++)
		err = make(weft__load_acq(&weft__pool.worker[i])); /* order WORKERS */
	if (err) {
		weft__uring_end();
		return err;
	}
	struct weft__worker *first = weft__load_acq(&weft__pool.worker[0]); /* order WORKERS */
	sends = weft__os_uring_knows(&weft__uring_of(first)->ring, IORING_OP_SEND_ZC);
	return 0;
}

bool weft__uring_sends(void)
{
	return sends;
}

int weft__uring_attach(struct weft__worker *w)
{
	return weft__likely(weft__uring_of(w) != NULL) ? 0 : make(w);
}
