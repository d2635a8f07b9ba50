/* SPDX-License-Identifier: MIT */
/* Ways in which a unit goes wrong. */
#ifndef BENCH_FAULT_H
#define BENCH_FAULT_H

enum fault {
	FAULT_NULL,	/* write through a null pointer */
	FAULT_JUMP,	/* call what is no code */
	FAULT_OVERFLOW, /* recurse until the stack is full */
	FAULT_DIVIDE,	/* divide a whole number by zero */
	FAULT_ABORT,	/* call abort(3), as a failed assertion does */
	FAULT_LOOP,	/* compute for ever, and never wait */
	FAULT_SCRIBBLE, /* write over heap that is another's, and go on */
	FAULT_EXIT	/* call exit(3) */
};

/* Why this machine has no such fault; NULL: it has. */
const char *fault_missing(enum fault fault);

/* Go wrong so: theirs is memory of malloc's, for FAULT_SCRIBBLE, which returns if nobody notices. */
void fault_now(enum fault fault, char *theirs);

#endif
