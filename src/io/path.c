/* SPDX-License-Identifier: MIT */
/* Calls on files and directories that may wait for the disk and cannot be tried without: all are done by the blocking pool. */
#include <fcntl.h>

#include "src/io/file.h"
#include "src/sched/park.h"
#include "weft/file.h"

static int pool(const struct weft__os_file_call *call)
{
	return (int)weft__file_call(call, WEFT__NEVER);
}

int weft_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	return pool(&(struct weft__os_file_call){
		.call = weft__os_call_open, .fd = dirfd, .path = path, .flags = flags, .mode = mode });
}

int weft_open(const char *path, int flags, mode_t mode)
{
	return weft_openat(AT_FDCWD, path, flags, mode);
}

static int sync_file(int fd, ssize_t (*call)(const struct weft__os_file_call *), uint64_t deadline)
{
	return (int)weft__file_call(&(struct weft__os_file_call){ .call = call, .fd = fd }, deadline);
}

int weft_fsync(int fd)
{
	return sync_file(fd, weft__os_call_fsync, WEFT__NEVER);
}

int weft_fsync_timeout(int fd, uint64_t nanoseconds)
{
	return sync_file(fd, weft__os_call_fsync, weft__deadline(nanoseconds));
}

int weft_fdatasync(int fd)
{
	return sync_file(fd, weft__os_call_fdatasync, WEFT__NEVER);
}

int weft_fdatasync_timeout(int fd, uint64_t nanoseconds)
{
	return sync_file(fd, weft__os_call_fdatasync, weft__deadline(nanoseconds));
}

int weft_ftruncate(int fd, int64_t size)
{
	return pool(&(struct weft__os_file_call){ .call = weft__os_call_ftruncate, .fd = fd, .length = size });
}

int weft_fallocate(int fd, int mode, int64_t offset, int64_t size)
{
	return pool(&(struct weft__os_file_call){
		.call = weft__os_call_fallocate, .fd = fd, .flags = mode, .offset = offset, .length = size });
}

int weft_statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *out)
{
	return pool(&(struct weft__os_file_call){
		.call = weft__os_call_statx, .fd = dirfd, .path = path, .flags = flags, .mode = mask, .out = out });
}

int weft_renameat(int dirfd, const char *path, int new_dirfd, const char *new_path)
{
	return pool(&(struct weft__os_file_call){
		.call = weft__os_call_rename, .fd = dirfd, .path = path, .to = new_dirfd, .new_path = new_path });
}

int weft_rename(const char *path, const char *new_path)
{
	return weft_renameat(AT_FDCWD, path, AT_FDCWD, new_path);
}

int weft_unlinkat(int dirfd, const char *path, int flags)
{
	return pool(&(struct weft__os_file_call){
		.call = weft__os_call_unlink, .fd = dirfd, .path = path, .flags = flags });
}

int weft_unlink(const char *path)
{
	return weft_unlinkat(AT_FDCWD, path, 0);
}

int weft_mkdirat(int dirfd, const char *path, mode_t mode)
{
	return pool(
		&(struct weft__os_file_call){ .call = weft__os_call_mkdir, .fd = dirfd, .path = path, .mode = mode });
}

int weft_mkdir(const char *path, mode_t mode)
{
	return weft_mkdirat(AT_FDCWD, path, mode);
}
