/* SPDX-License-Identifier: MIT */
/* The runtime: start it, stop it, and what it is configured by. A process has at most one at a time. */
#ifndef WEFT_RUNTIME_H
#define WEFT_RUNTIME_H

#include <weft/base.h>

WEFT_BEGIN_DECLS

/* The settings of a runtime. Yours to place (every setter answers -EINVAL if it is NULL); the runtime copies it at start. Zero means default in every field. */
struct weft_config {
	uint64_t reserved[16];
};

/* clang-format off */
#define WEFT_CONFIG_INIT { { 0 } }
/* clang-format on */

/*
 * How many green threads may run at the same moment. 0 (the default): $WEFT_WORKERS if set, or the number of CPUs that
 * the process may use (affinity mask and cgroup quota). -EINVAL above 256.
 */
WEFT_API int weft_config_set_workers(struct weft_config *config, unsigned workers);

/* Stack of a green thread in bytes, where its attribute names none: 16 KiB to 1 GiB, rounded up to a power of two;
 * 0: 256 KiB. -EINVAL outside. Memory is used only for the pages touched. */
WEFT_API int weft_config_set_stack_size(struct weft_config *config, size_t bytes);

/* How many kernel threads weft_blocking and the calls on files may use at a time, made as they are needed: up to 1024; 0 (the
 * default): 64. -EINVAL above. */
WEFT_API int weft_config_set_blocking_threads(struct weft_config *config, unsigned threads);

/* Whether a switch keeps each thread's floating-point control words (rounding, exception masks): default true. False
 * makes a switch cheaper, for programs in which no thread changes them. */
WEFT_API int weft_config_set_fp_control(struct weft_config *config, bool keep);

/* Whether crashes (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) are reported: default true. False installs no signal handler,
 * unless crashes are to be contained: weft/crash.h, which also says where reports go. */
WEFT_API int weft_config_set_crash_report(struct weft_config *config, bool report);

enum weft_deadlock {
	WEFT_DEADLOCK_ABORT = 0, /* report it, and abort the process: the default */
	WEFT_DEADLOCK_REPORT = 1,
	WEFT_DEADLOCK_IGNORE = 2
};

/*
 * What to do when all threads wait and nothing is left that could wake one: no timer, and no kernel thread that weft does not
 * know to be waiting as well. A program in which only a signal handler could wake one must not choose ABORT. Threads that
 * wait for mutexes of one another are reported, too, as a rule within seconds, whatever the others do. -EINVAL for others.
 */
WEFT_API int weft_config_set_deadlock(struct weft_config *config, enum weft_deadlock policy);

/* The signal upon which the monitor calls weft_dump(2): SIGQUIT, say. 0 (the default): none. While the runtime runs its action
 * is the runtime's. -EINVAL for what is no signal, or cannot be caught. */
WEFT_API int weft_config_set_dump_signal(struct weft_config *config, int signal);

enum weft_io {
	WEFT_IO_DEFAULT = 0, /* $WEFT_IO if it is set (epoll, uring), or else io_uring */
	WEFT_IO_EPOLL = 1,
	WEFT_IO_URING = 2
};

/* By what the runtime waits for descriptors. What cannot be had is replaced by epoll, with a line on stderr. -EINVAL for
 * others. */
WEFT_API int weft_config_set_io(struct weft_config *config, enum weft_io io);

/* Seed of the scheduler's random choices (whom to steal from). 0 (the default): taken from the kernel. */
WEFT_API int weft_config_set_seed(struct weft_config *config, uint64_t seed);

/*
 * Start the runtime with the calling kernel thread as one of its workers, run fn(arg) as the first green thread, return
 * when it and every other thread, bound ones too, has ended. config may be NULL; *result (if result is not NULL) is what fn
 * returned. 0, or: -EALREADY a runtime is running, -EDEADLK the caller is a green thread, -EINVAL fn is NULL, -EAGAIN
 * kernel threads or -ENOMEM memory could not be had, -EPERM in the child of a fork while a runtime ran, -EOWNERDEAD the first
 * thread has crashed, which was contained (weft/crash.h).
 */
WEFT_API WEFT_CHECK int weft_run(const struct weft_config *config, void *(*fn)(void *), void *arg, void **result);

/* Start the runtime on kernel threads of its own and return: for a program with a main loop of its own. Errors as
 * weft_run. Spawn into it, join and unpark from any kernel thread. */
WEFT_API WEFT_CHECK int weft_start(const struct weft_config *config);

/* Stop what weft_start started and give its memory back. -EBUSY while threads are alive (join them first), -EPERM
 * no runtime runs or weft_run started it, -EDEADLK called from a green or bound thread. It can be started again. */
WEFT_API WEFT_CHECK int weft_stop(void);

/*
 * In the child of a process that forked while its runtime ran: forget that runtime and all its threads, so that another can be
 * started here. By the thread that forked, before it makes others, and while the descriptors are those of the parent. What the
 * parent's threads held or waited for (mutexes, channels, scopes) must be made anew; handles from before are stale (-ESRCH).
 * 0, also where there is nothing to forget; -EBUSY a runtime runs.
 */
WEFT_API int weft_fork_reset(void);

/*
 * Write a line for each thread to the descriptor: what it is, what it waits for and at which address, where it was spawned,
 * and a backtrace, unless it runs right now or is bound; of those that run or could, at most 64 a worker. Then the cycles of
 * mutexes. The others go on meanwhile, so the lines are of slightly different moments. From any kernel thread, not in a
 * signal handler. 0, -EPERM no runtime runs, -EBADF.
 */
WEFT_API int weft_dump(int fd);

/* How many green threads may run at the same moment; 0 while no runtime runs. */
WEFT_API unsigned weft_workers(void);

WEFT_END_DECLS

#endif
