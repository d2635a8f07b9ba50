/* SPDX-License-Identifier: MIT */
/*
 * Connections by the hundred, with everything that can happen to them at once: clients that are canceled in the middle of
 * any call, that run out of time, that reset; servers that stop. Whoever goes on gets back exactly what it sent. At the end
 * no descriptor is left open.
 */
#include "tests/support/io.h"

#include <dirent.h>

enum { CONNECTIONS = 500, MOST = 3000 };

static int listener;
static struct sockaddr_in address;
static shared served, echoed, gone, reset_by_us;

static void *serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char data[1000];
	ssize_t n;
	while ((n = weft_recv(fd, data, sizeof data, 0)) > 0 && weft_write_all(fd, data, (size_t)n, NULL) == n)
		;
	check(n >= 0 || n == -ECONNRESET);
	check_eq(weft_close(fd), 0);
	add(served, 1);
	return NULL;
}

static void *accept_all(void *arg)
{
	int fd;
	while ((fd = weft_accept(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		check_eq(weft_spawn(NULL, NULL, serve, (void *)(intptr_t)fd), 0);
	check_eq(fd, -EBADF);
	return arg;
}

static bool may_end(ssize_t n)
{
	return n == -ECANCELED || n == -ETIMEDOUT;
}

/* One exchange; false if it was cut short. */
static bool exchange(struct member *m, int fd)
{
	char out[MOST], in[MOST];
	size_t size = 1 + pick(m, MOST), got = 0;
	for (size_t i = 0; i < size; i++)
		out[i] = (char)byte_at(m->random + i);
	ssize_t n = weft_write_all(fd, out, size, NULL);
	if (may_end(n))
		return false;
	check_eq(n, size);
	n = pick(m, 8) ? weft_read_all(fd, in, size, &got)
		       : weft_read_all_timeout(fd, in, size, &got, WEFT_US(pick(m, 5000)));
	check(memcmp(in, out, got) == 0);
	if (may_end(n))
		return false;
	check_eq(n, size);
	add(echoed, 1);
	return true;
}

static void *client(void *arg)
{
	struct member *m = arg;
	const struct linger at_once = { 1, 0 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
	    err = weft_connect(fd, (struct sockaddr *)&address, sizeof address);
	bool goes_on = err == 0;
	check(goes_on || err == -ECANCELED);
	for (int i = 0; i < rounds(40) && goes_on; i++) {
		if (pick(m, 16) == 0)
			goes_on = weft_sleep(WEFT_US(pick(m, 500))) == 0;
		goes_on = goes_on && exchange(m, fd);
	}
	if (!goes_on || pick(m, 4) == 0) {
		add(reset_by_us, 1);
		check_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
	}
	check_eq(weft_close(fd), 0);
	add(gone, 1);
	return NULL;
}

static int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void *all(void *arg)
{
	struct member *m = arg;
	static struct member member[CONNECTIONS];
	static weft_t thread[CONNECTIONS];
	listener = listen_any(&address, CONNECTIONS);
	weft_t acceptor = spawn(NULL, accept_all, NULL);
	for (int i = 0; i < CONNECTIONS; i++) {
		member[i] =
			(struct member){ .index = i, .random = (m->random + (uint64_t)i) * 0x9e3779b97f4a7c15u | 1 };
		thread[i] = spawn(i % 50 ? WEFT_GREEN : WEFT_BOUND, client, &member[i]);
	}
	while (get(gone) < CONNECTIONS / 2) {
		(void)weft_cancel(thread[pick(m, CONNECTIONS)]);
		weft_sleep(WEFT_US(pick(m, 2000)));
	}
	for (int i = 0; i < CONNECTIONS; i++)
		join(thread[i]);
	check_eq(weft_close(listener), 0);
	join(acceptor);
	return NULL;
}

/* Wait for a descriptor in every way that a thread can. */
static void *wait_once(void *arg)
{
	int fds[2];
	char data;
	check_eq(weft_pipe2(fds, 0), 0);
	check_eq(weft_read_timeout(fds[0], &data, 1, WEFT_US(1)), -ETIMEDOUT);
	check_eq(weft_close(fds[0]), 0);
	check_eq(weft_close(fds[1]), 0);
	return arg;
}

static void *wait_by_all(void *arg)
{
	join(spawn(WEFT_BOUND, wait_once, NULL));
	return wait_once(arg);
}

START_TEST(echo)
{
	struct rlimit limit;
	struct member m = { .random = new_seed() };
	check_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	check_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	run(wait_by_all, NULL); /* what the runtime keeps, it has by now */
	int before = open_descriptors();
	run(all, &m);
	ck_assert_uint_eq(get(gone), CONNECTIONS);
	ck_assert_uint_gt(get(echoed), CONNECTIONS);
	ck_assert_int_le(open_descriptors(), before); /* fewer: an emulator has some of its own */
	printf("%llu exchanges, %llu connections served, %llu reset\n", (unsigned long long)get(echoed),
	       (unsigned long long)get(served), (unsigned long long)get(reset_by_us));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { echo, NULL };
	return run_tests("stress/echo", tests);
}
