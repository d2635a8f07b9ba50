/* SPDX-License-Identifier: MIT */
/*
 * Thousands of connections for as long as one likes: what is sent comes back, and neither end holds more memory or descriptors
 * than it did after a third of the time, although connections end and begin all the while, some by a reset. All clients pause
 * while that is looked at. The two ends are two processes, since each has a limit on descriptors.
 *
 * Default: 1,000 connections for 2 s for each number of workers. Long target: WEFT_STRESS=30 is 10,000 for a minute.
 */
#include "src/stack/stack.h"
#include "stress.h"
#include "tests/support/descriptors.h"

#include <malloc.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { CONNECTIONS_MOST = 10000, MESSAGE_MOST = 2000, SPARE = 500, PASSING = 2 };

static unsigned connections;

/* What one end holds; taken in its own process. */
struct holding {
	uint64_t descriptors, resident_kib, allocated_kib, workers, exchanges;
};

static shared exchanges;

/* The monitor opens a file now and then, PASSING at most at a time. */
static struct holding holding_now(void)
{
	struct holding h = { .resident_kib = kib_of("/proc/self/status", "VmRSS:"),
			     .workers = weft__load_acq(&weft__pool.workers),
			     .exchanges = get(exchanges) };
#ifdef __GLIBC__
	struct mallinfo2 heap = mallinfo2();
	h.allocated_kib = (heap.uordblks + heap.hblkhd) / 1024;
#endif
	h.descriptors = descriptors();
	return h;
}

/* --- the server, in a process of its own: it is told what to do over a socket --- */

struct order {
	enum { BEGIN, TELL, END } what;
	unsigned workers;
	uint64_t seed;
};

static int orders[2]; /* the client's end, the server's */
static struct weft_scope serving;

static int serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char data[1000];
	ssize_t n;
	while ((n = weft_recv(fd, data, sizeof data, 0)) > 0 && weft_write_all(fd, data, (size_t)n, NULL) == n)
		add(exchanges, 1);
	must(n >= 0 || n == -ECONNRESET);
	must_eq(weft_close(fd), 0);
	return 0;
}

static int accept_all(void *arg)
{
	int listener = (int)(intptr_t)arg, fd;
	while ((fd = weft_listener_accept(listener)) >= 0)
		must_eq(weft_scope_spawn(&serving, WEFT_GREEN, serve, (void *)(intptr_t)fd), 0);
	must_eq(fd, -EBADF);
	return 0;
}

static void *server(void *arg)
{
	char address[WEFT_ADDRESS_SIZE] = "";
	struct order order;
	int listener = weft_listen_on("0.0.0.0:0", 0, 0);
	must(weft_sockname(listener, address, sizeof address) > 0);
	must_eq(weft_scope_open(&serving, 0), 0);
	must_eq(weft_scope_spawn(&serving, WEFT_GREEN, accept_all, (void *)(intptr_t)listener), 0);
	must_eq(weft_write(orders[1], address, sizeof address), sizeof address);
	while (weft_read(orders[1], &order, sizeof order) == sizeof order && order.what == TELL) {
		struct holding h = holding_now();
		(void)weft_write(orders[1], &h, sizeof h); /* whoever asked may have failed, and has said so */
	}
	must_eq(weft_close(listener), 0);
	must_eq(weft_scope_close(&serving), 0);
	struct holding h = holding_now();
	(void)weft_write(orders[1], &h, sizeof h);
	return arg;
}

/* Until the client is gone. */
static _Noreturn void serve_orders(void)
{
	struct order order;
	close(orders[0]);
	while (read(orders[1], &order, sizeof order) == sizeof order) {
		must_eq(order.what, BEGIN);
		stress.workers = order.workers;
		stress.seed = order.seed;
		stress_run(server, NULL);
	}
	_exit(0);
}

static void ask_server(int what, void *answer, size_t size)
{
	struct order order = { .workers = stress.workers, .seed = stress.seed };
	order.what = what;
	must_eq(weft_write(orders[0], &order, sizeof order), sizeof order);
	must_eq(weft_read(orders[0], answer, size), size);
}

/* --- the clients --- */

static char port[WEFT_ADDRESS_SIZE];
static uint64_t pause_at, end;
static struct weft_barrier paused, resumed;
static shared reconnected;

/* By many addresses of this machine, so that ports that are in TIME_WAIT for a minute do not become short. */
static int dial(uint64_t *seed)
{
	char address[WEFT_ADDRESS_SIZE];
	snprintf(address, sizeof address, "127.0.0.%u:%.8s", 1 + pick_of(seed, 100), port);
	int fd = weft_dial(address);
	must(fd >= 0);
	progress();
	return fd;
}

static void exchange(int fd, uint64_t *seed)
{
	unsigned char out[MESSAGE_MOST], in[MESSAGE_MOST];
	size_t size = 1 + pick_of(seed, MESSAGE_MOST);
	for (size_t i = 0; i < size; i++)
		out[i] = (unsigned char)((*seed >> 8) + i * 7);
	must_eq(weft_write_all(fd, out, size, NULL), size);
	must_eq(weft_read_all(fd, in, size, NULL), size);
	must(memcmp(in, out, size) == 0);
	add(exchanges, 1);
	progress();
}

static int reconnect(int fd, uint64_t *seed)
{
	const struct linger at_once = { 1, 0 };
	if (pick_of(seed, 2))
		must_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
	must_eq(weft_close(fd), 0);
	add(reconnected, 1);
	return dial(seed);
}

static int go_on(int fd, uint64_t *seed, uint64_t until)
{
	do {
		exchange(fd, seed);
		if (pick_of(seed, 16) == 0)
			fd = reconnect(fd, seed);
		must_eq(weft_sleep(pick_of(seed, 1000000)), 0);
	} while (weft_now() < until);
	must(weft_barrier_wait(&paused) >= 0);
	must(weft_barrier_wait(&resumed) >= 0);
	return fd;
}

static int client(void *arg)
{
	uint64_t seed = seed_of((uintptr_t)arg);
	int fd = dial(&seed);
	must(weft_barrier_wait(&resumed) >= 0); /* all are connected */
	fd = go_on(fd, &seed, pause_at);
	fd = go_on(fd, &seed, end);
	return weft_close(fd);
}

/* The server, then the clients; once the server has learned of all that have come and gone. */
static void look(struct holding h[2], uint64_t most)
{
	must(weft_barrier_wait(&paused) >= 0);
	uint64_t limit = weft_now() + WEFT_S(20);
	do {
		must_eq(weft_sleep(WEFT_MS(20)), 0);
		ask_server(TELL, &h[0], sizeof *h);
		must(weft_now() < limit);
	} while (h[0].descriptors + 2 * PASSING < most || h[0].descriptors > most);
	h[1] = holding_now();
	must(weft_barrier_wait(&resumed) >= 0);
}

/* What a worker may have come to hold, of those too that stand in for others: its record, and queues that all threads fit in. */
static uint64_t queues_kib(uint64_t workers)
{
	return workers * (64 + connections / 20);
}

/* Stacks are kept: each worker has up to two chains of them; and there are as many as were ever in use at a time, which the peaks of
 * reconnecting drive up a little. */
static uint64_t stacks_kib(uint64_t workers)
{
	return 1024 + connections * 4 / 10 + workers * 2 * WEFT__STACK_CHAIN * 4;
}

static void must_not_have_grown(const char *whose, struct holding before, struct holding after)
{
	printf("%s: %llu descriptors, %llu KiB, %llu allocated; then %llu, %llu, %llu; %llu workers, %llu exchanges\n",
	       whose, (unsigned long long)before.descriptors, (unsigned long long)before.resident_kib,
	       (unsigned long long)before.allocated_kib, (unsigned long long)after.descriptors,
	       (unsigned long long)after.resident_kib, (unsigned long long)after.allocated_kib,
	       (unsigned long long)after.workers, (unsigned long long)(after.exchanges - before.exchanges));
	fflush(stdout);
	must(after.exchanges > before.exchanges && after.descriptors <= before.descriptors + PASSING);
	if (STRESS_SLOW) /* sanitizers keep what is freed */
		return;
	uint64_t queues = queues_kib(after.workers), stacks = stacks_kib(after.workers);
	must(after.allocated_kib <= before.allocated_kib + queues);
	must(after.resident_kib <= before.resident_kib + queues + stacks);
}

/* most: how many descriptors the server has without connections. */
static void clients(uint64_t most)
{
	struct weft_scope scope;
	struct holding first[2], last[2];
	paused = resumed = (struct weft_barrier)WEFT_BARRIER_INIT(connections + 1);
	must_eq(weft_scope_open(&scope, WEFT_SCOPE_FAIL_FAST), 0);
	for (uintptr_t i = 0; i < connections; i++)
		must_eq(weft_scope_spawn(&scope, WEFT_GREEN, client, (void *)i), 0);
	end = phase_end(2000);
	pause_at = end - (end - weft_now()) * 2 / 3;
	must(weft_barrier_wait(&resumed) >= 0);
	look(first, most + connections + PASSING);
	look(last, most + connections + PASSING);
	must_eq(weft_scope_close(&scope), 0);
	must_not_have_grown("server", first[0], last[0]);
	must_not_have_grown("clients", first[1], last[1]);
}

static void *all(void *arg)
{
	struct holding before, after;
	char address[WEFT_ADDRESS_SIZE] = "";
	ask_server(BEGIN, address, sizeof address);
	snprintf(port, sizeof port, "%s", strrchr(address, ':') + 1);
	ask_server(TELL, &before, sizeof before);
	uint64_t own = holding_now().descriptors;
	clients(before.descriptors);
	must(holding_now().descriptors <= own + PASSING);
	ask_server(END, &after, sizeof after);
	must(after.descriptors < before.descriptors + PASSING); /* its listener is gone, too */
	return arg;
}

static void phase(void)
{
	set(exchanges, 0);
	set(reconnected, 0);
	stress_run(all, NULL);
	printf("%u connections, %llu times another\n", connections, (unsigned long long)get(reconnected));
}

/* As many as were asked for, and as the limit on descriptors allows. */
static unsigned how_many(double factor)
{
	struct rlimit limit;
	double n = 1000 * factor / (STRESS_SLOW ? 10 : 1);
	must_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	must_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	if (n > CONNECTIONS_MOST)
		n = CONNECTIONS_MOST;
	if (n + SPARE > (double)limit.rlim_cur)
		n = (double)limit.rlim_cur - SPARE;
	return n < 10 ? 10 : (unsigned)n;
}

int main(void)
{
	const char *factor = getenv("WEFT_STRESS");
	connections = how_many(factor ? strtod(factor, NULL) : 1);
	must_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, orders), 0);
	fflush(NULL);
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0)
		serve_orders();
	close(orders[1]);
	return stress_main("stress_connections", phase);
}
