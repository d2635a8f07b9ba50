/* SPDX-License-Identifier: MIT */
/* What tests of files share: a folder of their own, a file with known content, and a callback on each kind of thread. */
#ifndef WEFT_TESTS_FOLDER_H
#define WEFT_TESTS_FOLDER_H

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/support/support.h"

enum { SIZE = 64 * 1024 };

static char folder[64];
static unsigned char content[SIZE], buffer[SIZE];
static _Thread_local char name_of[128];

static inline const char *in_folder(const char *name)
{
	snprintf(name_of, sizeof name_of, "%s/%s", folder, name);
	return name_of;
}

static inline void set_up(const char *parent)
{
	snprintf(folder, sizeof folder, "%s/weft-file.XXXXXX", parent);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	for (size_t i = 0; i < SIZE; i++)
		content[i] = (unsigned char)(i * 7 + i / 251);
}

static inline void tear_down(void)
{
	rmdir(folder);
}

static inline int make_file(const char *name)
{
	int fd = open(in_folder(name), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	check(fd >= 0);
	check_eq(write(fd, content, SIZE), SIZE);
	check_eq(unlink(in_folder(name)), 0);
	return fd;
}

static inline void drop_cache(int fd)
{
	check_eq(fdatasync(fd), 0);
	check_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
}

static inline bool equal(size_t offset, size_t n)
{
	return memcmp(buffer, content + offset, n) == 0;
}

static inline void on_each_kind(void *(*fn)(void *), void *arg)
{
	check_eq(weft_start(NULL), 0);
	join(spawn(WEFT_GREEN, fn, arg));
	join(spawn(WEFT_BOUND, fn, arg));
	fn(arg);
	check_eq(weft_stop(), 0);
	fn(arg);
}

#endif
