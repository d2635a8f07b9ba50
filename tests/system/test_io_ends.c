/* SPDX-License-Identifier: MIT */
/* What ends a read or write that waits, by each kind of thread: time limits, ends, shutdowns, resets. Never a signal. */
#include "tests/support/io.h"

static enum pair_kind kind;
static struct pair p;

static void *for_each_kind(void *arg)
{
	void (*fn)(void);
	*(void **)&fn = arg;
	for (kind = PIPE; kind < PAIR_KINDS; kind++) {
		p = make_pair(kind);
		fn();
		close_pair(p);
	}
	return NULL;
}

/* In a green thread, a bound thread, and a kernel thread from outside. */
static void each(void (*fn)(void))
{
	void *arg = *(void **)&fn;
	start();
	join(spawn(WEFT_GREEN, for_each_kind, arg));
	join(spawn(WEFT_BOUND, for_each_kind, arg));
	for_each_kind(arg);
	stop();
	for_each_kind(arg); /* and with no runtime at all */
}

static size_t fill(void)
{
	static const char data[1000];
	size_t n = 0;
	ssize_t done;
	while ((done = weft_write_timeout(p.in, data, sizeof data, 0)) > 0)
		n += (size_t)done;
	check_eq(done, -ETIMEDOUT);
	return n;
}

static void limits(void)
{
	char data[1000];
	struct iovec vec = { data, sizeof data };
	uint64_t begin = weft_now();
	check_eq(weft_read_timeout(p.out, data, 1, 0), -ETIMEDOUT);
	check_eq(weft_read_timeout(p.out, data, 1, WEFT_MS(2)), -ETIMEDOUT);
	check(weft_now() - begin >= WEFT_MS(2));
	check_eq(weft_readv_timeout(p.out, &vec, 1, WEFT_US(50)), -ETIMEDOUT);
	size_t n = fill(), done = 1;
	begin = weft_now();
	ssize_t more;
	while ((more = weft_write_timeout(p.in, data, sizeof data, WEFT_MS(2))) >
	       0) /* TCP finds room once more, and again */
		n += (size_t)more;
	check_eq(more, -ETIMEDOUT);
	while ((more = weft_writev_timeout(p.in, &vec, 1, WEFT_US(50))) > 0)
		n += (size_t)more;
	check_eq(more, -ETIMEDOUT);
	for (; done; n += done) {
		more = weft_write_all_timeout(p.in, data, sizeof data, &done, WEFT_US(50));
		check_eq(more, done == sizeof data ? (ssize_t)done : -ETIMEDOUT);
	}
	check(weft_now() - begin >= WEFT_MS(2));
	uint64_t patience = kind == TCP ? WEFT_S(10) : 0; /* some of it may still be on its way */
	for (ssize_t got; n > 0; n -= (size_t)got)
		check((got = weft_read_timeout(p.out, data, sizeof data, patience)) > 0);
	check_eq(weft_read_timeout(p.out, data, sizeof data, 0), -ETIMEDOUT);
	check_eq(weft_write(p.in, "x", 1), 1);
	check_eq(weft_read_all_timeout(p.out, data, 2, &done, WEFT_MS(1)), -ETIMEDOUT);
	check_eq(done, 1);
}

START_TEST(time_limits)
{
	each(limits);
}
END_TEST

static void flags(void)
{
	char data[10];
	if (!is_socket(kind))
		return;
	check_eq(weft_recv(p.out, data, 1, MSG_DONTWAIT), -EAGAIN);
	check_eq(weft_recv_timeout(p.out, data, 1, 0, WEFT_US(10)), -ETIMEDOUT);
	check_eq(weft_send(p.in, "abc", 3, 0), 3);
	for (int i = 0; i < 3; i++) /* a look takes nothing, and shows nothing */
		check_eq(weft_recv(p.out, data, sizeof data, MSG_PEEK), 3);
	check_eq(weft_recv(p.out, data, sizeof data, 0), 3);
	check_eq(weft_recv(p.out, data, sizeof data, MSG_DONTWAIT), -EAGAIN);
	check_eq(weft_recv(p.out, data, sizeof data, MSG_ERRQUEUE), -EAGAIN);
}

START_TEST(flags_of_sockets)
{
	each(flags);
}
END_TEST

/* Nothing there, a byte, the end; writing on, whoever does: an error and no signal. */
static void ends(void)
{
	char data[10];
	p.in = move_far(p.in);
	check_eq(weft_read_timeout(p.out, data, 1, WEFT_US(10)), -ETIMEDOUT); /* what weft itself opens is open now */
	check_eq(weft_write(p.in, "x", 1), 1);
	check_eq(weft_close(p.in), 0);
	check_eq(weft_read(p.out, data, sizeof data), 1);
	for (int i = 0; i < 3; i++)
		check_eq(weft_read(p.out, data, sizeof data), 0);
	check_eq(weft_read_all(p.out, data, sizeof data, NULL), 0);
	check_eq(weft_read(p.in, data, 1), -EBADF);
	check_eq(weft_write(p.in, data, 1), -EBADF);
	check_eq(weft_close(p.in), -EBADF);
	if (is_socket(kind)) {
		ssize_t n;
		while ((n = weft_send(p.out, data, 1, 0)) > 0) /* TCP learns of it by the answer */
			weft_sleep(WEFT_US(100));
		check(n == -EPIPE || n == -ECONNRESET);
		check_eq(weft_write(p.out, data, 1), -EPIPE);
		check_eq(weft_writev(p.out, &(struct iovec){ data, 1 }, 1), -EPIPE);
	}
	p.in = dup(p.out);
	int fd[2];
	check_eq(pipe(fd), 0);
	check_eq(weft_write(fd[1], data, 1), 1);
	close(fd[0]);
	for (int i = 0; i < 3; i++)
		check_eq(weft_write(fd[1], data, 1), -EPIPE);
	check_eq(weft_close(fd[1]), 0);
}

START_TEST(ends_and_no_signals)
{
	each(ends);
}
END_TEST

static void *shut_down(void *arg)
{
	weft_sleep(WEFT_US(300));
	check_eq(weft_shutdown((int)(intptr_t)arg, SHUT_RDWR), 0);
	return NULL;
}

static void *reset_peer(void *arg)
{
	const struct linger at_once = { 1, 0 };
	weft_sleep(WEFT_US(300));
	check_eq(setsockopt((int)(intptr_t)arg, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
	check_eq(weft_close((int)(intptr_t)arg), 0);
	return NULL;
}

static void *shutdowns(void *arg)
{
	char data[10];
	for (kind = UNIX; kind < PAIR_KINDS; kind++) {
		p = make_pair(kind);
		weft_t thread = spawn(NULL, shut_down, (void *)(intptr_t)p.in);
		check_eq(weft_read(p.out, data, 1), 0);
		join(thread);
		close_pair(p);
		p = make_pair(kind);
		fill();
		thread = spawn(NULL, shut_down, (void *)(intptr_t)p.in);
		check_eq(weft_write(p.in, data, 1), -EPIPE);
		join(thread);
		close_pair(p);
	}
	p = make_pair(TCP);
	weft_t thread = spawn(NULL, reset_peer, (void *)(intptr_t)p.in);
	check_eq(weft_read(p.out, data, 1), -ECONNRESET);
	join(thread);
	check_eq(weft_read(p.out, data, 1), 0);
	check_eq(weft_write(p.out, data, 1), -EPIPE);
	check_eq(weft_close(p.out), 0);
	return arg;
}

START_TEST(shutdowns_and_resets)
{
	run(shutdowns, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { time_limits, flags_of_sockets, ends_and_no_signals, shutdowns_and_resets, NULL };
	return run_tests("system/io_ends", tests);
}
