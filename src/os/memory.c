/* SPDX-License-Identifier: MIT */
/*
 * Small blocks, mappings and guards.
 *
 * A guard by MADV_GUARD_INSTALL (Linux 6.13) costs no VMA, so a million guarded stacks fit under vm.max_map_count; by
 * process_madvise many are made in one call. An emulator may accept the advice and do nothing, so it is believed only
 * after a write into a guard has failed: the write is done by the kernel (read(2) into the page), which answers EFAULT
 * and needs no signal handler. Where it is not to be had, mprotect does it, at two VMAs a stack.
 */
#include "src/os/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/base/atomic.h"
#include "src/os/fault.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

enum { UNKNOWN, BY_PROCESS_MADVISE, BY_MADVISE, BY_MPROTECT };
static weft__a32 guard_method;
static weft__a32 pidfd_plus_one;

void *weft__os_alloc(size_t size)
{
	return weft__os_fault(WEFT__OS_ALLOC) ? NULL : malloc(size);
}

void *weft__os_alloc_zeroed(size_t n, size_t size)
{
	return weft__os_fault(WEFT__OS_ALLOC) ? NULL : calloc(n, size);
}

void *weft__os_alloc_aligned(size_t alignment, size_t size)
{
	return weft__os_fault(WEFT__OS_ALLOC) ? NULL : aligned_alloc(alignment, size);
}

void weft__os_free(void *block)
{
	free(block);
}

size_t weft__os_page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

void *weft__os_map(size_t size)
{
	if (weft__os_fault(WEFT__OS_MAP))
		return NULL;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	madvise(p, size, MADV_NOHUGEPAGE); /* a huge page behind each stack top would cost 2 MiB a thread */
	return p;
}

void weft__os_unmap(void *addr, size_t size)
{
	munmap(addr, size);
}

static int self_pidfd(void)
{
#ifdef SYS_pidfd_open
	uint32_t known = weft__load_acq(&pidfd_plus_one); /* relaxed would do: a number */
	if (known)
		return (int)known - 1;
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (fd < 0)
		return -1;
	uint32_t none = 0;
	if (!weft__cas_acqrel(&pidfd_plus_one, &none, (uint32_t)fd + 1)) {
		close(fd);
		return (int)none - 1;
	}
	return fd;
#else
	return -1;
#endif
}

/* Advise n ranges in one call; how many were done from the start, or -1. */
static ssize_t advise_many(const struct iovec *ranges, unsigned n, int advice)
{
#ifdef SYS_process_madvise
	int fd = self_pidfd();
	return fd < 0 ? -1 : (ssize_t)syscall(SYS_process_madvise, fd, ranges, (unsigned long)n, advice, 0u);
#else
	(void)ranges, (void)n, (void)advice;
	return -1;
#endif
}

/* Whether the page cannot be written: the kernel tries to. */
static bool faults(void *page)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, page, 1);
	bool fault = n < 0 && errno == EFAULT;
	close(fd);
	return fault;
}

static uint32_t prove_guards(void)
{
	size_t page = weft__os_page_size();
	uint32_t method = BY_MPROTECT;
	char *p = weft__os_map(2 * page);
	if (!p)
		return method;
	struct iovec range = { p, page };
	if (advise_many(&range, 1, MADV_GUARD_INSTALL) == (ssize_t)page && faults(p))
		method = BY_PROCESS_MADVISE;
	else if (madvise(p + page, page, MADV_GUARD_INSTALL) == 0 && faults(p + page))
		method = BY_MADVISE;
	weft__os_unmap(p, 2 * page);
	return method;
}

static uint32_t method(void)
{
	uint32_t m = weft__load_rlx(&guard_method); /* relaxed: the answer is the same whoever finds it */
	if (m == UNKNOWN) {
		m = prove_guards();
		weft__store_rlx(&guard_method, m);
	}
	return m;
}

bool weft__os_guards_are_cheap(void)
{
	return method() != BY_MPROTECT;
}

static int guard_one(const struct iovec *range)
{
	int err = weft__os_fault(WEFT__OS_PROTECT);
	if (err)
		return err;
	if (method() != BY_MPROTECT && madvise(range->iov_base, range->iov_len, MADV_GUARD_INSTALL) == 0)
		return 0;
	/* Locked memory (mlockall) refuses guard regions with EINVAL, and gets a protected range instead. */
	return mprotect(range->iov_base, range->iov_len, PROT_NONE) ? -errno : 0;
}

int weft__os_guard(const struct iovec *ranges, unsigned n)
{
	size_t total = 0;
	int err = weft__os_fault(WEFT__OS_GUARD);
	if (err)
		return err;
	for (unsigned i = 0; i < n; i++)
		total += ranges[i].iov_len;
	if (method() == BY_PROCESS_MADVISE && advise_many(ranges, n, MADV_GUARD_INSTALL) == (ssize_t)total)
		return 0;
	for (unsigned i = 0; i < n && !err; i++)
		err = guard_one(&ranges[i]);
	return err;
}

void weft__os_discard(const struct iovec *ranges, unsigned n)
{
	size_t total = 0;
	if (weft__os_fault(WEFT__OS_DISCARD))
		return;
	for (unsigned i = 0; i < n; i++)
		total += ranges[i].iov_len;
	if (advise_many(ranges, n, MADV_DONTNEED) == (ssize_t)total)
		return;
	for (unsigned i = 0; i < n; i++)
		madvise(ranges[i].iov_base, ranges[i].iov_len, MADV_DONTNEED);
}

void weft__os_memory_reset(void)
{
	uint32_t fd = weft__xchg_rlx(&pidfd_plus_one, 0);
	if (fd)
		close((int)fd - 1);
}
