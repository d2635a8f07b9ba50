/* SPDX-License-Identifier: MIT */
/* Alternate signal stacks, with a guard below. Without memory there is none, and an overflow dies without a report. */
#include "src/os/signal_stack.h"

#include "src/os/memory.h"

enum { SIZE = 65536, GUARD = 65536 };

void weft__os_signal_stack_set(struct weft__signal_stack *saved)
{
	saved->memory = NULL;
	if (sigaltstack(NULL, &saved->before) || !(saved->before.ss_flags & SS_DISABLE))
		return;
	char *memory = weft__os_map(GUARD + SIZE);
	if (!memory)
		return;
	struct iovec guard = { memory, GUARD };
	stack_t stack = { .ss_sp = memory + GUARD, .ss_size = SIZE };
	if (weft__os_guard(&guard, 1) || sigaltstack(&stack, NULL))
		weft__os_unmap(memory, GUARD + SIZE);
	else
		saved->memory = memory;
}

void weft__os_signal_stack_restore(struct weft__signal_stack *saved)
{
	if (!saved->memory)
		return;
	sigaltstack(&saved->before, NULL);
	weft__os_unmap(saved->memory, GUARD + SIZE);
}
