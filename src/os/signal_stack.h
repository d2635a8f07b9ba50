/* SPDX-License-Identifier: MIT */
/* An alternate signal stack for the calling kernel thread, so that a handler can run when a green stack has overflowed.
 */
#ifndef WEFT_SRC_OS_SIGNAL_STACK_H
#define WEFT_SRC_OS_SIGNAL_STACK_H

#include <signal.h>

struct weft__signal_stack {
	stack_t before;
	void *memory;
	sigset_t mask;
};

/* Install one, unless the kernel thread has one already, and let through the signals that a fault raises: blocked, they
 * would kill the process without a word. What was there is kept for restore, on the same thread, which gives back the
 * memory: for another thread to set, or to free. `memory` is that, or NULL. */
void weft__os_signal_stack_set(struct weft__signal_stack *saved, void *memory);
void *weft__os_signal_stack_restore(struct weft__signal_stack *saved);
void weft__os_signal_stack_free(void *memory);

#endif
