/* SPDX-License-Identifier: MIT */
/* The questions that people come with. A bench that is in none is under the last. */
#include "question.h"

#include <string.h>

#define FIGURES (const char *const[])

const struct question questions[] = {
	{ "create", "What does it cost to make one?",
	  "Made, run, waited for. A process copies its parent's page tables: the more memory the parent has, the "
	  "dearer. vfork lends the "
	  "memory instead, posix_spawn starts another program.",
	  FIGURES{ "create", "create-1000", "create-many", "create-64mb", "create-1gb", "create-1m-alive", "scope-10",
		   "cancel", "cancel-scope", NULL } },
	{ "switch", "What does it cost to switch?",
	  "From one that runs to another that waits. With a working set the caches have to be filled again: this is "
	  "the same for all.",
	  FIGURES{ "yield-2", "yield-1000", "yield-100000", "pingpong", "pingpong-across", "switch-0", "switch-32k",
		   "switch-256k", "switch-2m", "turn-0", "turn-32k", "turn-256k", "turn-2m", NULL } },
	{ "talk", "What does it cost to talk to another?",
	  "A round trip, by what each model has: green threads their channels, kernel threads and processes memory "
	  "with a lock or a futex, "
	  "and all of them what the kernel carries.",
	  FIGURES{ "chan",	    "chan-across",
		   "shm-futex",	    "pipe",
		   "socketpair",    "mq",
		   "copy-8",	    "copy-1k",
		   "copy-32k",	    "copy-1m",
		   "pipe-8",	    "pipe-1k",
		   "pipe-32k",	    "pipe-1m",
		   "socket-8",	    "socket-1k",
		   "socket-32k",    "socket-1m",
		   "queue-8",	    "queue-1k",
		   "chan-stream",   "chan-stream-across",
		   "chan-stream-2", "select-2",
		   "select-16",	    NULL } },
	{ "lock", "What does it cost to share?",
	  "A mutex nobody else wants, one that a thousand want, and round trips by other means.",
	  FIGURES{ "mutex", "mutex-1000", "mutex-yield-1000", "sem", "condvar", NULL } },
	{ "memory", "How much memory does one take?",
	  "Each waits and has touched little. Resident memory and page tables of the program, and what the kernel "
	  "keeps besides; a model "
	  "that cannot have so many says where it stopped and why.",
	  FIGURES{ "memory-1",	  "memory-1k", "memory-30k", "memory-1m",  "resident-1", "resident-1k", "resident-30k",
		   "resident-1m", "tables-1",  "tables-1k",  "tables-30k", "tables-1m",	 "kernel-1",	"kernel-1k",
		   "kernel-30k",  "kernel-1m", "fill-1",     "fill-1k",	   "fill-30k",	 "fill-1m",	NULL } },
	{ "scale", "Does it use all cores?",
	  "The same work on more and more workers, up to twice as many as there are CPUs: computing, handing out small "
	  "tasks, and tasks "
	  "that mostly wait.",
	  FIGURES{ "scale-cpu", "scale-fan", "scale-io", NULL } },
	{ "divide", "How fine may work be divided?",
	  "Fork and join: recursion that makes one for each half, and a tree of a million.",
	  FIGURES{ "fib", "skynet", NULL } },
	{ "serve", "How should requests be served?",
	  "One made for each request, or a pool of some that stay, whatever they are; and echo servers over TCP.",
	  FIGURES{ "request-each", "request-pool", "echo-1", "echo-50", "echo-500", "echo-2000", "echo-9000", "churn",
		   "idle-bytes", "hog-p99", "read-cached", "read-uncached", NULL } },
	{ "wait", "What does waiting for a time cost?", "Timers, time limits, and a million sleepers.",
	  FIGURES{ "timer", "timer-wait", "sleepers-wall", "sleepers-cpu", NULL } },
	{ "crash", "What is lost when one crashes?",
	  "A hundred of them (--full: a thousand), of which one goes wrong: how many still do their work afterwards; "
	  "how long after the fault somebody knows (-told): the joiner, or the process's parent where all is lost; and "
	  "how long after it there is one that works in its place (-again), or all of them again. Then a service, of "
	  "which a request in so many is deadly: requests served a second.",
	  FIGURES{ "crash-null",	   "crash-jump",
		   "crash-overflow",	   "crash-divide",
		   "crash-abort",	   "crash-loop",
		   "crash-scribble",	   "crash-exit",
		   "crash-null-told",	   "crash-jump-told",
		   "crash-overflow-told",  "crash-divide-told",
		   "crash-abort-told",	   "crash-scribble-told",
		   "crash-exit-told",	   "crash-null-again",
		   "crash-jump-again",	   "crash-overflow-again",
		   "crash-divide-again",   "crash-abort-again",
		   "crash-scribble-again", "crash-exit-again",
		   "crash-service",	   "crash-service-1000",
		   "crash-service-100",	   NULL } },
	{ "floor", "And besides?",
	  "What the machine itself takes, which is the floor of all the rest, and what else was measured.", NULL },
	{ 0 },
};

static bool listed(const struct question *q, const struct bench *bench)
{
	for (const char *const *f = q->figures; f && *f; f++)
		for (int i = 0; i < BATCH_ROWS && bench->rows[i]; i++)
			if (strcmp(*f, bench->rows[i]) == 0)
				return true;
	return false;
}

bool question_has(const struct question *question, const struct bench *bench)
{
	if (question->figures)
		return listed(question, bench);
	for (const struct question *q = questions; q->title; q++)
		if (listed(q, bench))
			return false;
	return true;
}
