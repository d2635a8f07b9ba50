/* SPDX-License-Identifier: MIT */
/* Around a system call that may raise SIGPIPE: it reaches nobody. */
#ifndef WEFT_SRC_OS_SIGPIPE_H
#define WEFT_SRC_OS_SIGPIPE_H

#include <signal.h>
#include <stdbool.h>

struct weft__sigpipe {
	sigset_t old;
	bool was_pending;
};

void weft__os_sigpipe_hold(struct weft__sigpipe *s);

/* With `raised` the one that the kernel may have sent to this kernel thread is taken back. errno stays. */
void weft__os_sigpipe_release(const struct weft__sigpipe *s, bool raised);

#endif
