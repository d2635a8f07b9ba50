/* SPDX-License-Identifier: MIT */
/* What a child does: it puts its descriptors in place, starts a runtime, runs the function, and says what it returned. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/process/process.h"
#include "src/sched/spawn.h"
#include "weft/cancel.h"
#include "weft/io.h"

/* --- descriptors --- */

static void close_range_of(unsigned first, unsigned last)
{
	struct rlimit limit;
	if (first > last || syscall(SYS_close_range, first, last, 0u) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && last >= limit.rlim_cur)
		last = (unsigned)limit.rlim_cur;
	for (unsigned fd = first; fd <= last; fd++)
		close((int)fd);
}

void weft__process_close_but(int *keep, size_t n)
{
	unsigned from = 3;
	for (;;) {
		int next = -1; /* the lowest of those kept that are left */
		for (size_t i = 0; i < n; i++)
			if (keep[i] >= (int)from && (next < 0 || keep[i] < next))
				next = keep[i];
		if (next < 0)
			break;
		close_range_of(from, (unsigned)next - 1);
		from = (unsigned)next + 1;
	}
	close_range_of(from, ~0u);
}

/* Above all numbers that are wanted. */
static int move_up(int *fds, size_t n, int least)
{
	for (size_t i = 0; i < n; i++) {
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, least);
		if (fds[i] < 0)
			return -errno;
	}
	return 0;
}

/* fds[0], the socket, goes anywhere; the others to their numbers. The socket, or a negative errno value. */
static int place(const struct weft__process_request *r, const int *from)
{
	int fds[WEFT_DESCRIPTORS_MAX + 1], keep[WEFT_DESCRIPTORS_MAX + 1], least = 3;
	for (uint32_t i = 0; i <= r->count; i++)
		fds[i] = from[i];
	for (uint32_t i = 0; i < r->count; i++)
		least = r->fds[i] >= least ? r->fds[i] + 1 : least;
	int err = move_up(fds, r->count + 1, least);
	keep[0] = fds[0];
	for (uint32_t i = 0; !err && i < r->count; i++) {
		keep[i + 1] = r->fds[i];
		err = dup3(fds[i + 1], r->fds[i], O_CLOEXEC) < 0 ? -errno : 0;
	}
	if (!err)
		weft__process_close_but(keep, r->count + 1);
	return err ? err : fds[0];
}

/* --- in its runtime --- */

struct task {
	const struct weft__process_request *request;
	void *arg;
	int fd;
	weft_t self, control;
};

/* A green thread that hears of a cancel. That the program is gone it need not hear: the child is killed then. */
static void *control(void *arg)
{
	struct task *task = arg;
	struct weft__process_message m;
	if (weft_recv(task->fd, &m, sizeof m, 0) == (ssize_t)sizeof m && m.what == WEFT__PROCESS_CANCEL)
		(void)weft_cancel(task->self);
	return NULL;
}

static void end_control(void *arg)
{
	const struct task *task = arg;
	(void)weft_cancel(task->control);
	(void)weft_join(task->control, NULL);
}

static void *call(const struct task *task)
{
	const struct weft__process_request *r = task->request;
	if (!r->is_scope_child)
		return r->fn(task->arg);
	int (*fn)(void *) = (int (*)(void *))(void (*)(void))r->fn;
	return (void *)(intptr_t)fn(task->arg);
}

static void *child_main(void *arg)
{
	struct task *task = arg;
	struct weft_cleanup cleanup;
	void *result = NULL;
	task->self = weft_self();
	if (task->request->name[0])
		(void)weft_name_set(task->request->name);
	int err = weft_spawn(&task->control, NULL, control, task);
	if (err) {
		(void)weft__process_say(task->fd, WEFT__PROCESS_FAILED, err);
		_exit(1);
	}
	(void)weft_cleanup_push(&cleanup, end_control, task);
	if (weft__process_say(task->fd, WEFT__PROCESS_STARTED, 0))
		result = call(task);
	(void)weft_cleanup_pop(&cleanup, true);
	return result;
}

/* --- its crash --- */

static struct {
	pid_t pid; /* of the child: what it forks in its turn is none. 0: this process is not one */
	int fd;
} child;

void weft__process_crashed(int signal, int code, const void *address)
{
	struct weft__process_message m = { .what = WEFT__PROCESS_CRASHED,
					   .pid = (int32_t)child.pid,
					   .value = (int64_t)(intptr_t)address,
					   .signal = signal,
					   .code = code };
	if (child.pid && child.pid == getpid())
		(void)send(child.fd, &m, sizeof m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The function crashed, and its runtime contained that; but the function is what this process was for. */
static void die_of_crash(weft_t function)
{
	const struct weft__fate *fate = weft__record_fate(function);
	sigset_t only;
	weft__process_crashed(fate->signal, fate->code, fate->address);
	sigemptyset(&only);
	sigaddset(&only, fate->signal);
	signal(fate->signal, SIG_DFL);
	pthread_sigmask(SIG_UNBLOCK, &only, NULL);
	raise(fate->signal);
}

void weft__process_child(const struct weft_config *config, const struct weft__process_request *request, void *data,
			 const int *fds)
{
	struct task task = { .request = request, .arg = data };
	void *result = NULL;
	prctl(PR_SET_NAME, request->name[0] ? request->name : "weft-process");
	task.fd = place(request, fds);
	child.fd = task.fd;
	child.pid = getpid();
	int err = task.fd < 0 ? task.fd : weft_run(config, child_main, &task, &result);
	fflush(NULL);
	if (err == -EOWNERDEAD)
		die_of_crash(task.self);
	(void)weft__process_say(err && task.fd < 0 ? fds[0] : task.fd,
				err ? WEFT__PROCESS_FAILED : WEFT__PROCESS_RESULT,
				err ? err : (int64_t)(intptr_t)result);
	_exit(err != 0);
}
