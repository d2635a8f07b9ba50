/* SPDX-License-Identifier: MIT */
/* Files and directories by name, and bytes moved between descriptors within the kernel. */
#include <sys/socket.h>

#include "tests/support/folder.h"

/* --- names --- */

static void *use_names(void *arg)
{
	struct statx about;
	char from[128], to[128];
	check_eq(weft_mkdir(in_folder("d"), 0700), 0);
	int fd = weft_open(in_folder("d/f"), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	check(fd >= 0);
	check(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	check_eq(weft_open(in_folder("d/f"), O_RDWR | O_CREAT | O_EXCL, 0640), -EEXIST);
	check_eq(weft_fallocate(fd, 0, 0, 12345), 0);
	check_eq(weft_statx(AT_FDCWD, in_folder("d/f"), 0, STATX_SIZE | STATX_MODE, &about), 0);
	check_eq(about.stx_size, 12345);
	check_eq(about.stx_mode & 0777, 0640);
	check_eq(weft_statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &about), 0);
	close(fd);
	int directory = weft_open(in_folder("d"), O_DIRECTORY | O_RDONLY | O_CLOEXEC, 0);
	check(directory >= 0);
	check_eq(weft_mkdirat(directory, "e", 0700), 0);
	fd = weft_openat(directory, "f", O_RDONLY | O_CLOEXEC, 0);
	check(fd >= 0);
	close(fd);
	check_eq(weft_renameat(directory, "f", directory, "e/g"), 0);
	check_eq(weft_openat(directory, "f", O_RDONLY, 0), -ENOENT);
	snprintf(from, sizeof from, "%s/d/e/g", folder);
	snprintf(to, sizeof to, "%s/d/h", folder);
	check_eq(weft_rename(from, to), 0);
	check_eq(weft_unlinkat(directory, "e", 0), -EISDIR);
	check_eq(weft_unlinkat(directory, "e", AT_REMOVEDIR), 0);
	check_eq(weft_unlink(to), 0);
	close(directory);
	check_eq(weft_unlinkat(AT_FDCWD, in_folder("d"), AT_REMOVEDIR), 0);
	return arg;
}

START_TEST(names)
{
	set_up("/tmp");
	on_each_kind(use_names, NULL);
	tear_down();
}
END_TEST

/* --- within the kernel --- */

static void read_exactly(int fd, size_t n)
{
	size_t done = 0;
	while (done < n) {
		ssize_t got = read(fd, buffer + done, n - done);
		check(got > 0);
		done += (size_t)got;
	}
}

static void *read_slowly(void *arg)
{
	int fd = *(int *)arg;
	for (size_t n = 0; n < SIZE; n += SIZE / 16) {
		weft_sleep(WEFT_MS(1));
		read_exactly(fd, SIZE / 16);
		check(equal(n, SIZE / 16));
	}
	return arg;
}

/* A descriptor that is full until a reader, a bound thread, has made room. */
static void send_to(int out, int reader, int file)
{
	int64_t offset = 0;
	weft_t thread = spawn(WEFT_BOUND, read_slowly, &reader);
	while (offset < SIZE)
		check(weft_sendfile(out, file, &offset, SIZE - (size_t)offset) > 0);
	check_eq(offset, SIZE);
	check_eq(weft_sendfile(out, file, &offset, 100), 0); /* its end */
	join(thread);
}

static void *move_bytes(void *arg)
{
	int file = make_file("in"), copy = make_file("out"), ends[2], pair[2], more[2];
	int64_t from = 0, to = 0;
	check_eq(pipe2(ends, O_CLOEXEC), 0);
	check_eq(pipe2(more, O_CLOEXEC), 0);
	check(fcntl(ends[1], F_SETPIPE_SZ, 4096) >= 4096);
	send_to(ends[1], ends[0], file);
	int small = 4096;
	for (int nonblock = 0; nonblock < 2; nonblock++) {
		check_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
		check_eq(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
		if (nonblock)
			check_eq(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
		send_to(pair[0], pair[1], file);
		close(pair[0]);
		close(pair[1]);
	}
	check_eq(ftruncate(copy, 0), 0);
	check_eq(weft_copy_file_range(file, &from, copy, &to, 1000, 0), 1000);
	check_eq(weft_copy_file_range_timeout(file, &from, copy, &to, 500, 0, WEFT_S(60)), 500);
	from = to = 1000;
	check_eq(weft_splice(file, &from, ends[1], NULL, 2000, 0), 2000);
	check_eq(weft_tee(ends[0], more[1], 2000, 0), 2000);
	check_eq(weft_splice(ends[0], NULL, copy, &to, 2000, 0), 2000);
	check_eq(to, 3000);
	check_eq(pread(copy, buffer, SIZE, 0), 3000);
	check(equal(0, 3000));
	read_exactly(more[0], 2000);
	check(equal(1000, 2000));
	check_eq(weft_splice(ends[0], NULL, copy, NULL, 10, SPLICE_F_NONBLOCK), -EAGAIN);
	check_eq(write(ends[1], content, 100), 100);
	check_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	close(pair[1]);
	close(more[0]); /* SIGPIPE is as it was: it would end this process */
	check_eq(weft_splice(ends[0], NULL, more[1], NULL, 100, 0), -EPIPE);
	check_eq(weft_tee(ends[0], more[1], 100, 0), -EPIPE);
	check_eq(weft_splice(ends[0], NULL, pair[0], NULL, 100, 0), -EPIPE);
	from = 0;
	check_eq(weft_sendfile(more[1], file, &from, 100), -EPIPE);
	check_eq(weft_sendfile(pair[0], file, &from, 100), -EPIPE);
	check_eq(from, 0);
	close(pair[0]);
	close(more[1]);
	read_exactly(ends[0], 100);
	check_eq(pipe2(more, O_CLOEXEC), 0);
	close(ends[1]);
	check_eq(weft_splice(ends[0], NULL, more[1], NULL, 10, 0), 0); /* no writer */
	check_eq(weft_splice(file, NULL, copy, NULL, 10, 0), -EINVAL); /* no pipe */
	for (int i = 0; i < 2; i++)
		close(more[i]);
	close(ends[0]);
	close(file);
	close(copy);
	return arg;
}

START_TEST(within_the_kernel)
{
	set_up("/tmp");
	check_eq(weft_start(NULL), 0);
	join(spawn(WEFT_GREEN, move_bytes, NULL));
	join(spawn(WEFT_BOUND, move_bytes, NULL));
	move_bytes(NULL);
	check_eq(weft_stop(), 0);
	tear_down();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { names, within_the_kernel, NULL };
	return run_tests("system/file_name", tests);
}
