/* SPDX-License-Identifier: MIT */
/*
 * Sealed memfds. The seals are what makes it safe to share one with a process that is not trusted: a mapping whose file has
 * shrunk raises SIGBUS. Committed at once, so that no memory is an error, and not a SIGBUS later.
 */
#include "src/os/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "src/os/fault.h"

enum { SIZE_SEALS = F_SEAL_SHRINK | F_SEAL_GROW };

enum { PIECE = 1 << 20 };

/* Of private memory the kernel refuses what is obviously too much. Of this it would give until it has to kill somebody: so half
 * of the machine's at most, as in a tmpfs that nobody has set up. */
static bool is_too_much(size_t size)
{
	struct sysinfo info;
	return sysinfo(&info) || size / info.mem_unit > info.totalram / 2;
}

/* In pieces, since one that is interrupted by a signal begins anew. */
static int commit(int fd, size_t size)
{
	for (size_t at = 0; at < size;) {
		size_t n = size - at < PIECE ? size - at : PIECE;
		int err = posix_fallocate(fd, (off_t)at, (off_t)n);
		if (err && err != EINTR)
			return err == ENOSPC ? -ENOMEM : -err;
		at += err ? 0 : n;
	}
	return 0;
}

static int commit_and_seal(int fd, size_t size)
{
	int err = commit(fd, size);
	if (!err && fcntl(fd, F_ADD_SEALS, SIZE_SEALS | F_SEAL_SEAL))
		err = -errno;
	return err;
}

int weft__os_shared_make(size_t size)
{
	int err = weft__os_fault(WEFT__OS_FILE);
	if (!err && is_too_much(size))
		err = -ENOMEM;
	if (err)
		return err;
	int fd = memfd_create("weft channel", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	err = commit_and_seal(fd, size);
	if (err)
		close(fd);
	return err ? err : fd;
}

bool weft__os_shared_is(int fd, size_t size)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);
	return seals >= 0 && (seals & SIZE_SEALS) == SIZE_SEALS && fstat(fd, &st) == 0 && (size_t)st.st_size == size;
}

void *weft__os_shared_map(int fd, size_t size)
{
	if (weft__os_fault(WEFT__OS_MAP))
		return NULL;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return p == MAP_FAILED ? NULL : p;
}
