/* SPDX-License-Identifier: MIT */
/*
 * weft_send_zerocopy: the data may be overwritten as soon as it has returned, however it ends, and what the other side gets is what
 * was there before. It reads slowly, through a small window: so most of what is sent is still the caller's when the socket has it.
 */
#include "src/poll/fd.h"
#include "tests/support/io.h"

enum { SIZE = 1 << 16, TOTAL = 1 << 22 };

static const int small = 1 << 13, large = 4 * SIZE;

static uint64_t seed;

/* The window has to be small from the beginning: else the sender waits for it to become as large as it was. */
static struct pair slow_pair(void)
{
	struct sockaddr_in address;
	struct pair p;
	int listener = listen_any(&address, 1);
	check_eq(setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
	p.in = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	check_eq(setsockopt(p.in, SOL_SOCKET, SO_SNDBUF, &large, sizeof large), 0);
	check_eq(connect(p.in, (struct sockaddr *)&address, sizeof address), 0);
	p.out = accept(listener, NULL, NULL);
	check(p.out >= 0);
	close(listener);
	return p;
}

/* Whether a green thread's are not copied when the socket takes them: else the call is weft_send. */
static bool lends(void)
{
	struct weft_io_features features;
	struct pair p = make_pair(PIPE);
	char data;
	check_eq(weft_read_timeout(p.out, &data, 1, 1), -ETIMEDOUT); /* the poller has begun */
	close_pair(p);
	check_eq(weft_io_features(&features), 0);
	return features.poller == WEFT_IO_URING && features.uring_last_op >= 47; /* IORING_OP_SEND_ZC */
}

static void fill(unsigned char *data, uint64_t at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		data[i] = byte_at(at + i);
}

/* All that comes until the end, or a reset. How much. */
static uint64_t check_what_comes(int fd, int end)
{
	static __thread unsigned char data[SIZE];
	uint64_t got = 0;
	ssize_t n;
	while ((n = recv(fd, data, sizeof data, 0)) > 0)
		for (ssize_t i = 0; i < n; i++)
			check_eq(data[i], byte_at(got++));
	check_eq(n < 0 ? -errno : 0, end);
	return got;
}

/* --- all of it arrives --- */

struct flow {
	struct pair p;
	struct member random;
	uint64_t total;
};

static void *send_flow(void *arg)
{
	struct flow *f = arg;
	unsigned char *data = malloc(SIZE);
	check(data);
	for (uint64_t sent = 0; sent < f->total;) {
		size_t size = 1 + pick(&f->random, SIZE);
		if (size > f->total - sent)
			size = f->total - sent;
		fill(data, sent, size);
		ssize_t n = pick(&f->random, 2) ? weft_send_zerocopy(f->p.in, data, size, 0)
						: weft_send_zerocopy_timeout(f->p.in, data, size, 0, WEFT_S(100));
		check(n > 0 && n <= (ssize_t)size);
		sent += (uint64_t)n;
		memset(data, 0xee, size);
	}
	free(data);
	check_eq(weft_close(f->p.in), 0);
	return NULL;
}

static void *receive_flow(void *arg)
{
	struct flow *f = arg;
	check_eq(check_what_comes(f->p.out, 0), f->total);
	check_eq(weft_close(f->p.out), 0);
	return NULL;
}

enum { FLOWS = 6 };

static void *flow_all(void *arg)
{
	struct flow flow[FLOWS];
	weft_t sender[FLOWS];
	pthread_t receiver[FLOWS], outside = 0;
	for (int i = 0; i < FLOWS; i++) {
		flow[i] = (struct flow){ i == 3 ? make_pair(UNIX) : slow_pair(),
					 { .random = (seed + (uint64_t)i) | 1 },
					 (uint64_t)rounds(TOTAL) };
		receiver[i] = outsider(receive_flow, &flow[i]);
		if (i == 4)
			outside = outsider(send_flow, &flow[i]);
		else
			sender[i] = spawn(i == 5 ? WEFT_BOUND : WEFT_GREEN, send_flow, &flow[i]);
	}
	for (int i = 0; i < FLOWS; i++)
		if (i != 4)
			join(sender[i]);
	check_eq(pthread_join(outside, NULL), 0);
	for (int i = 0; i < FLOWS; i++)
		check_eq(pthread_join(receiver[i], NULL), 0);
	return arg;
}

START_TEST(what_is_overwritten_afterwards_has_arrived)
{
	seed = new_seed();
	run(flow_all, NULL);
}
END_TEST

/* --- who gives up ends the connection --- */

enum way { CANCEL, LIMIT, SCOPE, CLOSE, WAYS };

static const int result_of[WAYS] = { -ECANCELED, -ETIMEDOUT, -ECANCELED, -EBADF };

struct attempt {
	int fd;
	enum way way;
	uint64_t limit;
	ssize_t result;
	shared over;
};

static ssize_t send_in_scope(struct attempt *a, const void *data)
{
	struct weft_scope scope;
	check_eq(weft_scope_open(&scope, 0), 0);
	check_eq(weft_scope_set_timeout(&scope, a->limit), 0);
	ssize_t n = weft_send_zerocopy(a->fd, data, SIZE, 0);
	(void)weft_scope_close(&scope);
	return n;
}

static void *attempt(void *arg)
{
	struct attempt *a = arg;
	unsigned char *data = malloc(SIZE);
	check(data);
	fill(data, 0, SIZE);
	a->result = a->way == LIMIT   ? weft_send_zerocopy_timeout(a->fd, data, SIZE, 0, a->limit)
		    : a->way == SCOPE ? send_in_scope(a, data)
				      : weft_send_zerocopy(a->fd, data, SIZE, 0);
	memset(data, 0xee, SIZE);
	free(data);
	set(a->over, 1);
	return NULL;
}

/* In the call: not still in the close of who had the number before. */
static bool is_in(int fd)
{
	struct weft__fd *e = weft__fd_entry(fd);
	uint32_t use = e ? weft__load_acq(&e->use) : 0;
	return use >= WEFT__FD_USE && !(use & WEFT__FD_CLOSING);
}

/* When the sender is in the call, or has been. */
static void interfere(struct attempt *a, weft_t sender)
{
	if (a->way == CANCEL)
		(void)weft_cancel(sender); /* it may have ended */
	if (a->way != CLOSE)
		return;
	wait_until(get(a->over) || is_in(a->fd));
	check_eq(weft_close(a->fd), 0);
}

/* Nobody reads: the kernel has them until it is over. False: so soon that it never had them, and the connection is as it was. */
static bool gives_up(enum way way, uint64_t limit)
{
	struct pair p = slow_pair();
	struct attempt a = { .fd = p.in, .way = way, .limit = limit };
	struct pollfd came = { .fd = p.out, .events = POLLIN };
	weft_t sender = spawn(NULL, attempt, &a);
	if (way == CANCEL || way == CLOSE)
		check_eq(weft_poll(&came, 1), 1);
	interfere(&a, sender);
	join(sender);
	check_eq(a.result, result_of[way]);
	bool ended = way == CLOSE || weft_send(p.in, "x", 1, MSG_DONTWAIT) < 0;
	if (ended)
		check(check_what_comes(p.out, -ECONNRESET) < SIZE);
	check(ended || way == LIMIT || way == SCOPE);
	if (way != CLOSE)
		check_eq(weft_close(p.in), 0);
	check_eq(weft_close(p.out), 0);
	return ended;
}

static void *give_up(void *arg)
{
	int ended = 0, n = rounds(80);
	for (int i = 0; i < n; i++)
		ended += gives_up((enum way)(i % WAYS), WEFT_MS(1 + i % 5));
	printf("%d of %d had begun\n", ended, n);
	return arg;
}

static void *give_up_if_lent(void *arg)
{
	if (lends())
		give_up(arg);
	else
		printf("not here: the kernel copies when the socket takes them\n");
	return NULL;
}

START_TEST(who_gives_up_ends_the_connection)
{
	run(give_up_if_lent, NULL);
}
END_TEST

/* At any moment, of many, while the other side reads: a prefix comes, and nothing that was written over it. */
static void *receive_some(void *arg)
{
	int fd = *(int *)arg;
	unsigned char data[100];
	uint64_t got = 0;
	ssize_t n;
	while ((n = weft_recv(fd, data, sizeof data, 0)) > 0)
		for (ssize_t i = 0; i < n; i++)
			check_eq(data[i], byte_at(got++));
	check(n == 0 || n == -ECONNRESET);
	check_eq(weft_close(fd), 0);
	return (void *)(uintptr_t)got;
}

static void *race(void *arg)
{
	struct member *m = arg;
	for (int i = 0; i < rounds(100); i++) {
		struct pair p = slow_pair();
		struct attempt a = { .fd = p.in, .way = (enum way)pick(m, WAYS), .limit = 1 + pick(m, WEFT_US(500)) };
		weft_t receiver = spawn(NULL, receive_some, &p.out), sender = spawn(NULL, attempt, &a);
		for (uint32_t n = pick(m, 30); n > 0; n--)
			weft_yield();
		interfere(&a, sender);
		join(sender);
		if (a.result <= 0)
			check_eq(a.result, result_of[a.way]);
		if (a.way != CLOSE)
			check_eq(weft_close(p.in), 0);
		uintptr_t got = (uintptr_t)join(receiver);
		check(a.result <= 0 || a.way == CLOSE || got == (uintptr_t)a.result);
	}
	return NULL;
}

static void *race_all(void *arg)
{
	enum { RACES = 4 };
	struct member m[RACES];
	weft_t thread[RACES];
	for (int i = 0; i < RACES; i++) {
		m[i] = (struct member){ .random = (seed + (uint64_t)i) * 0x9e3779b97f4a7c15u | 1 };
		thread[i] = spawn(NULL, race, &m[i]);
	}
	for (int i = 0; i < RACES; i++)
		join(thread[i]);
	return arg;
}

START_TEST(given_up_at_any_moment)
{
	seed = new_seed();
	run(race_all, NULL);
}
END_TEST

/* --- as weft_send --- */

static void *misuse(void *arg)
{
	struct pair pipe = make_pair(PIPE), local = make_pair(UNIX), tcp = make_pair(TCP);
	char data[64] = "";
	check_eq(weft_send_zerocopy(-1, data, 1, 0), -EBADF);
	check_eq(weft_send_zerocopy(pipe.in, data, 1, 0), -ENOTSOCK);
	check_eq(weft_send_zerocopy(local.in, data, 2, 0), 2);
	check_eq(weft_recv(local.out, data, 4, 0), 2);
	check_eq(weft_send_zerocopy(tcp.in, data, 0, 0), 0);
	check_eq(weft_send_zerocopy(tcp.in, data, 3, MSG_DONTWAIT), 3);
	check_eq(weft_send_zerocopy_timeout(tcp.in, data, 4, 0, 0), 4);
	check_eq(weft_send_zerocopy_timeout(tcp.in, data, 5, 0, WEFT_S(10)), 5);
	check_eq(weft_read_all(tcp.out, data, 12, NULL), 12);
	check_eq(shutdown(tcp.in, SHUT_WR), 0);
	check_eq(weft_send_zerocopy(tcp.in, data, 1, 0), -EPIPE);
	close_pair(pipe);
	close_pair(local);
	close_pair(tcp);
	return arg;
}

START_TEST(otherwise_as_weft_send)
{
	run(misuse, NULL);
	misuse(NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { what_is_overwritten_afterwards_has_arrived, who_gives_up_ends_the_connection,
				       given_up_at_any_moment, otherwise_as_weft_send, NULL };
	return run_tests("system/send_zerocopy", tests);
}
