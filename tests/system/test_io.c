/* SPDX-License-Identifier: MIT */
/* Reading and writing, on each kind of descriptor and by each kind of thread: what goes in comes out, however it is cut up. */
#include "tests/support/io.h"

static uint64_t seed;
static enum pair_kind kind;
static struct pair p;

/* --- what goes in comes out --- */

enum { SMALL = 7, LARGE = 100000 };

static uint64_t total_of(void)
{
	return (uint64_t)rounds(600000) + 300000;
}

static uint32_t some_size(struct member *m)
{
	uint32_t most[] = { 1, SMALL, 4096, LARGE };
	return 1 + pick(m, most[pick(m, 4)]);
}

static size_t piece(struct member *m, uint64_t left)
{
	size_t n = some_size(m);
	return n < left ? n : (size_t)left;
}

static ssize_t put(struct member *m, unsigned char *data, size_t n)
{
	struct iovec vec[3] = { { data, n / 3 }, { data + n / 3, n / 2 - n / 3 }, { data + n / 2, n - n / 2 } };
	struct msghdr msg = { .msg_iov = vec, .msg_iovlen = 3 };
	switch (pick(m, is_socket(kind) ? 6 : 3)) {
	case 0:
		return weft_write(p.in, data, n);
	case 1:
		return weft_writev(p.in, vec, 3);
	case 2:
		return weft_write_all(p.in, data, n, NULL);
	case 3:
		return weft_send(p.in, data, n, 0);
	case 4:
		return weft_sendto(p.in, data, n, 0, NULL, 0);
	default:
		return weft_sendmsg(p.in, &msg, 0);
	}
}

static ssize_t take(struct member *m, unsigned char *data, size_t n)
{
	struct iovec vec[3] = { { data, n / 3 }, { data + n / 3, n / 2 - n / 3 }, { data + n / 2, n - n / 2 } };
	struct msghdr msg = { .msg_iov = vec, .msg_iovlen = 3 };
	switch (pick(m, is_socket(kind) ? 6 : 3)) {
	case 0:
		return weft_read(p.out, data, n);
	case 1:
		return weft_readv(p.out, vec, 3);
	case 2:
		return weft_read_all(p.out, data, n, NULL);
	case 3:
		return weft_recv(p.out, data, n, 0);
	case 4:
		return weft_recvfrom(p.out, data, n, 0, NULL, NULL);
	default:
		return weft_recvmsg(p.out, &msg, 0);
	}
}

static void *writer(void *arg)
{
	struct member *m = arg;
	unsigned char *data = malloc(LARGE + 1);
	for (uint64_t at = 0, total = total_of(); at < total;) {
		size_t n = piece(m, total - at);
		for (size_t i = 0; i < n; i++)
			data[i] = byte_at(at + i);
		ssize_t done = put(m, data, n);
		check(done > 0 && (size_t)done <= n);
		at += (uint64_t)done;
	}
	free(data);
	check_eq(weft_close(p.in), 0);
	return NULL;
}

static void *reader(void *arg)
{
	struct member *m = arg;
	unsigned char *data = malloc(LARGE + 1);
	uint64_t at = 0;
	for (ssize_t n; (n = take(m, data, some_size(m))) != 0; at += (uint64_t)n) {
		check(n > 0);
		for (ssize_t i = 0; i < n; i++)
			check_eq(data[i], byte_at(at + (uint64_t)i));
	}
	check_eq(at, total_of());
	free(data);
	return NULL;
}

static pthread_t outside_of(void *(*fn)(void *), struct member *m)
{
	return outsider(fn, m);
}

/* Two members of the given kinds (green, bound, outside: 0 to 2), one at each end. */
static void transfer(int from, int to)
{
	struct member m[2] = { { .random = seed | 1 }, { .random = seed * 3 | 1 } };
	void *(*fn[2])(void *) = { writer, reader };
	int is[2] = { from, to };
	weft_t thread[2];
	pthread_t outside[2];
	p = make_pair(kind);
	for (int i = 0; i < 2; i++)
		if (is[i] == 2)
			outside[i] = outside_of(fn[i], &m[i]);
		else
			thread[i] = spawn(is[i] ? WEFT_BOUND : WEFT_GREEN, fn[i], &m[i]);
	for (int i = 0; i < 2; i++)
		if (is[i] == 2)
			pthread_join(outside[i], NULL);
		else
			join(thread[i]);
	check_eq(weft_close(p.out), 0);
}

START_TEST(what_goes_in_comes_out)
{
	static const enum pair_kind streams[] = { PIPE, UNIX, TCP };
	seed = new_seed();
	start();
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < 9; i++) {
			kind = streams[k];
			transfer(i / 3, i % 3);
		}
	stop();
}
END_TEST

/* Messages stay whole, and a short one does not make the others wait. */
static void *messages(void *arg)
{
	char data[100] = { 0 };
	static const enum pair_kind kinds[] = { PACKETS, DATAGRAM };
	for (int k = 0; k < 2; k++) {
		p = make_pair(kinds[k]);
		for (int i = 1; i <= 10; i++)
			check_eq(weft_write(p.in, data, (size_t)i), i);
		for (int i = 1; i <= 10; i++)
			check_eq(weft_read_timeout(p.out, data, sizeof data, WEFT_S(10)), i);
		check_eq(weft_read_timeout(p.out, data, sizeof data, WEFT_US(100)), -ETIMEDOUT);
		close_pair(p);
	}
	return arg;
}

START_TEST(messages_stay_whole)
{
	run(messages, NULL);
}
END_TEST

/* --- what cannot be waited for --- */

static void *files(void *arg)
{
	char data[10];
	FILE *file = tmpfile();
	int fd = fileno(file), directory = open("/", O_RDONLY);
	check_eq(weft_write(fd, "hello", 5), 5);
	check_eq(lseek(fd, 0, SEEK_SET), 0);
	check_eq(weft_read(fd, data, sizeof data), 5);
	check_eq(weft_read(fd, data, sizeof data), 0);
	check_eq(weft_read(directory, data, sizeof data), -EISDIR);
	check_eq(weft_recv(fd, data, sizeof data, 0), -ENOTSOCK);
	check_eq(weft_close(directory), 0);
	fclose(file);
	check_eq(weft_read(-1, data, 1), -EBADF);
	check_eq(weft_read(1 << 30, data, 1), -EBADF);
	check_eq(weft_close(-1), -EBADF);
	check_eq(weft_shutdown(-1, SHUT_RD), -EBADF);
	p = make_pair(PIPE);
	check_eq(weft_readv(p.out, NULL, -1), -EINVAL);
	check_eq(weft_write(p.in, NULL, 1), -EFAULT);
	check_eq(weft_write(p.out, data, 1), -EBADF);
	close_pair(p);
	return arg;
}

START_TEST(files_and_mistakes)
{
	run(files, NULL);
	files(NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { what_goes_in_comes_out, messages_stay_whole, files_and_mistakes, NULL };
	return run_tests("system/io", tests);
}
