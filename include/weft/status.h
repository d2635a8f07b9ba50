/* SPDX-License-Identifier: MIT */
/* How a thread ended: the same for green threads, bound ones and processes. */
#ifndef WEFT_STATUS_H
#define WEFT_STATUS_H

#include <weft/thread.h>

WEFT_BEGIN_DECLS

enum weft_end {
	WEFT_EXITED = 0,   /* its function returned, or it called weft_exit (a process: exit): see `result`, `code` */
	WEFT_CANCELED = 1, /* likewise, weft_cancel having answered 0 for it before: whatever it has made of that */
	WEFT_CRASHED =
		2 /* a signal ended it, or an exception that left its function: see `signal`, `code`, `address` */
};

/* Zero in what does not apply. */
struct weft_status {
	enum weft_end how;
	int signal; /* CRASHED: SIGSEGV, say; SIGABRT for an exception. A process that was canceled: what killed it, or 0 */
	int code; /* CRASHED: si_code of the signal, as in sigaction(2), where known. Else of a process: its exit status */
	void *address; /* CRASHED: si_addr: of SIGSEGV and SIGBUS what was accessed, of SIGFPE and SIGILL the instruction */
	void *result; /* not CRASHED: what its function returned or weft_exit was given; of a process a number */
	uint64_t reserved[4];
};

/*
 * As weft_join, for those who want to know how the thread ended: 0 and *status (if status is not NULL) however that was.
 * weft_join itself answers -EOWNERDEAD for a thread that has crashed, *result being unchanged; the thread is joined then.
 */
WEFT_API int weft_join_status(weft_t thread, struct weft_status *status) WEFT_MAY_SWITCH;

/* As weft_join_timeout, likewise. */
WEFT_API int weft_join_status_timeout(weft_t thread, struct weft_status *status, uint64_t nanoseconds) WEFT_MAY_SWITCH;

WEFT_END_DECLS

#endif
