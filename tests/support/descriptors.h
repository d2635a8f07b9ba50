/* SPDX-License-Identifier: MIT */
/*
 * How many descriptors this process has open, but for those that come and go with the runtime: the rings and events of workers, as one
 * that stands in for another makes its own, and what the monitor reads of a worker that may be blocked.
 */
#ifndef WEFT_TESTS_DESCRIPTORS_H
#define WEFT_TESTS_DESCRIPTORS_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static inline bool is_of_runtime(int dir, const char *name)
{
	char target[64] = "";
	return readlinkat(dir, name, target, sizeof target - 1) > 0 &&
	       (!strcmp(target, "anon_inode:[io_uring]") || !strcmp(target, "anon_inode:[eventfd]") ||
		(!strncmp(target, "/proc/", 6) && strstr(target, "/task/")));
}

/* With two for `.` and `..`, and one for the folder itself. */
static inline unsigned descriptors(void)
{
	unsigned n = 0;
	DIR *dir = opendir("/proc/self/fd");
	for (const struct dirent *entry; (entry = readdir(dir));)
		n += !is_of_runtime(dirfd(dir), entry->d_name);
	closedir(dir);
	return n;
}

/* What each of them is, on stderr: for a test that has found more than there should be. */
static inline void say_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	for (const struct dirent *entry; (entry = readdir(dir));) {
		char target[256] = "";
		if (readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1) > 0)
			fprintf(stderr, "descriptor %s: %s\n", entry->d_name, target);
	}
	closedir(dir);
}

#endif
