/* SPDX-License-Identifier: MIT */
/* Alternate signal stacks, with a guard below. Without memory there is none, and an overflow dies without a report. */
#include "src/os/signal_stack.h"

#include "src/os/memory.h"

enum { SIZE = 65536, GUARD = 65536 };

/* Those that a fault raises, of a set, or of all. */
static sigset_t faults_of(const sigset_t *set)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	sigset_t some;
	sigemptyset(&some);
	for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++)
		if (!set || sigismember(set, faults[i]))
			sigaddset(&some, faults[i]);
	return some;
}

/* The user may have blocked them, and threads of the blocking pool are made with all blocked. */
static void let_faults_through(sigset_t *before)
{
	sigset_t faults = faults_of(NULL);
	pthread_sigmask(SIG_UNBLOCK, &faults, before);
}

static void *make(void)
{
	char *memory = weft__os_map(GUARD + SIZE);
	struct iovec guard = { memory, GUARD };
	if (memory && weft__os_guard(&guard, 1)) {
		weft__os_signal_stack_free(memory);
		return NULL;
	}
	return memory;
}

void weft__os_signal_stack_set(struct weft__signal_stack *saved, void *memory)
{
	let_faults_through(&saved->mask);
	saved->memory = memory;
	if (sigaltstack(NULL, &saved->before) || !(saved->before.ss_flags & SS_DISABLE))
		return;
	if (!memory)
		saved->memory = make();
	if (!saved->memory)
		return;
	stack_t stack = { .ss_sp = (char *)saved->memory + GUARD, .ss_size = SIZE };
	sigaltstack(&stack, NULL);
}

void *weft__os_signal_stack_restore(struct weft__signal_stack *saved)
{
	sigset_t blocked = faults_of(&saved->mask);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	if (saved->memory && (saved->before.ss_flags & SS_DISABLE))
		sigaltstack(&saved->before, NULL);
	return saved->memory;
}

void weft__os_signal_stack_free(void *memory)
{
	if (memory)
		weft__os_unmap(memory, GUARD + SIZE);
}
