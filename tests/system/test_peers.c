/* SPDX-License-Identifier: MIT */
/* Peers that are no good: they read slowly or not at all, reset before they are accepted, are killed. Nobody else is held up. */
#include <netinet/tcp.h>
#include <sys/wait.h>

#include "tests/support/net.h"

enum { HELD = 65536 };

static struct sockaddr_in address;
static int listener;

static int dial(void)
{
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	check_eq(weft_connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	check_eq(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
	return fd;
}

/* A connection holds little, and says at once when it is full. */
static void hold_little(int fd)
{
	const int held = HELD;
	check_eq(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &held, sizeof held), 0);
	check_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &held, sizeof held), 0);
}

static int accept_next(void)
{
	int fd = weft_accept_timeout(listener, NULL, NULL, SOCK_CLOEXEC, WEFT_S(30));
	check(fd >= 0);
	return fd;
}

/* --- slow readers --- */

enum { SLOW = 12, MUCH = 4000000, BY_BYTES = 500 };

static struct slow {
	int in, out;
	shared written;
} slow[SLOW];
static shared drain;

static unsigned char much[MUCH];

static void *write_much(void *arg)
{
	struct slow *s = arg;
	check_eq(weft_write_all(s->in, much, MUCH, NULL), MUCH);
	set(s->written, 1);
	check_eq(weft_close(s->in), 0);
	return NULL;
}

static void *read_slowly(void *arg)
{
	struct slow *s = arg;
	static const size_t most = 65536;
	unsigned char *data = malloc(most);
	uint64_t at = 0;
	for (ssize_t n; (n = weft_read(s->out, data, at < BY_BYTES ? 1 : most)) != 0; at += (uint64_t)n) {
		check(n > 0);
		for (ssize_t i = 0; i < n; i++)
			check_eq(data[i], much[at + (uint64_t)i]);
		if (at + (uint64_t)n == BY_BYTES)
			wait_until(get(drain));
	}
	check_eq(at, MUCH);
	free(data);
	check_eq(weft_close(s->out), 0);
	return NULL;
}

static void begin_slowly(void)
{
	for (uint64_t i = 0; i < MUCH; i++)
		much[i] = byte_at(i);
	listener = listen_any(&address, SLOW);
	hold_little(listener); /* what it accepts inherits this */
}

static void *echo_bytes(void *arg)
{
	char byte;
	while (weft_read((int)(intptr_t)arg, &byte, 1) == 1)
		check_eq(weft_write((int)(intptr_t)arg, &byte, 1), 1);
	check_eq(weft_close((int)(intptr_t)arg), 0);
	return NULL;
}

/* A byte at a time, there and back. */
static void exchange_bytes(int fd)
{
	for (int i = 0; i < rounds(1000); i++) {
		char byte = (char)i, back = 0;
		check_eq(weft_write(fd, &byte, 1), 1);
		check_eq(weft_read_timeout(fd, &back, 1, WEFT_S(30)), 1);
		check_eq(back, byte);
	}
}

static void *beside_slow_readers(void *arg)
{
	weft_t writer[SLOW], reader[SLOW], echo;
	begin_slowly();
	int fast = dial();
	echo = spawn(WEFT_GREEN, echo_bytes, (void *)(intptr_t)accept_next());
	for (int i = 0; i < SLOW; i++) {
		slow[i].in = dial();
		hold_little(slow[i].in);
		slow[i].out = accept_next();
		writer[i] = spawn(i % 4 ? WEFT_GREEN : WEFT_BOUND, write_much, &slow[i]);
		reader[i] = spawn(WEFT_GREEN, read_slowly, &slow[i]);
	}
	exchange_bytes(fast);
	for (int i = 0; i < SLOW; i++)
		check_eq(get(slow[i].written), 0); /* kept back: it is not in memory somewhere */
	set(drain, 1);
	for (int i = 0; i < SLOW; i++) {
		join(writer[i]);
		join(reader[i]);
		check_eq(get(slow[i].written), 1);
	}
	exchange_bytes(fast);
	check_eq(weft_close(fast), 0);
	join(echo);
	check_eq(weft_close(listener), 0);
	return arg;
}

START_TEST(slow_readers)
{
	run(beside_slow_readers, NULL);
}
END_TEST

/* Writers that are kept back cost nothing. */
static void *kept_back(void *arg)
{
	weft_t writer[SLOW];
	begin_slowly();
	for (int i = 0; i < SLOW; i++) {
		slow[i].in = dial();
		hold_little(slow[i].in);
		slow[i].out = accept_next();
		writer[i] = spawn(WEFT_GREEN, write_much, &slow[i]);
	}
	weft_sleep(WEFT_MS(200)); /* until all buffers are full */
	uint64_t cpu = cpu_time();
	weft_sleep(WEFT_MS(500));
	cpu = cpu_time() - cpu;
	check(cpu < WEFT_MS(100)); /* one that spins takes all 500 */
	set(drain, 1);
	for (int i = 0; i < SLOW; i++)
		read_slowly(&slow[i]);
	for (int i = 0; i < SLOW; i++)
		join(writer[i]);
	check_eq(weft_close(listener), 0);
	return arg;
}

START_TEST(writers_that_are_kept_back_do_not_spin)
{
	run(kept_back, NULL);
}
END_TEST

/* --- resets --- */

static void dial_and_reset(void)
{
	const struct linger at_once = { 1, 0 };
	int fd = dial();
	check_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
	check_eq(weft_close(fd), 0);
}

static void *in_the_queue(void *arg)
{
	enum { RESETS = 20 };
	char data = 0;
	listener = listen_any(&address, RESETS + 1);
	for (int i = 0; i < RESETS; i++)
		dial_and_reset();
	int good = dial(), taken = 0, fd;
	check_eq(weft_write(good, "g", 1), 1);
	while (data != 'g') {
		check(taken++ <= RESETS);
		fd = arg ? weft_listener_accept(listener) : accept_next();
		check(fd >= 0);
		ssize_t n = weft_read_timeout(fd, &data, 1, WEFT_S(30));
		check(data == 'g' ? n == 1 : n == -ECONNRESET);
		check_eq(weft_close(fd), 0);
	}
	check_eq(weft_close(good), 0);
	check_eq(weft_close(listener), 0);
	return arg;
}

START_TEST(resets_in_the_queue)
{
	run(in_the_queue, NULL);
	run(in_the_queue, &listener);
}
END_TEST

/* --- a process that is killed --- */

enum { CONNECTIONS = 90 }; /* of each kind a third */
enum kind { IDLE, UNREAD, FULL, KINDS };

static shared waiting;

/* In a process of its own: it says which kind each connection is, reads nothing, and waits to be killed. */
static void be_killed(void)
{
	for (int i = 0; i < CONNECTIONS; i++) {
		char kind = (char)(i % KINDS);
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 || write(fd, &kind, 1) != 1)
			_exit(1);
	}
	for (;;)
		pause();
}

static void *until_it_is_killed(void *arg)
{
	static const char data[100000];
	int fd = (int)(intptr_t)arg;
	char byte;
	check_eq(weft_read(fd, &byte, 1), 1);
	if (byte == UNREAD)
		check_eq(weft_write(fd, data, 10), 10);
	ssize_t n;
	if (byte == FULL) {
		while ((n = weft_write_timeout(fd, data, sizeof data, WEFT_MS(20))) > 0)
			;
		check_eq(n, -ETIMEDOUT);
		add(waiting, 1);
		while ((n = weft_write(fd, data, sizeof data)) > 0)
			;
		check(n == -ECONNRESET || n == -EPIPE);
	} else {
		add(waiting, 1);
		check_eq(weft_read(fd, &byte, 1), byte == UNREAD ? -ECONNRESET : 0);
	}
	check_eq(weft_close(fd), 0);
	return NULL;
}

static void *with_a_peer(void *arg)
{
	weft_t thread[CONNECTIONS];
	for (int i = 0; i < CONNECTIONS; i++)
		thread[i] =
			spawn(i % 30 ? WEFT_GREEN : WEFT_BOUND, until_it_is_killed, (void *)(intptr_t)accept_next());
	wait_until(get(waiting) == CONNECTIONS);
	weft_sleep(WEFT_MS(10));
	check_eq(kill(*(pid_t *)arg, SIGKILL), 0);
	for (int i = 0; i < CONNECTIONS; i++)
		join(thread[i]);
	check_eq(weft_close(listener), 0);
	return NULL;
}

START_TEST(killed)
{
	listener = listen_any(&address, CONNECTIONS);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		be_killed();
	run(with_a_peer, &pid);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { slow_readers, writers_that_are_kept_back_do_not_spin, resets_in_the_queue,
				       killed, NULL };
	return run_tests("system/peers", tests);
}
