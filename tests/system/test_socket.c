/* SPDX-License-Identifier: MIT */
/* The calls that make descriptors; numbers that come up again after a close(2); and what the kernel does not tell. */
#include "tests/support/io.h"

static struct pair p;

static void *make_and_use(void *arg)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;
	int fds[2];
	char data = 0;
	int listener = weft_socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
	    client = weft_socket(AF_INET, SOCK_STREAM, 0);
	check_eq(weft_bind(listener, (struct sockaddr *)&address, length), 0);
	check_eq(weft_listen(listener, 4), 0);
	check_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	check_eq(weft_bind(client, (struct sockaddr *)&address, length), -EADDRINUSE);
	check_eq(weft_connect(client, (struct sockaddr *)&address, length), 0);
	int server = weft_accept(listener, NULL, NULL, 0);
	check_eq(weft_write(client, "x", 1), 1);
	check_eq(weft_read(server, &data, 1), 1);
	check_eq(fcntl(listener, F_GETFD), FD_CLOEXEC);
	check_eq(weft_close(client) | weft_close(server) | weft_close(listener), 0);
	check_eq(weft_pipe2(fds, O_CLOEXEC), 0);
	check_eq(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
	check_eq(weft_close(fds[0]) | weft_close(fds[1]), 0);
	check_eq(weft_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	check_eq(weft_close(fds[0]) | weft_close(fds[1]), 0);
	check_eq(weft_socket(-1, SOCK_STREAM, 0), -EAFNOSUPPORT);
	check_eq(weft_socketpair(AF_INET, SOCK_STREAM, 0, fds), -EOPNOTSUPP);
	check_eq(weft_pipe2(fds, -1), -EINVAL);
	check_eq(weft_bind(-1, (struct sockaddr *)&address, sizeof address), -EBADF);
	check_eq(weft_listen(-1, 1), -EBADF);
	return arg;
}

START_TEST(made_and_used)
{
	run(make_and_use, NULL);
	make_and_use(NULL);
}
END_TEST

/* weft believes the number dry and armed; then a library closes it, and it is given out anew. */
static void *write_later(void *arg)
{
	weft_sleep(WEFT_US(200));
	check_eq(weft_write((int)(intptr_t)arg, "x", 1), 1);
	return NULL;
}

static void *reuse(void *arg)
{
	for (int i = 0; i < 40; i++) {
		int fds[2];
		char data;
		check_eq(i % 2 ? weft_pipe2(fds, 0) : weft_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		check_eq(weft_read_timeout(fds[0], &data, 1, WEFT_US(50)), -ETIMEDOUT);
		weft_t thread = spawn(NULL, write_later, (void *)(intptr_t)fds[1]);
		check_eq(weft_read_timeout(fds[0], &data, 1, WEFT_S(20)), 1);
		join(thread);
		check_eq(weft_read_timeout(fds[0], &data, 1, WEFT_US(50)), -ETIMEDOUT);
		close(fds[0]);
		close(fds[1]);
	}
	return arg;
}

START_TEST(numbers_of_a_library)
{
	run(reuse, NULL);
}
END_TEST

/* A socket of the Unix domain that is not connected sends to one whose queue is full: no edge comes when there is room. */
static struct sockaddr_un name;
static socklen_t name_length;

static void *send_one_more(void *arg)
{
	struct msghdr msg = { .msg_name = &name,
			      .msg_namelen = name_length,
			      .msg_iov = &(struct iovec){ (char[]){ 'x' }, 1 },
			      .msg_iovlen = 1 };
	ssize_t n =
		arg ? weft_sendmsg(p.in, &msg, 0) : weft_sendto(p.in, "x", 1, 0, (struct sockaddr *)&name, name_length);
	return (void *)(intptr_t)n;
}

static void fill_queue(void)
{
	name = (struct sockaddr_un){ .sun_family = AF_UNIX };
	name_length = sizeof name;
	p = (struct pair){ weft_socket(AF_UNIX, SOCK_DGRAM, 0), weft_socket(AF_UNIX, SOCK_DGRAM, 0) };
	check_eq(weft_bind(p.out, (struct sockaddr *)&name, sizeof(sa_family_t)), 0);
	check_eq(getsockname(p.out, (struct sockaddr *)&name, &name_length), 0);
	ssize_t n;
	while ((n = weft_sendto_timeout(p.in, "x", 1, 0, (struct sockaddr *)&name, name_length, 0)) == 1)
		;
	check_eq(n, -ETIMEDOUT);
	check_eq(weft_sendto(p.in, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&name, name_length), -EAGAIN);
	check_eq(weft_sendto_timeout(p.in, "x", 1, 0, (struct sockaddr *)&name, name_length, WEFT_MS(3)), -ETIMEDOUT);
}

static void *full_queue(void *arg)
{
	for (uintptr_t i = 0; i < 6; i++) {
		char data;
		fill_queue();
		weft_t thread = spawn(i < 4 ? WEFT_GREEN : WEFT_BOUND, send_one_more, (void *)(i % 2));
		weft_sleep(WEFT_MS(3));
		if (i < 2) {
			check_eq(weft_close(p.in), 0);
			check_eq((intptr_t)join(thread), -EBADF);
		} else if (i == 2) {
			check_eq(weft_cancel(thread), 0);
			check_eq((intptr_t)join(thread), -ECANCELED);
		} else {
			check_eq(weft_recv(p.out, &data, 1, 0), 1);
			check_eq((intptr_t)join(thread), 1);
		}
		check_eq(weft_close(p.out), 0);
		check_eq(weft_close(p.in), i < 2 ? -EBADF : 0);
	}
	return arg;
}

START_TEST(a_full_queue_of_datagrams)
{
	run(full_queue, NULL);
}
END_TEST

/* Who asks for less than input, while there is some, does not make readers believe that there is none. */
static shared polls;

static void *poll_for_hangup(void *arg)
{
	struct pollfd fd = { .fd = p.out, .events = POLLRDHUP };
	add(polls, 1);
	check_eq(weft_poll(&fd, 1), 1);
	check(fd.revents & POLLRDHUP);
	return arg;
}

static void *hangup(void *arg)
{
	char data;
	p = make_pair(TCP);
	check_eq(weft_read_timeout(p.out, &data, 1, WEFT_US(50)), -ETIMEDOUT);
	check_eq(weft_write(p.in, "abc", 3), 3);
	weft_t thread[3];
	for (int i = 0; i < 3; i++)
		thread[i] = spawn(i ? WEFT_GREEN : WEFT_BOUND, poll_for_hangup, NULL);
	wait_until(get(polls) == 3);
	for (int i = 0; i < 3; i++) {
		weft_sleep(WEFT_MS(2));
		check_eq(weft_read_timeout(p.out, &data, 1, WEFT_S(20)), 1);
		check_eq(data, "abc"[i]);
	}
	check_eq(weft_read_timeout(p.out, &data, 1, WEFT_US(50)), -ETIMEDOUT);
	check_eq(weft_shutdown(p.in, SHUT_WR), 0);
	check_eq(weft_read_timeout(p.out, &data, 1, WEFT_S(20)), 0);
	for (int i = 0; i < 3; i++)
		join(thread[i]);
	close_pair(p);
	return arg;
}

START_TEST(who_waits_for_a_hangup)
{
	run(hangup, NULL);
}
END_TEST

/* One edge for all: who is woken wakes the next. */
static void *read_one(void *arg)
{
	char data;
	check_eq(weft_read_timeout(p.out, &data, 1, WEFT_S(20)), 1);
	return arg;
}

static void *share(void *arg)
{
	weft_t thread[5];
	p = make_pair(TCP);
	for (int i = 0; i < 5; i++)
		thread[i] = spawn(i % 2 ? WEFT_GREEN : WEFT_BOUND, read_one, NULL);
	weft_sleep(WEFT_MS(5));
	check_eq(weft_write(p.in, "12345", 5), 5);
	for (int i = 0; i < 5; i++)
		join(thread[i]);
	close_pair(p);
	return arg;
}

START_TEST(one_edge_for_many)
{
	run(share, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { made_and_used,	       numbers_of_a_library, a_full_queue_of_datagrams,
				       who_waits_for_a_hangup, one_edge_for_many,    NULL };
	return run_tests("system/socket", tests);
}
