/* SPDX-License-Identifier: MIT */
/* io_uring: making a ring with the best set-up that this kernel takes, handing over, waiting, canceling. */
#include "src/os/uring.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "src/os/clock.h"
#include "src/os/fault.h"

int weft__os_uring_disabled(void)
{
	char digit = '0';
	int fd = open("/proc/sys/kernel/io_uring_disabled", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, &digit, 1);
	close(fd);
	return n == 1 ? digit - '0' : 0;
}

#ifdef HAVE_LIBURING

/* Without an interrupt for each event to the thread that asked for it, which it is told of in memory instead: Linux 5.19.
 * And one request that is refused does not hold up those behind it: 5.18. */
#define SETUP_QUIET (IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL)

/* No completion is ever dropped but for want of memory; requests keep what they were given at their submission; waits have
 * a time limit. All are there since Linux 5.11. */
#define FEATURES_NEEDED (IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_FAST_POLL | IORING_FEAT_EXT_ARG)

static int create(struct io_uring *ring, uint32_t submissions, uint32_t completions, uint32_t flags)
{
	struct io_uring_params params = { .flags = flags | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
					  .cq_entries = completions };
	int err = weft__os_fault(WEFT__OS_URING);
	if (err)
		return err;
	err = io_uring_queue_init_params(submissions, ring, &params);
	if (err < 0)
		return err;
	err = (params.features & FEATURES_NEEDED) == FEATURES_NEEDED ? io_uring_ring_dontfork(ring) : -EINVAL;
	if (err)
		io_uring_queue_exit(ring);
	return err;
}

weft__noinline int weft__os_uring_create(struct io_uring *ring, uint32_t submissions, uint32_t completions)
{
	int err = create(ring, submissions, completions, SETUP_QUIET);
	return err == -EINVAL ? create(ring, submissions, completions, 0) : err;
}

weft__noinline void weft__os_uring_probe(struct weft__os_uring_offer *offer)
{
	struct io_uring ring;
	int err = weft__os_uring_create(&ring, 2, 4);
	*offer = (struct weft__os_uring_offer){ .error = err };
	if (err)
		return;
	offer->setup = ring.flags;
	offer->features = ring.features;
	struct io_uring_probe *probe = io_uring_get_probe_ring(&ring);
	offer->last_op = probe ? probe->last_op : 0;
	if (probe)
		io_uring_free_probe(probe);
	io_uring_queue_exit(&ring);
}

weft__noinline bool weft__os_uring_knows(struct io_uring *ring, int op)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	bool knows = probe && io_uring_opcode_supported(probe, op);
	if (probe)
		io_uring_free_probe(probe);
	return knows;
}

weft__noinline int weft__os_uring_enter(const struct io_uring *ring, unsigned submit, bool wait, uint64_t deadline)
{
	struct __kernel_timespec limit;
	struct io_uring_getevents_arg arg = { .sigmask_sz = _NSIG / 8 };
	int err = weft__os_fault(WEFT__OS_URING_ENTER);
	if (err)
		return err;
	if (!wait || deadline == WEFT__NEVER)
		return io_uring_enter(ring->ring_fd, submit, wait, IORING_ENTER_GETEVENTS, NULL);
	uint64_t now = weft__os_now(), left = deadline > now ? deadline - now : 0;
	limit.tv_sec = (int64_t)(left / 1000000000u);
	limit.tv_nsec = (long long)(left % 1000000000u);
	arg.ts = (uint64_t)(uintptr_t)&limit;
	return io_uring_enter2(ring->ring_fd, submit, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, (void *)&arg,
			       sizeof arg);
}

weft__noinline int weft__os_uring_cancel(const struct io_uring *ring, uint64_t key)
{
	struct io_uring_sync_cancel_reg request = { .addr = key, .fd = -1 }; /* a time limit of 0: it does not wait */
	int err = weft__os_fault(WEFT__OS_URING_CANCEL);
	if (err)
		return err;
	return io_uring_register(ring->ring_fd, IORING_REGISTER_SYNC_CANCEL, &request, 1);
}

/* A call that asks for nothing: it is refused under the kernel's own lock of the ring, which requests are completed under. */
weft__noinline void weft__os_uring_settle(const struct io_uring *ring)
{
	(void)io_uring_register(ring->ring_fd, IORING_REGISTER_PROBE, NULL, 0);
}

#else

void weft__os_uring_probe(struct weft__os_uring_offer *offer)
{
	*offer = (struct weft__os_uring_offer){ .error = -ENOTSUP };
}

#endif
