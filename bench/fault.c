/* SPDX-License-Identifier: MIT */
/* Ways in which a unit goes wrong: fault.h. In code of the program's own, so that what contains crashes may. */
#include "fault.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CARELESS __attribute__((noinline, no_sanitize("undefined", "address")))
#define SCRIBBLED 4096 /* bytes */

/* What is not used the compiler leaves out, and what is known to be 0 it changes. */
static volatile int returned;
static volatile uintptr_t zero;

const char *fault_missing(enum fault fault)
{
#if !defined(__x86_64__) && !defined(__i386__)
	if (fault == FAULT_DIVIDE)
		return "to divide by zero is no fault on this CPU: the quotient is a number";
#endif
	(void)fault;
	return NULL;
}

/* Never ends, but the compiler cannot know. */
CARELESS static int overflow(const volatile char *above)
{
	volatile char frame[512];

	frame[0] = 1;
	return above && *above == 0 ? 0 : overflow(frame) + frame[0];
}

CARELESS static int divide(int by)
{
	return 7 / by;
}

CARELESS static void write_to(uintptr_t address)
{
	*(volatile int *)address = 1;
}

CARELESS static int jump_to(uintptr_t address)
{
	return ((int (*)(void))address)() + 1;
}

CARELESS static void loop(void)
{
	static volatile unsigned turns;

	for (;;)
		turns++;
}

/* And then use the heap, as programs do. */
CARELESS static void scribble(char *volatile theirs)
{
	memset(theirs, 0x5a, SCRIBBLED);
	theirs = malloc(SCRIBBLED);
	free(theirs);
}

void fault_now(enum fault fault, char *theirs)
{
	switch (fault) {
	case FAULT_NULL:
		write_to(zero);
		break;
	case FAULT_JUMP:
		returned = jump_to(0x7008);
		break;
	case FAULT_OVERFLOW:
		returned = overflow(NULL);
		break;
	case FAULT_DIVIDE:
		returned = divide((int)zero);
		break;
	case FAULT_ABORT:
		abort();
	case FAULT_LOOP:
		loop();
		break;
	case FAULT_SCRIBBLE:
		scribble(theirs);
		break;
	case FAULT_EXIT:
		exit(3);
	}
}
