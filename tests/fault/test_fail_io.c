/* SPDX-License-Identifier: MIT */
/*
 * Each system call of the poller, and each mapping of its table, fails in turn, once or from then on. A call on a descriptor
 * then says so, and works without the fault; whoever waits is not forgotten.
 */
#include "tests/support/child.h"
#include "tests/support/io.h"
#include "tests/support/plan.h"

static void *write_later(void *arg)
{
	weft_sleep(WEFT_US(200));
	check_eq(write((int)(intptr_t)arg, "x", 1), 1);
	return NULL;
}

/* Reads the byte if it can, and tells whether it could. */
static bool read_one(int fd)
{
	char data;
	ssize_t n = weft_read_timeout(fd, &data, 1, WEFT_S(20));
	check(n == 1 || n == plan.err);
	return n == 1;
}

static bool poll_one(int fd)
{
	struct pollfd polled = { .fd = fd, .events = POLLIN };
	int n = weft_poll_timeout(&polled, 1, WEFT_S(20));
	check(n == 1 || n == plan.err);
	return n == 1;
}

static void *use_pairs(void *arg)
{
	bool *well = arg;
	for (enum pair_kind kind = PIPE; kind < PAIR_KINDS; kind++) {
		struct pair p = make_pair(kind);
		weft_t thread;
		if (weft_spawn(&thread, NULL, write_later, (void *)(intptr_t)p.in)) {
			*well = false;
			write_later((void *)(intptr_t)p.in);
			thread = WEFT_NONE;
		}
		*well &= kind % 2 ? read_one(p.out) : poll_one(p.out) && read_one(p.out);
		(void)weft_join(thread, NULL);
		close_pair(p);
	}
	return NULL;
}

static bool use_all(void)
{
	bool well = true;
	int err = weft_run(NULL, use_pairs, &well, NULL);
	check(err == 0 || err == -ENOMEM || err == -EAGAIN);
	well &= err == 0;
	struct pair p = make_pair(PIPE); /* and with no runtime, which has an event descriptor of its own */
	pthread_t thread = outsider(write_later, (void *)(intptr_t)p.in);
	well &= read_one(p.out);
	pthread_join(thread, NULL);
	close_pair(p);
	return well;
}

enum { NOT_COME = 10, CAME }; /* exit codes: libcheck's is 1 */

static int with_fault(void *arg)
{
	plan = *(struct plan *)arg;
	weft__os_fault_hook = fail_nth;
	use_all();
	weft__os_fault_hook = NULL;
	check(use_all());
	return get(calls) >= plan.nth ? CAME : NOT_COME;
}

static void fail_as(struct plan p)
{
	for (p.nth = 1; p.nth <= 60; p.nth++) {
		struct child child = run_child(with_fault, &p);
		int code = WIFEXITED(child.status) ? WEXITSTATUS(child.status) : -1;
		ck_assert_msg(code == CAME || code == NOT_COME, "call %d%s: wait status %#x; it said: %.2000s",
			      (int)p.nth, p.from_then_on ? " on" : "", (unsigned)child.status, child.text);
		if (code == NOT_COME)
			break;
	}
	ck_assert_uint_gt(p.nth, 1); /* the site exists, and is reached */
}

static void fail_each_once(enum weft__os_site site, int err)
{
	fail_as((struct plan){ .site = site, .err = err });
}

static void fail_each(enum weft__os_site site, int err)
{
	fail_each_once(site, err);
	fail_as((struct plan){ .site = site, .err = err, .from_then_on = true });
}

START_TEST(epoll_fails)
{
	ck_assert_int_eq(setenv("WEFT_IO", "epoll", 1), 0);
	fail_each(WEFT__OS_EPOLL, -ENFILE);
}
END_TEST

START_TEST(mapping_fails)
{
	fail_each(WEFT__OS_MAP, -ENOMEM);
}
END_TEST

/* Whether there is a poller on io_uring, and it is chosen from here on. */
START_TEST(rings_fail)
{
	if (by_uring())
		fail_each(WEFT__OS_URING, -ENFILE);
}
END_TEST

/* For moments: what they were to hand over or wait for is so by the next. */
START_TEST(entering_fails)
{
	static const int errors[] = { -EINTR, -EAGAIN, -EBUSY, -ENOMEM };
	for (int i = 0; i < 4 && by_uring(); i++)
		fail_each_once(WEFT__OS_URING_ENTER, errors[i]);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { epoll_fails, rings_fail, entering_fails, mapping_fails, NULL };
	return run_tests("fault/fail_io", tests);
}
