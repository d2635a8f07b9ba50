/* SPDX-License-Identifier: MIT */
/* weft_close: whoever waits on the descriptor returns, and no call ever reads from another that has got its number. */
#include <sched.h>

#include "src/poll/fd.h"
#include "tests/support/io.h"

static shared waiting, let_go, first_is_apart;
static int target;

static void *wait_to_read(void *arg)
{
	char data;
	add(waiting, 1);
	check_eq(weft_read(target, &data, 1), -EBADF);
	add(let_go, 1);
	return arg;
}

static void *wait_to_write(void *arg)
{
	static char data[1 << 16];
	ssize_t n;
	add(waiting, 1);
	while ((n = weft_write(target, data, sizeof data)) > 0)
		;
	check_eq(n, -EBADF);
	add(let_go, 1);
	return arg;
}

static void *wait_by_poll(void *arg)
{
	struct pollfd fd = { .fd = target, .events = POLLPRI };
	add(waiting, 1);
	check_eq(weft_poll(&fd, 1), 1);
	check_eq(fd.revents, POLLNVAL);
	add(let_go, 1);
	return arg;
}

/* A descriptor that is being closed when the call begins is as bad as one that is closed. */
static void *poll_closing(void *arg)
{
	struct pollfd fds[2] = { { .fd = ((struct pair *)arg)->out, .events = POLLIN },
				 { .fd = target, .events = POLLIN | POLLPRI | POLLOUT } };
	weft__or_acqrel(&weft__fd_entry(target)->use, WEFT__FD_CLOSING);
	check_eq(weft_poll(fds, 2), 1);
	weft__and_acqrel(&weft__fd_entry(target)->use, ~WEFT__FD_CLOSING);
	check_eq(fds[0].revents, 0);
	check_eq(fds[1].revents, POLLNVAL);
	return NULL;
}

START_TEST(a_poll_that_comes_too_late)
{
	struct pair p = make_pair(TCP), listens = { listen_any(&(struct sockaddr_in){ 0 }, 8), -1 };
	target = listens.in;
	start();
	for (int i = 0; i < 2; i++) {
		struct pollfd fd = { .fd = target, .events = POLLIN };
		check_eq(weft_poll_timeout(&fd, 1, WEFT_US(100)), -ETIMEDOUT); /* makes the entry */
		join(spawn(i ? WEFT_BOUND : WEFT_GREEN, poll_closing, &p));
	}
	stop();
	close_pair(p);
	check_eq(weft_close(target), 0);
}
END_TEST

START_TEST(all_who_wait_are_let_go)
{
	void *(*const waits[])(void *) = { wait_to_read, wait_to_write, wait_by_poll };
	start();
	for (int round = 0; round < rounds(60); round++) {
		struct crew crew;
		struct pair p = make_pair(round % 2 ? UNIX : TCP);
		int way = round % 3;
		target = p.out;
		set(waiting, 0);
		set(let_go, 0);
		crew_start(&crew, 9, (uint64_t)round, waits[way]);
		wait_until(get(waiting) == 9);
		if (round % 4)
			weft_sleep(WEFT_US(500));
		check_eq(weft_close(target), 0);
		crew_join(&crew);
		ck_assert_uint_eq(get(let_go), 9);
		check_eq(weft_close(p.in), 0);
	}
	stop();
}
END_TEST

/*
 * Numbers come up again at once. Each pipe carries its own mark; a reader that got another's would have read from a
 * descriptor that it was not given. (A call that begins after the close is the program's mistake, so all are in by then.)
 */
static void *read_marks(void *arg)
{
	const int *pair = arg;
	unsigned char data[64], mark = (unsigned char)pair[2];
	size_t done;
	ssize_t n = weft_read_all(pair[0], data, sizeof data, &done);
	check_eq(n, -EBADF);
	for (size_t i = 0; i < done; i++)
		check_eq(data[i], mark);
	return NULL;
}

static void *reuse(void *arg)
{
	struct member *m = arg;
	for (int round = 0; round < rounds(400); round++) {
		int pair[3] = { 0, 0, (int)pick(m, 256) };
		weft_t thread[3];
		unsigned char mark = (unsigned char)pair[2];
		check_eq(pipe(pair), 0);
		for (int i = 0; i < 3; i++)
			thread[i] = spawn(i == 2 && round % 8 == 0 ? WEFT_BOUND : WEFT_GREEN, read_marks, pair);
		wait_until(weft__fd_entry(pair[0]) &&
			   weft__load_acq(&weft__fd_entry(pair[0])->use) == 3 * WEFT__FD_USE);
		for (uint32_t n = pick(m, 9); n > 0; n--)
			check_eq(weft_write(pair[1], &mark, 1), 1);
		if (pick(m, 2))
			weft_yield();
		check_eq(weft_close(pair[0]), 0); /* readers that were just woken are about to read */
		for (int i = 0; i < 3; i++)
			join(thread[i]);
		check_eq(weft_close(pair[1]), 0);
	}
	return NULL;
}

START_TEST(numbers_come_up_again)
{
	start();
	struct member m[4];
	weft_t thread[4];
	uint64_t seed = new_seed();
	for (int i = 0; i < 4; i++) {
		m[i] = (struct member){ .index = i, .random = seed + (uint64_t)i };
		thread[i] = spawn(NULL, reuse, &m[i]);
	}
	for (int i = 0; i < 4; i++)
		join(thread[i]);
	stop();
}
END_TEST

/* Two close the same: one of them does. */
static shared closed;

static void *close_target(void *arg)
{
	add(waiting, 1);
	while (get(waiting) < 2)
		weft_yield();
	int err = weft_close(target);
	check(err == 0 || err == -EBADF);
	add(closed, err == 0);
	return arg;
}

static void *close_twice(void *arg)
{
	for (int i = 0; i < rounds(300); i++) {
		struct pair p = make_pair(PIPE);
		target = p.out;
		set(waiting, 0);
		set(closed, 0);
		weft_t a = spawn(NULL, close_target, NULL), b = spawn(NULL, close_target, NULL);
		join(a);
		join(b);
		check_eq(get(closed), 1);
		check_eq(weft_close(p.in), 0);
	}
	return arg;
}

START_TEST(two_closers)
{
	run(close_twice, NULL);
}
END_TEST

/* Closed by the program's close(2), the number given out again by accept: the new one works. */
static void *echo_once(void *arg)
{
	char data;
	int fd = (int)(intptr_t)arg;
	check_eq(weft_read_timeout(fd, &data, 1, WEFT_S(20)), 1);
	check_eq(weft_write(fd, &data, 1), 1);
	close(fd);
	return NULL;
}

static void *careless(void *arg)
{
	struct sockaddr_in address;
	int listener = listen_any(&address, 8);
	for (int i = 0; i < 50; i++) {
		char data = 0;
		int client = socket(AF_INET, SOCK_STREAM, 0);
		check_eq(connect(client, (struct sockaddr *)&address, sizeof address), 0);
		int fd = weft_accept(listener, NULL, NULL, 0);
		weft_t thread = spawn(NULL, echo_once, (void *)(intptr_t)fd);
		check_eq(weft_write(client, "x", 1), 1);
		check_eq(weft_read_timeout(client, &data, 1, WEFT_S(20)), 1);
		join(thread);
		check_eq(weft_close(client), 0);
	}
	check_eq(weft_close(listener), 0);
	return arg;
}

START_TEST(accept_after_a_plain_close)
{
	run(careless, NULL);
}
END_TEST

/*
 * What nobody can read any more nobody can write, although another worker looks at it at that moment. Other processes are kept from
 * looking: who reads /proc/PID/fd, as monitoring programs do, holds each descriptor open for that moment. What it shows is the table
 * of the first kernel thread, so that one takes a table of its own and leaves the old one to the runtime.
 */
static void *keep_looking(void *arg)
{
	struct pair p = make_pair(UNIX);
	char data;
	while (!get(let_go))
		check_eq(weft_read_timeout(p.out, &data, 1, WEFT_US(1)), -ETIMEDOUT);
	close_pair(p);
	return arg;
}

static void *close_what_is_looked_at(void *arg)
{
	uint64_t enough = weft_now() + WEFT_S(2); /* beside others that compute each wait takes its time */
	char data;
	set(let_go, 0);
	weft_t looking = spawn(WEFT_GREEN, keep_looking, NULL);
	for (int i = 0; i < rounds(20000) && weft_now() < enough; i++) {
		struct pair p = make_pair(PIPE);
		check_eq(weft_read_timeout(p.out, &data, 1, 1), -ETIMEDOUT); /* the poller knows it now */
		check_eq(weft_write(p.in, "x", 1), 1);
		for (int k = i % 100; k > 0; k--)
			weft__os_relax();
		check_eq(weft_close(p.out), 0);
		check_eq(weft_write(p.in, "x", 1), -EPIPE);
		check_eq(weft_close(p.in), 0);
	}
	set(let_go, 1);
	join(looking);
	return arg;
}

static void *run_unseen(void *arg)
{
	wait_until(get(first_is_apart));
	return run(close_what_is_looked_at, arg);
}

START_TEST(what_is_closed_is_closed)
{
	set(first_is_apart, 0);
	pthread_t unseen = outsider(run_unseen, NULL);
	check_eq(unshare(CLONE_FILES), 0);
	set(first_is_apart, 1);
	check_eq(pthread_join(unseen, NULL), 0);
}
END_TEST

/* A descriptor is known to one runtime, and used in the next. */
static void *write_one(void *arg)
{
	const struct pair *p = arg;
	weft_sleep(WEFT_US(200));
	check_eq(weft_write(p->in, "x", 1), 1);
	return NULL;
}

static void *read_one(void *arg)
{
	const struct pair *p = arg;
	char data;
	weft_t thread = spawn(NULL, write_one, arg);
	check_eq(weft_read_timeout(p->out, &data, 1, WEFT_S(20)), 1);
	join(thread);
	return NULL;
}

START_TEST(from_one_runtime_to_the_next)
{
	struct pair p = make_pair(TCP);
	for (int i = 0; i < 5; i++)
		run(read_one, &p);
	close_pair(p);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_poll_that_comes_too_late,   all_who_wait_are_let_go,
				       numbers_come_up_again,	     two_closers,
				       what_is_closed_is_closed,     accept_after_a_plain_close,
				       from_one_runtime_to_the_next, NULL };
	return run_tests("system/close", tests);
}
