/* SPDX-License-Identifier: MIT */
/*
 * A ward: a process with a boss and run->size units of a model, each with work to do, of which number 0 goes wrong. It
 * lies in shared memory, so that what became of it is known to who started the process (bench_crash.c), however that ended.
 */
#ifndef BENCH_WARD_H
#define BENCH_WARD_H

#include "fault.h"
#include "harness.h"
#include "system.h"

enum stage { WARD_WORK, WARD_FAULT };

struct ward {
	struct run *run;
	const struct model *model;
	enum fault fault;
	bool only_ready; /* end as soon as all units are there */

	_Atomic enum stage stage;
	_Atomic uint64_t present, expected; /* units that have sat down, and how many shall */
	_Atomic uint64_t answered;	    /* units that have done their work when called, after the fault */
	_Atomic uint64_t ready_at;	    /* when all were there; or the one in the place of number 0 */
	_Atomic uint64_t fault_at;	    /* when number 0 began to go wrong; 0: not yet */
	bool ended;			    /* the process has come to its end, and not been ended by anything */
	bool told;			    /* number 0 was joined, as one that has gone wrong */
	int signal, code;		    /* told: by which signal, or with which exit status */
	char *_Atomic theirs;		    /* another's heap, wherever that is in its process: to scribble on */
	struct seat boss;
	union unit *units; /* of run->size, as the seats */
	struct seat seats[];
};

/* Where a process died that shall not be dumped: a core, or a handler of cores, is not what is measured. */
void ward_no_core(void);

/* In a process of its own: its life, which ends in _exit(0), or otherwise. Figures 1 and 2 get samples: from the fault to
 * the joiner's knowing, and to a replacement's working, in us. */
void ward_run(struct ward *ward);

#endif
