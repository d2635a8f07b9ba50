/* SPDX-License-Identifier: MIT */
/* Pairs through shared memory: the same calls as of other channels, what is refused, and nothing left when something fails. */
#include <sys/resource.h>

#include "src/chan/shared.h"
#include "tests/support/link.h"

/* --- in one process --- */

static void *recv_one(void *arg)
{
	uint64_t n;
	return (void *)(intptr_t)weft_chan_recv(arg, &n);
}

static void *send_one(void *arg)
{
	uint64_t n = 1;
	return (void *)(intptr_t)weft_chan_send(arg, &n);
}

/* Each way: full, empty, and over the end of the ring, several times. */
static void fill_and_drain(struct weft_chan *ends[2], size_t capacity)
{
	uint64_t n;
	for (int i = 0; i < 5; i++)
		for (int way = 0; way < 2; way++) {
			for (n = 0; n < capacity; n++)
				check_eq(weft_chan_trysend(ends[way], &n), 0);
			check_eq(weft_chan_trysend(ends[way], &n), -EAGAIN);
			check_eq(weft_chan_send_timeout(ends[way], &n, 0), -ETIMEDOUT);
			check_eq(weft_chan_send_timeout(ends[way], &n, WEFT_MS(1)), -ETIMEDOUT);
			check_eq(weft_chan_count(ends[!way]), capacity);
			check_eq(weft_chan_capacity(ends[way]), capacity);
			for (uint64_t k = 0; k < capacity; k++) {
				check_eq(weft_chan_recv(ends[!way], &n), 0);
				check_eq(n, k);
			}
			check_eq(weft_chan_count(ends[!way]), 0);
			check_eq(weft_chan_tryrecv(ends[!way], &n), -EAGAIN);
			check_eq(weft_chan_recv_timeout(ends[!way], &n, 0), -ETIMEDOUT);
			check_eq(weft_chan_recv_timeout(ends[!way], &n, WEFT_MS(1)), -ETIMEDOUT);
		}
}

static void cancel_waiters(struct weft_chan *ends[2], size_t capacity)
{
	uint64_t n = 0;
	weft_t waits = spawn(WEFT_GREEN, recv_one, ends[0]);
	weft_sleep(WEFT_MS(1));
	check_eq(weft_cancel(waits), 0);
	check_eq((intptr_t)join(waits), -ECANCELED);
	for (size_t i = 0; i < capacity; i++)
		check_eq(weft_chan_send(ends[0], &n), 0);
	waits = spawn(WEFT_GREEN, send_one, ends[0]);
	weft_sleep(WEFT_MS(1));
	check_eq(weft_cancel(waits), 0);
	check_eq((intptr_t)join(waits), -ECANCELED);
	for (size_t i = 0; i < capacity; i++)
		check_eq(weft_chan_recv(ends[1], NULL), 0);
	check_eq(weft_chan_tryrecv(ends[1], NULL), -EAGAIN);
}

static void refusals(struct weft_chan *ends[2])
{
	struct weft_chan *other[2];
	uint64_t n;
	struct weft_case cases[] = { WEFT_CASE_RECV(ends[0], &n) };
	check_eq(weft_select(cases, 1), -EINVAL);
	check_eq(weft_chan_open(&other[0], weft_chan_descriptor(ends[0]), sizeof n + 1), -EINVAL);
	check_eq(weft_chan_pair_shared(NULL, 1, 1), -EINVAL);
	check_eq(weft_chan_pair_shared(other, 8, 0), -EINVAL);
	check_eq(weft_chan_pair_shared(other, 1, SIZE_MAX), -EINVAL);
	check_eq(weft_chan_pair_shared(other, SIZE_MAX, 2), -EINVAL);
}

/* Sends to an end that was destroyed: not for ever. */
static void sends_end(struct weft_chan *end, int most)
{
	uint64_t n = 0;
	int err, sent = 0;
	while ((err = weft_chan_send(end, &n)) == 0)
		check(++sent <= most);
	check_eq(err, -EPIPE);
	check_eq(weft_chan_trysend(end, &n), -EPIPE);
	check_eq(weft_chan_recv(end, &n), -EPIPE);
}

static void *one_process(void *arg)
{
	struct weft_chan *ends[2] = { NULL, NULL };
	for (size_t capacity = 1; capacity <= 5; capacity += 2) {
		make(ends, sizeof(uint64_t), capacity);
		refusals(ends);
		fill_and_drain(ends, capacity);
		cancel_waiters(ends, capacity);
		fill_and_drain(ends, capacity);
		weft_chan_destroy(ends[1]);
		sends_end(ends[0], (int)capacity);
		weft_chan_destroy(ends[0]);
	}
	make(ends, sizeof(uint64_t), 1000);
	weft_chan_destroy(ends[0]);
	sends_end(ends[1], 64);
	weft_chan_destroy(ends[1]);

	make(ends, 0, 2); /* signals */
	check_eq(weft_chan_send(ends[0], NULL), 0);
	check_eq(weft_chan_send(ends[0], NULL), 0);
	check_eq(weft_chan_trysend(ends[0], NULL), -EAGAIN);
	check_eq(weft_chan_recv(ends[1], NULL), 0);
	check_eq(weft_chan_close(ends[0]), 0);
	check_eq(weft_chan_close(ends[0]), -EALREADY);
	check_eq(weft_chan_send(ends[1], NULL), -EPIPE);
	check_eq(weft_chan_recv(ends[1], NULL), 0); /* was on its way */
	check_eq(weft_chan_recv(ends[1], NULL), -EPIPE);
	check_eq(weft_chan_close(ends[1]), 0);
	destroy(ends);
	return arg;
}

START_TEST(the_same_calls)
{
	must_leave_no_descriptor(one_process);
}
END_TEST

/* --- nothing left when something cannot be had --- */

/* More than the machine has is refused, and not tried: of a file that may not grow, trying would be EFBIG. */
START_TEST(too_much)
{
	const struct rlimit limit = { 1 << 20, 1 << 20 };
	struct weft_chan *ends[2];
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	unsigned before = descriptors();
	size_t memory = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
	ck_assert_int_eq(weft_chan_pair_shared(ends, memory / 4 + 1, 1), -ENOMEM);
	ck_assert_int_eq(weft_chan_pair_shared(ends, SIZE_MAX / 8, 1), -ENOMEM);
	ck_assert_int_eq(weft_chan_pair_shared(ends, 1 << 20, 1), -EFBIG);
	ck_assert_int_eq(weft_chan_pair_shared(ends, 1 << 10, 1), 0);
	destroy(ends);
	ck_assert_uint_eq(descriptors(), before);
}
END_TEST

static int failing, calls_left;

static int fail_one(enum weft__os_site site)
{
	return (int)site == failing && calls_left-- == 0 ? -ENOMEM : 0;
}

START_TEST(out_of_memory)
{
	static const int sites[] = { WEFT__OS_ALLOC, WEFT__OS_MAP, WEFT__OS_FILE };
	struct weft_chan *ends[2];
	int failures = 0;
	make(ends, 8, 8);
	destroy(ends);
	unsigned before = descriptors();
	for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
		for (int n = 0;; n++) {
			failing = sites[i], calls_left = n;
			weft__os_fault_hook = fail_one;
			int err = weft_chan_pair_shared(ends, 8, 8);
			weft__os_fault_hook = NULL;
			ck_assert_uint_eq(descriptors(), before + (err ? 0 : 4));
			if (!err) {
				destroy(ends);
				break;
			}
			ck_assert_int_eq(err, -ENOMEM);
			failures++;
		}
	ck_assert_int_eq(failures, 5);
}
END_TEST

/* Six while it is made, four of which stay. */
START_TEST(out_of_descriptors)
{
	struct weft_chan *ends[2];
	struct rlimit limit;
	int lowest = dup(0), err = -EMFILE, n = 0;
	close(lowest);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	unsigned before = descriptors();
	for (; err == -EMFILE; n++) {
		const struct rlimit less = { (rlim_t)(lowest + n), limit.rlim_max };
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &less), 0);
		err = weft_chan_pair_shared(ends, 8, 8);
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
		ck_assert_uint_eq(descriptors(), before + (err ? 0 : 4));
	}
	ck_assert_int_eq(err, 0);
	ck_assert_int_gt(n, 6);
	destroy(ends);
}
END_TEST

/* All that is made is closed by an exec. */
START_TEST(close_on_exec)
{
	bool before[256];
	struct weft_chan *ends[2];
	int made = 0;
	for (int fd = 0; fd < 256; fd++)
		before[fd] = fcntl(fd, F_GETFD) >= 0;
	make(ends, 8, 8);
	for (int fd = 0; fd < 256; fd++) {
		int flags = fcntl(fd, F_GETFD);
		if (flags < 0 || before[fd])
			continue;
		ck_assert(flags & FD_CLOEXEC);
		made++;
	}
	ck_assert_int_eq(made, 4);
	destroy(ends);
}
END_TEST

/* Nobody waits, so nobody hears that the other end goes. */
START_TEST(gone_by_asking)
{
	struct weft_chan *ends[2];
	uint64_t n;
	for (int way = 0; way < 2; way++) {
		make(ends, sizeof n, 1);
		ck_assert_int_eq(weft_chan_trysend(ends[0], &n), 0);
		ck_assert_int_eq(weft_chan_trysend(ends[1], &n), 0);
		ck_assert_int_eq(weft_chan_trysend(ends[0], &n), -EAGAIN);
		weft_chan_destroy(ends[1]);
		if (way)
			ck_assert_int_eq(weft_chan_trysend(ends[0], &n), -EPIPE);
		ck_assert_int_eq(weft_chan_recv_timeout(ends[0], &n, 0), 0);
		ck_assert_int_eq(weft_chan_recv_timeout(ends[0], &n, 0), -EPIPE);
		ck_assert_int_eq(weft_chan_trysend(ends[0], &n), -EPIPE);
		weft_chan_destroy(ends[0]);
	}
}
END_TEST

/* What is opened is looked at: counts that cannot be. */
START_TEST(opened_after_a_scribbler)
{
	struct weft_chan *ends[2], *other;
	make(ends, 8, 4);
	int fd = dup(weft_chan_descriptor(ends[0]));
	ck_assert_int_eq(weft_chan_open(&other, fd, 8), 0);
	weft_chan_destroy(other);
	fd = dup(weft_chan_descriptor(ends[0]));
	struct weft__flow *flow = weft__shared_end_of(ends[1])->flow[WEFT_RECV];
	weft__store_rel(&flow->sent, 5 * WEFT__FLOW_ONE);
	ck_assert_int_eq(weft_chan_open(&other, fd, 8), -EPROTO);
	close(fd);
	ck_assert_int_eq(weft_chan_tryrecv(ends[1], NULL), -EPROTO);
	ck_assert_uint_eq(weft_chan_count(ends[1]), 0);
	/* Memory that could be made smaller, and sockets that are no box. */
	int fds[2];
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	ck_assert_int_eq(weft_chan_open(&other, fds[0], 8), -EINVAL);
	ck_assert_int_eq((int)write(fds[1], "hello", 5), 5);
	ck_assert_int_eq(weft_chan_open(&other, fds[0], 8), -EINVAL);
	close(fds[0]), close(fds[1]);
	destroy(ends);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { the_same_calls,		 too_much,	out_of_memory,
				       out_of_descriptors,	 close_on_exec, gone_by_asking,
				       opened_after_a_scribbler, NULL };
	return run_tests("system/chan_shared", tests);
}
