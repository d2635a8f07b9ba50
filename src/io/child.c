/* SPDX-License-Identifier: MIT */
/*
 * Children and signals: by descriptors that are readable when there is something to take (pidfd_open, signalfd), so that
 * waiting for them is waiting for any descriptor and holds no kernel thread. There is no such descriptor for "any child", nor
 * for one that stops: these are looked at again and again.
 */
#include "weft/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "src/io/ready.h"
#include "src/os/process.h"
#include "src/sched/park.h"
#include "weft/io.h"

#define WHEN_ENDED (~(WUNTRACED | WCONTINUED))

static pid_t reap_by_descriptor(pid_t pid, int *status, int options, uint64_t deadline)
{
	int fd = weft__os_pidfd(pid), err = fd < 0 ? fd : 0;
	pid_t got = 0;
	while (!err && !(got = weft__os_reap(pid, status, options)))
		err = weft__io_wait(fd, POLLIN, deadline);
	if (fd >= 0)
		(void)weft_close(fd);
	return got ? got : err;
}

static pid_t reap_by_looking(pid_t pid, int *status, int options, uint64_t deadline)
{
	uint64_t pause = 0;
	int err = 0;
	pid_t got = 0;
	while (!err && !(got = weft__os_reap(pid, status, options)))
		err = weft__io_pause(&pause, deadline);
	return got ? got : err;
}

static pid_t reap(pid_t pid, int *status, int options, uint64_t deadline)
{
	pid_t got = weft__os_reap(pid, status, options);
	if (got || (options & WNOHANG))
		return got;
	if (pid > 0 && (options & WHEN_ENDED) == options)
		return reap_by_descriptor(pid, status, options, deadline);
	return reap_by_looking(pid, status, options, deadline);
}

pid_t weft_waitpid(pid_t pid, int *status, int options)
{
	return reap(pid, status, options, WEFT__NEVER);
}

pid_t weft_waitpid_timeout(pid_t pid, int *status, int options, uint64_t nanoseconds)
{
	return reap(pid, status, options, weft__deadline(nanoseconds));
}

static void tell(struct weft_siginfo *info, const struct signalfd_siginfo *from)
{
	*info = (struct weft_siginfo){ .signal = (int)from->ssi_signo,
				       .code = from->ssi_code,
				       .pid = (pid_t)from->ssi_pid,
				       .uid = from->ssi_uid,
				       .status = from->ssi_status,
				       .value = from->ssi_ptr };
}

static int take_signal(uint64_t signals, struct weft_siginfo *info, uint64_t deadline)
{
	struct signalfd_siginfo got;
	if (!signals || (signals & (WEFT_SIGNAL(SIGKILL) | WEFT_SIGNAL(SIGSTOP))))
		return -EINVAL;
	int fd = weft__os_signal_fd(signals), err = fd < 0 ? fd : 0;
	while (!err && (err = weft__os_signal_read(fd, &got)) == -EAGAIN)
		err = weft__io_wait(fd, POLLIN, deadline);
	if (fd >= 0)
		(void)weft_close(fd);
	if (!err && info)
		tell(info, &got);
	return err ? err : (int)got.ssi_signo;
}

int weft_sigwait(uint64_t signals, struct weft_siginfo *info)
{
	return take_signal(signals, info, WEFT__NEVER);
}

int weft_sigwait_timeout(uint64_t signals, struct weft_siginfo *info, uint64_t nanoseconds)
{
	return take_signal(signals, info, weft__deadline(nanoseconds));
}
