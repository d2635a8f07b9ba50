/* SPDX-License-Identifier: MIT */
/*
 * Supervision: children of any kind (green, bound, processes) that are started in order, restarted when they end, and
 * stopped in reverse order.
 *
 * A supervisor is a call, made by whatever thread: it returns when all children have ended for good. So supervisors nest: one
 * is a child of another, and if it gives up, its own supervisor deals with that as with any child that fails.
 */
#ifndef WEFT_SUPERVISE_H
#define WEFT_SUPERVISE_H

#include <weft/status.h>
#include <weft/thread.h>

WEFT_BEGIN_DECLS

enum weft_strategy {
	WEFT_ONE_FOR_ONE = 0, /* the child that ended is restarted */
	WEFT_ONE_FOR_ALL = 1, /* all others are stopped, and all are restarted */
	WEFT_REST_FOR_ONE = 2 /* likewise those that were started after it */
};

enum weft_restart {
	WEFT_PERMANENT = 0, /* however it ends */
	WEFT_TRANSIENT =
		1, /* if it fails: crashed, or ended with anything but NULL (a process: or with a status but 0) */
	WEFT_TEMPORARY = 2 /* never */
};

struct weft_child {
	const char *name;	      /* for `ended`, and for reports if the attribute has none; may be NULL */
	const struct weft_attr *attr; /* as of weft_spawn */
	void *(*fn)(void *);
	void *arg;
	enum weft_restart restart;
	uint64_t reserved[2];
};

/* Zero means default in every field. */
struct weft_supervisor {
	enum weft_strategy strategy;

	/* More restarts than these, within this time in nanoseconds, and the supervisor gives up. 0: 3, and 5 seconds. */
	unsigned restarts;
	uint64_t period;

	/* How long a child that fails again waits for its restart, if its last one was less than `period` ago: so long,
	 * twice that, and so on, up to so long. The first restart is at once. 0: each is; 0: 64 times the other one. */
	uint64_t pause, pause_most;

	/* Called when a child has ended that was not stopped, before anything is done about it, and when one is (re)started
	 * (status NULL). NULL: nothing is. By the supervisor's thread: it should not wait. */
	void (*ended)(void *context, const struct weft_child *child, weft_t thread, const struct weft_status *status);
	void *context;
	uint64_t reserved[4];
};

/*
 * Start the children, in order, and see to them. supervisor: NULL is all defaults. Both stay the caller's, and must stay
 * until it returns. To stop a child is to cancel it and wait until it has ended: a process is killed in the end
 * (weft_attr_set_kill_after), a green or bound thread that does not heed it is waited for.
 *
 * 0: all children have ended, and none is to be restarted. -ECANCELED: the caller was canceled. -ENOTRECOVERABLE: too many
 * restarts. What weft_spawn gave for a child at the first start. In all but the first case those that ran have been stopped.
 * -EINVAL: a child without a function, a policy that does not exist, more than 65536 restarts. -ENOMEM.
 */
WEFT_API int weft_supervise(const struct weft_supervisor *supervisor, const struct weft_child *children,
			    size_t count) WEFT_MAY_SWITCH;

/*
 * Serve a listening socket by so many processes, each of which runs fn with the descriptor's number as its argument
 * (fn((void *)(intptr_t)listener)), under a supervisor, as permanent children. It returns as weft_supervise does.
 */
WEFT_API int weft_prefork(const struct weft_supervisor *supervisor, unsigned processes, int listener,
			  void *(*fn)(void *)) WEFT_MAY_SWITCH;

WEFT_END_DECLS

#endif
