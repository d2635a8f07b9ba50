/* SPDX-License-Identifier: MIT */
/* Waiting for child processes and for signals. */
#ifndef WEFT_CHILD_H
#define WEFT_CHILD_H

#include <sys/types.h>
#include <weft/base.h>

WEFT_BEGIN_DECLS

/*
 * waitpid(2): the child that changed, its state in *status (if status is not NULL); 0 with WNOHANG if none has. A negative
 * errno value: -ECHILD, -EINVAL as there; -ECANCELED, then no child was taken. -EMFILE and the like, where no descriptor
 * (pidfd) is left. Without a particular `pid`, and for stopped children, it looks at intervals of up to 16 ms.
 */
WEFT_API pid_t weft_waitpid(pid_t pid, int *status, int options) WEFT_MAY_SWITCH;

/* The same for at most so many nanoseconds; 0 asks without waiting. -ETIMEDOUT; -ENOMEM: no memory for a timer. */
WEFT_API pid_t weft_waitpid_timeout(pid_t pid, int *status, int options, uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* A set of signals: WEFT_SIGNAL(SIGINT) | WEFT_SIGNAL(SIGTERM). */
#define WEFT_SIGNAL(number) ((uint64_t)1 << ((number)-1))

/* What is known of a signal; see siginfo_t in sigaction(2). */
struct weft_siginfo {
	int signal, code;
	pid_t pid;	/* the sender's, or the child's */
	unsigned uid;	/* likewise */
	int status;	/* SIGCHLD: the child's exit status, or signal */
	uint64_t value; /* as sent by sigqueue(3) */
};

/*
 * Wait for one of the signals, take it, return its number; *info (if info is not NULL) says more. They must be blocked in
 * all threads of the process: block them (pthread_sigmask) before weft_run or weft_start, whose caller's mask is that of
 * all workers. -EINVAL: the set is empty, or has SIGKILL or SIGSTOP in it. -ECANCELED: no signal was taken. -EMFILE and the
 * like: no descriptor left.
 */
WEFT_API int weft_sigwait(uint64_t signals, struct weft_siginfo *info) WEFT_MAY_SWITCH;

/* The same for at most so many nanoseconds; 0 asks without waiting. -ETIMEDOUT; -ENOMEM: no memory for a timer. */
WEFT_API int weft_sigwait_timeout(uint64_t signals, struct weft_siginfo *info, uint64_t nanoseconds) WEFT_MAY_SWITCH;

WEFT_END_DECLS

#endif
