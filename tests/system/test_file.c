/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing files: the same from a green thread, a bound one and a kernel thread that weft did not make; what is cached,
 * what is not, what cannot be tried; short counts and errors.
 */
#include <sys/uio.h>

#include "src/base/random.h"
#include "src/io/file.h"
#include "tests/support/folder.h"

/* Whatever is cached, whatever the sizes: as pread would. */
static void read_ranges(int fd)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 20000, SIZE };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (size_t offset = 0; offset <= SIZE + 1; offset += 4099) {
			size_t left = offset < SIZE ? SIZE - offset : 0, n = sizes[i] < left ? sizes[i] : left;
			memset(buffer, 0, sizeof buffer);
			check_eq(weft_pread(fd, buffer, sizes[i], (int64_t)offset), n);
			check(equal(offset, n));
			check_eq(weft_pread_all(fd, buffer, sizes[i], (int64_t)offset), n);
			check(equal(offset, n));
		}
}

/* Of 16 pages only some are cached: the ends of pieces fall anywhere in the buffers. */
static void read_vectors(int fd, uint64_t *random)
{
	for (int round = 0; round < rounds(200); round++) {
		struct iovec iov[8];
		size_t used = 0, offset = weft__random_next(random) % SIZE;
		unsigned char page[1];
		int n = 1 + (int)(weft__random_next(random) % 8);
		for (int i = 0; i < n; i++) {
			size_t size = weft__random_next(random) % 3 ? weft__random_next(random) % 9000 : 0;
			if (size > SIZE - used)
				size = SIZE - used;
			iov[i] = (struct iovec){ buffer + used, size };
			used += size;
		}
		if (round % 4 == 0)
			drop_cache(fd);
		check_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM), 0);
		check_eq(pread(fd, page, 1, (off_t)(weft__random_next(random) % SIZE)), 1);
		size_t left = SIZE - offset, expected = used < left ? used : left;
		memset(buffer, 0, sizeof buffer);
		check_eq(weft_preadv(fd, iov, n, (int64_t)offset), expected);
		check(equal(offset, expected));
	}
}

static void write_and_read_back(int fd)
{
	struct iovec iov[3] = { { content + 9, 5000 }, { content + 5009, 0 }, { content + 5009, 3000 } };
	check_eq(weft_pwrite(fd, content, 0, 0), 0);
	check_eq(weft_pwrite(fd, content + 1, 10000, SIZE), 10000);
	check_eq(weft_pread(fd, buffer, SIZE, SIZE), 10000);
	check(equal(1, 10000));
	check_eq(weft_pwritev(fd, iov, 3, SIZE + 1), 8000);
	check_eq(weft_pread(fd, buffer, 8000, SIZE + 1), 8000);
	check(equal(9, 8000));
	check_eq(weft_pwrite_all(fd, content + 2, SIZE - 2, SIZE), SIZE - 2);
	check_eq(weft_pread_all(fd, buffer, SIZE, SIZE), SIZE - 2);
	check(equal(2, SIZE - 2));
	check_eq(weft_pwrite_timeout(fd, content, 5, SIZE, WEFT_FOREVER), 5);
	check_eq(weft_pwritev_timeout(fd, iov, 3, SIZE, WEFT_S(60)), 8000);
	check_eq(weft_pwrite_all_timeout(fd, content, 500, SIZE, WEFT_S(60)), 500);
	check_eq(weft_pread_timeout(fd, buffer, 400, SIZE, WEFT_S(60)), 400);
	check_eq(weft_pread_all_timeout(fd, buffer, 500, SIZE, WEFT_S(60)), 500);
	check(equal(0, 500));
	check_eq(weft_preadv_timeout(fd, iov, 0, SIZE, WEFT_S(60)), 0);
	check_eq(weft_fsync(fd), 0);
	check_eq(weft_fdatasync(fd), 0);
	check_eq(weft_fsync_timeout(fd, WEFT_S(60)), 0);
	check_eq(weft_fdatasync_timeout(fd, WEFT_S(60)), 0);
	check_eq(weft_ftruncate(fd, SIZE), 0);
	check_eq(weft_pread(fd, buffer, SIZE, SIZE), 0);
}

/* The internal calls with the file's position, which weft_read and its like are made of. */
static void move_position(int fd)
{
	struct iovec iov[2] = { { buffer, 100 }, { buffer + 100, 9000 } };
	check_eq(lseek(fd, 10, SEEK_SET), 10);
	drop_cache(fd);
	check_eq(weft__file_read(fd, iov, 2, -1, WEFT_FOREVER), 9100);
	check(equal(10, 9100));
	check_eq(lseek(fd, 0, SEEK_CUR), 9110);
	iov[1].iov_base = content + 9110;
	check_eq(weft__file_write(fd, iov + 1, 1, -1, WEFT_FOREVER), 9000);
	check_eq(lseek(fd, 0, SEEK_CUR), 18110);
	check_eq(weft__file_read(fd, iov, 1, -1, WEFT_FOREVER), 100);
	check(equal(18110, 100));
}

static void errors(int fd)
{
	struct iovec iov = { buffer, 10 };
	int ends[2], closed;
	check_eq(pipe(ends), 0);
	closed = fcntl(fd, F_DUPFD, 700); /* a number that nobody gets when it is free */
	check(closed >= 700);
	close(closed);
	check_eq(weft_pread(closed, buffer, 1, 0), -EBADF);
	check_eq(weft_pwrite(closed, buffer, 1, 0), -EBADF);
	check_eq(weft_fsync(closed), -EBADF);
	check_eq(weft_fdatasync(closed), -EBADF);
	check_eq(weft_pread(fd, buffer, 1, -1), -EINVAL);
	check_eq(weft_pread_timeout(fd, buffer, 1, -1, 0), -EINVAL);
	check_eq(weft_pwrite(fd, buffer, 1, -1), -EINVAL);
	check_eq(weft_preadv(fd, &iov, 1, -1), -EINVAL);
	check_eq(weft_pwritev(fd, &iov, 1, -5), -EINVAL);
	check_eq(weft_pread_all(fd, buffer, 1, -1), -EINVAL);
	check_eq(weft_pwrite_all(fd, buffer, 1, -1), -EINVAL);
	check_eq(weft_preadv(fd, &iov, -1, 0), -EINVAL);
	check_eq(weft_pread(ends[0], buffer, 1, 0), -ESPIPE);
	check_eq(weft_pwrite(ends[1], buffer, 1, 0), -ESPIPE);
	check_eq(weft_pread(fd, NULL, 100, 0), -EFAULT);
	check_eq(weft_ftruncate(fd, -1), -EINVAL);
	check_eq(weft_fallocate(fd, 0, 0, 0), -EINVAL);
	check_eq(weft_open(in_folder("none"), O_RDONLY, 0), -ENOENT);
	check_eq(weft_unlink(in_folder("none")), -ENOENT);
	check_eq(weft_rename(in_folder("none"), in_folder("none")), -ENOENT);
	check_eq(weft_mkdir(folder, 0700), -EEXIST);
	struct statx about;
	check_eq(weft_statx(AT_FDCWD, in_folder("none"), 0, STATX_SIZE, &about), -ENOENT);
	int write_only = open("/dev/null", O_WRONLY | O_CLOEXEC);
	check_eq(weft_pread(write_only, buffer, 1, 0), -EBADF);
	close(write_only);
	int directory = open(folder, O_RDONLY | O_CLOEXEC);
	check_eq(weft_pread(directory, buffer, 1, 0), -EISDIR);
	close(directory);
	close(ends[0]);
	close(ends[1]);
}

static void *use_a_file(void *arg)
{
	uint64_t random = *(uint64_t *)arg;
	int fd = make_file("file");
	read_ranges(fd);
	drop_cache(fd);
	read_ranges(fd);
	read_vectors(fd, &random);
	write_and_read_back(fd);
	move_position(fd);
	errors(fd);
	close(fd);
	return arg;
}

START_TEST(reading_and_writing)
{
	uint64_t seed = new_seed();
	set_up("/tmp");
	on_each_kind(use_a_file, &seed);
	tear_down();
}
END_TEST

/* A file system that cannot be asked. */
START_TEST(in_memory)
{
	uint64_t seed = new_seed();
	set_up("/dev/shm");
	on_each_kind(use_a_file, &seed);
	tear_down();
}
END_TEST

/* What EAGAIN and its like mean of a try is not what they mean of the call: the pool does it then. */
static shared try_fails;

static int never_now(enum weft__os_site site)
{
	return site == WEFT__OS_READ || site == WEFT__OS_WRITE ? -(int)get(try_fails) : 0;
}

static void *without_tries(void *arg)
{
	static const int errs[] = { EAGAIN, EOPNOTSUPP, ENOSYS };
	for (int i = 0; i < 3; i++) {
		set(try_fails, (uint64_t)errs[i]);
		use_a_file(arg);
	}
	weft__file_tune.slow_ns = 0;
	weft__file_tune.avoid_ns = UINT64_MAX / 4;
	use_a_file(arg);
	return arg;
}

START_TEST(all_by_the_pool)
{
	uint64_t seed = new_seed();
	set_up("/tmp");
	weft__os_fault_hook = never_now;
	run(without_tries, &seed);
	tear_down();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { reading_and_writing, in_memory, all_by_the_pool, NULL };
	return run_tests("system/file", tests);
}
