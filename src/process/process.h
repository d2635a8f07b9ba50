/* SPDX-License-Identifier: MIT */
/*
 * Threads that are processes.
 *
 *      program                              helper                            child
 *   1  (start, one thread) fork it       1  one thread, no runtime
 *   2  weft_spawn: a socket pair; send   2  receive; fork                   1  put descriptors in place, die with the helper
 *      what to run, and one end             keep that end                   2  weft_run; in it: STARTED
 *   3  STARTED: a green thread, the                                         3  the function
 *      proxy, waits at the other end                                        4  RESULT; _exit
 *   4  RESULT, ENDED: the proxy ends     3  SIGCHLD: reap; ENDED, close
 *
 * The *helper* is what makes the fork sound: it is forked before the runtime has any kernel thread, and stays single-threaded, so
 * its children inherit no lock that somebody else holds, as far as weft knows. It is the parent of all children: what the program
 * does with its own (waitpid(-1), SIGCHLD) never meets them.
 *
 * The *proxy* stands for the process among the threads of the program: whatever is done with its handle (join, cancel, detach, a
 * scope's end) is done with a thread, and needs nothing of its own.
 *
 * A child that crashes says CRASHED in place of RESULT, and dies.
 *
 * All that is said about one child comes by its socket, in the order above; what the kernel closes says the rest. The program dies:
 * the helper reads the end, or sees it by a pidfd, and exits; a child dies with the helper (PR_SET_PDEATHSIG). The helper dies:
 * the children do, and the proxies read the end.
 */
#ifndef WEFT_SRC_PROCESS_PROCESS_H
#define WEFT_SRC_PROCESS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "src/base/list.h"
#include "weft/process.h"

enum weft__process_what {
	WEFT__PROCESS_SPAWN, /* to the helper */
	WEFT__PROCESS_KILL,
	WEFT__PROCESS_HELLO,   /* by the helper, once */
	WEFT__PROCESS_STARTED, /* by a child */
	WEFT__PROCESS_FAILED,  /* by a child, or the helper: value is a negative errno value */
	WEFT__PROCESS_RESULT,
	WEFT__PROCESS_CRASHED, /* by a child that dies of a signal now: value is the address */
	WEFT__PROCESS_ENDED,   /* by the helper: value is as of waitpid */
	WEFT__PROCESS_CANCEL,  /* to a child */
};

/* What is said of a child. */
struct weft__process_message {
	uint32_t what;
	int32_t pid;
	int64_t value;
	int32_t signal, code; /* CRASHED */
};

/* What the helper is asked. With SPAWN come the data behind it, and descriptors: the child's socket, then those in `fds`. */
struct weft__process_request {
	uint32_t what;
	int32_t pid; /* KILL */
	void *(*fn)(void *);
	void *arg;
	uint32_t is_scope_child; /* fn is an int (*)(void *) */
	uint32_t data_size;
	uint32_t count; /* of fds */
	int32_t fds[WEFT_DESCRIPTORS_MAX];
	char name[16];
};

/* The helper, and the program's end of the socket to it. */
struct weft__process_helper {
	int fd;
	pid_t pid;
};

/* Start the helper: by one who is about to start a runtime. Its children's runtimes are started with `config`. */
int weft__process_helper_start(struct weft__process_helper *helper, const struct weft_config *config);
void weft__process_helper_stop(struct weft__process_helper *helper);

/* In the forked child: it does not return. fds: the socket, then the descriptors. */
_Noreturn void weft__process_child(const struct weft_config *config, const struct weft__process_request *request,
				   void *data, const int *fds);

/* In the handler of a crash that is not contained, in any process: if that is a child, its proxy hears of it.
 * Async-signal-safe. */
void weft__process_crashed(int signal, int code, const void *address);

/* Close all descriptors from 3 on but these n. */
void weft__process_close_but(int *keep, size_t n);

/* A message on a socket, not waiting. False: it is not sent. */
bool weft__process_say(int fd, enum weft__process_what what, int64_t value);

/* --- the program's side, between spawn.c and proxy.c --- */

/* One child. Its proxy's, but for what others look up. */
struct weft__process {
	int fd; /* the program's end of its socket */
	uint64_t kill_after;
	bool has_result, has_ended, is_scope_child;
	int64_t result;
	int status;				/* as of waitpid */
	struct weft__process_message last_word; /* CRASHED: believed if it died of that signal */

	/* under live.lock */
	struct weft__list node;
	uint64_t id, handle;
	pid_t pid; /* set once */
};

/* The helper of this runtime. */
extern struct weft__process_helper weft__process_helper;

/* Into the table of those that live, and out of it: who does not find it there any more does nothing. */
void weft__process_enlist(struct weft__process *p);
struct weft__process *weft__process_delist(uint64_t id);
void weft__process_set_handle(uint64_t id, uint64_t handle);

/* Have the helper kill it. */
void weft__process_kill(const struct weft__process *p);

/* What the thread that stands for it runs; of a scope's child. */
void *weft__process_proxy(void *process);
int weft__process_scope_proxy(void *process);

/* Around the life of a runtime. workers: of a child's; 0: there are no processes. */
int weft__processes_start(const struct weft_config *config, unsigned workers);
void weft__processes_stop(void);

#endif
