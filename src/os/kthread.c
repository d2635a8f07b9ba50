/* SPDX-License-Identifier: MIT */
/* Kernel threads by pthreads, and what /proc says of one. */
#include "src/os/kthread.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "src/os/fault.h"

int weft__os_kthread_start(pthread_t *thread, void *(*fn)(void *), void *arg, size_t stack, bool detached, bool quiet)
{
	int err = weft__os_fault(WEFT__OS_THREAD);
	if (err)
		return err;
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_attr_init(&attr);
	long least = sysconf(_SC_THREAD_STACK_MIN);
	if (stack && least > 0 && stack < (size_t)least)
		stack = (size_t)least;
	if (stack)
		err = pthread_attr_setstacksize(&attr, stack);
	if (detached)
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	if (quiet)
		pthread_sigmask(SIG_SETMASK, &all, &old);
	if (!err)
		err = pthread_create(thread, &attr, fn, arg);
	if (quiet)
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return -err;
}

sigset_t weft__os_signals_blocked(void)
{
	sigset_t blocked;
	pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	return blocked;
}

void weft__os_signals_block(const sigset_t *these)
{
	pthread_sigmask(SIG_SETMASK, these, NULL);
}

void weft__os_kthread_name(const char *name)
{
	prctl(PR_SET_NAME, name);
}

unsigned long weft__os_timer_slack(unsigned long nanoseconds)
{
	long before = prctl(PR_GET_TIMERSLACK, 0ul, 0ul, 0ul, 0ul); /* all five words go to the kernel */
	prctl(PR_SET_TIMERSLACK, nanoseconds, 0ul, 0ul, 0ul);
	return before > 0 ? (unsigned long)before : 1;
}

void weft__os_kthread_yield(void)
{
	sched_yield();
}

int weft__os_kthread_id(void)
{
	return (int)syscall(SYS_gettid);
}

bool weft__os_kthread_blocked(int id)
{
	char path[64], text[128];
	if (weft__os_fault(WEFT__OS_THREAD_STATE))
		return false;
	snprintf(path, sizeof path, "/proc/self/task/%d/stat", id);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	const char *state = strrchr(text, ')'); /* "TID (name) S ..." */
	return state && (state[2] == 'S' || state[2] == 'D');
}

uint64_t weft__os_kthread_cpu_time(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

unsigned weft__os_kthreads(void)
{
	struct stat info;
	if (stat("/proc/self/task", &info) || info.st_nlink < 2)
		return 0;
	return (unsigned)info.st_nlink - 2;
}
