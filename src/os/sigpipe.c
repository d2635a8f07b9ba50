/* SPDX-License-Identifier: MIT */
/* SIGPIPE blocked, and taken back unless one was pending before. */
#include "src/os/sigpipe.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

static sigset_t sigpipe(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	return set;
}

void weft__os_sigpipe_hold(struct weft__sigpipe *s)
{
	sigset_t pipe = sigpipe(), pending;
	sigpending(&pending);
	s->was_pending = sigismember(&pending, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &s->old);
}

void weft__os_sigpipe_release(const struct weft__sigpipe *s, bool raised)
{
	const struct timespec at_once = { 0, 0 };
	sigset_t pipe = sigpipe();
	int err = errno;
	if (raised && !s->was_pending)
		while (sigtimedwait(&pipe, NULL, &at_once) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &s->old, NULL);
	errno = err;
}
