/* SPDX-License-Identifier: MIT */
/* A listener that is out of descriptors: it does not spin, and goes on when there are some again. */
#include <time.h>

#include "tests/support/net.h"

static char text[WEFT_ADDRESS_SIZE];
static int listener, client, hoard[4096], hoarded;
static shared accepted;

/* Not in line: who calls it may have gone on on another kernel thread, which has another errno. */
static __attribute__((noinline)) int copy_of(int fd)
{
	int copy = dup(fd);
	return copy < 0 ? -errno : copy;
}

/* Use up all descriptors; twice, since another kernel thread may have had one open for a moment. The client has connected already. */
static void hoard_all(void)
{
	struct rlimit limit = { 256, 256 };
	check_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (int i = 0; i < 2; i++) {
		int fd;
		while ((fd = copy_of(client)) >= 0)
			hoard[hoarded++] = fd;
		check_eq(fd, -EMFILE);
		weft_sleep(WEFT_MS(20));
	}
}

static void give_back(void)
{
	while (hoarded > 0)
		close(hoard[--hoarded]);
}

static void begin(void)
{
	char data;
	listener = listen_on("127.0.0.1:0", 0, text);
	client = weft_dial(text); /* one that is through, so that all has been set up that needs a descriptor */
	int server = weft_listener_accept(listener);
	check(client >= 0 && server >= 0);
	check_eq(weft_read_timeout(server, &data, 1, WEFT_US(10)), -ETIMEDOUT);
	check_eq(weft_close(server), 0);
	check_eq(weft_close(client), 0);
	client = weft_dial(text);
	check(client >= 0);
	hoard_all();
}

static void end(void)
{
	give_back();
	check_eq(weft_close(client), 0);
	(void)weft_close(listener);
}

/* Not by weft_run: with ASan, the first kernel thread needs a descriptor to learn its own stack as it becomes a worker. */
static void run_beside(void *(*fn)(void *), void *arg)
{
	start();
	join(spawn(WEFT_GREEN, fn, arg));
	stop();
}

static void *accept_one(void *arg)
{
	int fd = weft_listener_accept(listener);
	if (fd >= 0) {
		check_eq(weft_close(fd), 0);
		add(accepted, 1);
	}
	(void)arg;
	return (void *)(intptr_t)fd;
}

static void *wait_it_out(void *arg)
{
	begin();
	weft_t thread = spawn(arg, accept_one, NULL);
	weft_sleep(WEFT_MS(100)); /* it has got to longer intervals */
	uint64_t cpu = cpu_time();
	weft_sleep(WEFT_MS(500));
	cpu = cpu_time() - cpu;
	check_eq(get(accepted), 0);
	check(cpu < WEFT_MS(50)); /* a loop that spins takes all 500 */
	give_back();
	check((intptr_t)join(thread) >= 0);
	check_eq(get(accepted), 1);
	end();
	return NULL;
}

START_TEST(does_not_spin_and_recovers)
{
	run_beside(wait_it_out, NULL);
}
END_TEST

START_TEST(neither_on_a_bound_thread)
{
	run_beside(wait_it_out, (void *)(uintptr_t)WEFT_BOUND);
}
END_TEST

static void *limits(void *arg)
{
	begin();
	check_eq(weft_listener_accept_timeout(listener, 0), -EMFILE);
	uint64_t now = weft_now();
	check_eq(weft_listener_accept_timeout(listener, WEFT_MS(20)), -EMFILE);
	check(weft_now() - now >= WEFT_MS(20));
	weft_t thread = spawn(WEFT_GREEN, accept_one, NULL);
	weft_sleep(WEFT_MS(20));
	check_eq(weft_cancel(thread), 0);
	check_eq((intptr_t)join(thread), -ECANCELED);
	end();
	return arg;
}

START_TEST(time_limits_and_cancels)
{
	run_beside(limits, NULL);
}
END_TEST

/* The number is the listener's until the call is over. */
static void *closed(void *arg)
{
	begin();
	weft_t thread = spawn(WEFT_GREEN, accept_one, NULL);
	weft_sleep(WEFT_MS(20));
	check_eq(weft_close(listener), 0);
	check_eq((intptr_t)join(thread), -EBADF);
	end();
	return arg;
}

START_TEST(close_during_a_shortage)
{
	run_beside(closed, NULL);
}
END_TEST

static void *accept_until_closed(void *arg)
{
	int fd;
	while ((fd = weft_listener_accept(listener)) >= 0) {
		add(accepted, 1);
		check_eq(weft_close(fd), 0);
	}
	check_eq(fd, -EBADF);
	return arg;
}

static void *many(void *arg)
{
	enum { ACCEPTORS = 8, CLIENTS = 200 };
	weft_t thread[ACCEPTORS];
	listener = listen_on("127.0.0.1:0", 0, text);
	for (int i = 0; i < ACCEPTORS; i++)
		thread[i] = spawn(i % 4 ? WEFT_GREEN : WEFT_BOUND, accept_until_closed, NULL);
	for (int i = 0; i < CLIENTS; i++) {
		int fd = weft_dial(text);
		check(fd >= 0);
		check_eq(weft_close(fd), 0);
	}
	wait_until(get(accepted) == CLIENTS);
	check_eq(weft_close(listener), 0);
	for (int i = 0; i < ACCEPTORS; i++)
		join(thread[i]);
	return arg;
}

START_TEST(many_acceptors)
{
	run_beside(many, NULL);
}
END_TEST

/* Accepts, and gives up all the time: for its own time limit, or because it is canceled. */
static void *accept_impatiently(void *arg)
{
	const uint64_t limit = (uintptr_t)arg;
	int fd = 0;
	while (fd != -EBADF && fd != -ECANCELED) {
		fd = limit ? weft_accept_timeout(listener, NULL, NULL, 0, limit) : weft_accept(listener, NULL, NULL, 0);
		if (fd >= 0)
			check_eq(weft_write_all(fd, "x", 1, NULL), 1);
		if (fd >= 0)
			check_eq(weft_close(fd), 0);
		else
			check(fd == -ETIMEDOUT || fd == -ECANCELED || fd == -EBADF);
	}
	return NULL;
}

static void be_served(void)
{
	char data;
	int fd = weft_dial(text);
	check(fd >= 0);
	check_eq(weft_read_timeout(fd, &data, 1, WEFT_S(30)), 1);
	check_eq(weft_close(fd), 0);
}

enum { ACCEPTORS = 6 };
static const uint64_t none[ACCEPTORS],
	short_ones[ACCEPTORS] = { 0, WEFT_MS(1), WEFT_US(20), WEFT_US(50), WEFT_US(90), WEFT_US(150) };

/* One client at a time: a wake that is lost with who gave up has no other behind it. */
static void *impatient(void *arg)
{
	enum { CLIENTS = 1000 };
	const uint64_t *limits = arg;
	weft_t thread[ACCEPTORS];
	listener = listen_on("127.0.0.1:0", 0, text);
	for (int i = 0; i < ACCEPTORS; i++)
		thread[i] = spawn(NULL, accept_impatiently, (void *)(uintptr_t)limits[i]);
	for (int i = 0; i < rounds(CLIENTS); i++) {
		weft_t *victim = &thread[i % ACCEPTORS];
		be_served();
		check_eq(weft_cancel(*victim), 0);
		be_served();
		join(*victim);
		*victim = spawn(NULL, accept_impatiently, (void *)(uintptr_t)limits[i % ACCEPTORS]);
	}
	check_eq(weft_close(listener), 0);
	for (int i = 0; i < ACCEPTORS; i++)
		join(thread[i]);
	return NULL;
}

START_TEST(impatient_acceptors)
{
	run_beside(impatient, (void *)(uintptr_t)none);
	run_beside(impatient, (void *)(uintptr_t)short_ones);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { does_not_spin_and_recovers,
				       neither_on_a_bound_thread,
				       time_limits_and_cancels,
				       close_during_a_shortage,
				       many_acceptors,
				       impatient_acceptors,
				       NULL };
	return run_tests("system/net_accept", tests);
}
