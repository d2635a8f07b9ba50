/* SPDX-License-Identifier: MIT */
/* epoll, with deadlines in nanoseconds: by epoll_pwait2 (Linux 5.11), or else by ppoll on the epoll descriptor. */
#include "src/os/epoll.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "src/base/atomic.h"
#include "src/os/clock.h"
#include "src/os/fault.h"
#include "src/os/io.h"

weft__noinline int weft__os_epoll_create(void)
{
	int err = weft__os_fault(WEFT__OS_EPOLL);
	if (err)
		return err;
	int fd = epoll_create1(EPOLL_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

weft__noinline int weft__os_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t key)
{
	struct epoll_event event = { .events = events, .data.u64 = key };
	int err = weft__os_fault(WEFT__OS_EPOLL);
	if (err)
		return err;
	return epoll_ctl(epoll, operation, fd, &event) < 0 ? -errno : 0;
}

static int wait_ms(int epoll, struct epoll_event *events, int n, int milliseconds)
{
	long found = syscall(SYS_epoll_pwait, epoll, events, n, milliseconds, NULL, 0l);
	return found < 0 ? 0 : (int)found;
}

#ifdef SYS_epoll_pwait2
static weft__a32 no_pwait2; /* relaxed: each may find out for itself */

/* -ENOSYS where the kernel has it not. */
static int wait_ns(int epoll, struct epoll_event *events, int n, uint64_t left)
{
	struct timespec limit = { .tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u) };
	if (weft__load_rlx(&no_pwait2))
		return -ENOSYS;
	long found = syscall(SYS_epoll_pwait2, epoll, events, n, &limit, NULL, 0l);
	if (found >= 0)
		return (int)found;
	if (errno != ENOSYS)
		return 0;
	weft__store_rlx(&no_pwait2, 1);
	return -ENOSYS;
}
#else
static int wait_ns(int epoll, struct epoll_event *events, int n, uint64_t left)
{
	(void)epoll, (void)events, (void)n, (void)left;
	return -ENOSYS;
}
#endif

weft__noinline int weft__os_epoll_wait(int epoll, struct epoll_event *events, int n, uint64_t deadline)
{
	if (deadline == 0 || deadline == WEFT__NEVER)
		return wait_ms(epoll, events, n, deadline ? -1 : 0);
	uint64_t now = weft__os_now();
	int found = wait_ns(epoll, events, n, deadline > now ? deadline - now : 0);
	if (found != -ENOSYS)
		return found;
	struct pollfd self = { .fd = epoll, .events = POLLIN };
	return weft__os_poll(&self, 1, deadline) > 0 ? wait_ms(epoll, events, n, 0) : 0;
}

weft__noinline int weft__os_eventfd(void)
{
	int err = weft__os_fault(WEFT__OS_EPOLL);
	if (err)
		return err;
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC | EFD_SEMAPHORE);
	return fd < 0 ? -errno : fd;
}

weft__noinline void weft__os_eventfd_add(int event)
{
	const uint64_t one = 1;
	ssize_t n = write(event, &one, sizeof one);
	(void)n; /* it fails when 2^64 - 2 have been added and not been read: then it is ready anyway */
}

weft__noinline void weft__os_eventfd_take(int event)
{
	uint64_t count;
	ssize_t n = read(event, &count, sizeof count);
	(void)n;
}
