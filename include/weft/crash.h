/* SPDX-License-Identifier: MIT */
/*
 * What a crash takes down, and how it is reported: weft_crash(7).
 *
 * A crash is a SIGSEGV, SIGBUS, SIGFPE or SIGILL that the code of a thread has caused, an overflow of its stack, or a C++
 * exception that leaves its function. By default it takes the process, after a report. Contained, it takes the thread: its
 * clean-up handlers run, its joiner learns how it ended (weft/status.h), and the others go on.
 *
 * That can be done only where the thread was in code of the user's, called by code of the user's: not inside weft, the C
 * library and what hangs on it, or in what these have called. Elsewhere the process dies, and the report says why. What
 * containment cannot promise: memory that the thread has scribbled on stays scribbled on. Who needs more takes a process.
 */
#ifndef WEFT_CRASH_H
#define WEFT_CRASH_H

#include <weft/runtime.h>
#include <weft/thread.h>

WEFT_BEGIN_DECLS

enum weft_crash {
	WEFT_CRASH_DEFAULT = 0, /* of a thread: as the runtime's; of the runtime: abort */
	WEFT_CRASH_ABORT = 1,	/* the process dies of the signal */
	WEFT_CRASH_CONTAIN = 2	/* the thread ends */
};

/* What becomes of threads that crash, green and bound, where their attributes do not say. -EINVAL for others. */
WEFT_API int weft_config_set_crash(struct weft_config *config, enum weft_crash policy);

/* Of one thread. It is not handed down to those that it spawns. */
WEFT_API int weft_attr_set_crash(struct weft_attr *attr, enum weft_crash policy);

/* Where reports go: a descriptor; standard error by default. It must stay open while the runtime runs. -EINVAL below 0. */
WEFT_API int weft_config_set_crash_fd(struct weft_config *config, int fd);

enum weft_crash_format {
	WEFT_CRASH_TEXT = 0, /* lines for people: the default */
	WEFT_CRASH_JSON = 1  /* one line a crash, a JSON object */
};

WEFT_API int weft_config_set_crash_format(struct weft_config *config, enum weft_crash_format format);

WEFT_END_DECLS

#endif
