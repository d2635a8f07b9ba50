/* SPDX-License-Identifier: MIT */
/* Children and signals as descriptors. */
#include "src/os/process.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/os/fault.h"

/* None inlined: the address of errno must not live in the frame of a thread that may go on elsewhere. */
weft__noinline int weft__os_pidfd(pid_t pid)
{
	int err = weft__os_fault(WEFT__OS_PROCESS);
	if (err)
		return err;
	long fd = syscall(SYS_pidfd_open, pid, 0u);
	return fd >= 0 ? (int)fd : -errno;
}

weft__noinline pid_t weft__os_reap(pid_t pid, int *status, int options)
{
	int err = weft__os_fault(WEFT__OS_PROCESS);
	if (err)
		return err;
	pid_t got = waitpid(pid, status, options | WNOHANG);
	return got >= 0 ? got : -errno;
}

weft__noinline int weft__os_signal_fd(uint64_t signals)
{
	sigset_t set;
	int err = weft__os_fault(WEFT__OS_PROCESS);
	if (err)
		return err;
	sigemptyset(&set);
	for (int i = 0; i < 64; i++)
		if (signals >> i & 1)
			sigaddset(&set, i + 1);
	int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return fd >= 0 ? fd : -errno;
}

weft__noinline int weft__os_signal_read(int fd, struct signalfd_siginfo *info)
{
	int err = weft__os_fault(WEFT__OS_PROCESS);
	if (err)
		return err;
	return read(fd, info, sizeof *info) == (ssize_t)sizeof *info ? 0 : -errno;
}
