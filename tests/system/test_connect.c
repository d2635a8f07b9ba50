/* SPDX-License-Identifier: MIT */
/* accept and connect: many at once on one listener, refusals, time limits, cancellation, no descriptors left. */
#include "tests/support/io.h"

static int listener;
static struct sockaddr_in address;
static shared accepted, answered;

static int socket_of(int domain)
{
	int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
	check(fd >= 0);
	return fd;
}

static int connect_to(const struct sockaddr_in *to)
{
	int fd = socket_of(AF_INET);
	int err = weft_connect(fd, (const struct sockaddr *)to, sizeof *to);
	if (!err)
		return fd;
	check_eq(weft_close(fd), 0);
	return err;
}

static void *serve(void *arg)
{
	for (int fd; (fd = weft_accept(listener, NULL, NULL, SOCK_CLOEXEC)) != -EBADF;) {
		char data;
		check(fd >= 0);
		check_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
		check_eq(weft_read(fd, &data, 1), 1);
		check_eq(weft_write(fd, &data, 1), 1);
		check_eq(weft_close(fd), 0);
		add(accepted, 1);
	}
	return arg;
}

static void *ask(void *arg)
{
	struct member *m = arg;
	for (int i = 0; i < rounds(100); i++) {
		char data = (char)i, answer = 0;
		int fd = connect_to(&address);
		check(fd >= 0);
		if (pick(m, 4) == 0)
			weft_sleep(WEFT_US(pick(m, 300)));
		check_eq(weft_write(fd, &data, 1), 1);
		check_eq(weft_read(fd, &answer, 1), 1);
		check_eq(answer, data);
		check_eq(weft_read(fd, &answer, 1), 0);
		check_eq(weft_close(fd), 0);
		add(answered, 1);
	}
	return NULL;
}

START_TEST(many_at_one_listener)
{
	enum { SERVERS = 9, CLIENTS = 9 };
	struct crew servers, clients;
	listener = listen_any(&address, 64);
	start();
	crew_start(&servers, SERVERS, 1, serve);
	crew_start(&clients, CLIENTS, new_seed(), ask);
	crew_join(&clients);
	check_eq(weft_close(listener), 0);
	crew_join(&servers);
	ck_assert_uint_eq(get(accepted), CLIENTS * rounds(100));
	ck_assert_uint_eq(get(answered), CLIENTS * rounds(100));
	stop();
}
END_TEST

/* A listener's queue of one, full: the next to connect waits. */
static int full_listener(struct sockaddr_in *to)
{
	int fd = listen_any(to, 0);
	for (int i = 0; i < 1; i++) {
		int in = socket_of(AF_INET);
		check_eq(weft_connect_timeout(in, (struct sockaddr *)to, sizeof *to, WEFT_S(1)), 0);
	}
	return fd;
}

static int probe;

static void *connect_and_wait(void *arg)
{
	const struct sockaddr_in *to = arg;
	check_eq(weft_connect(probe, (const struct sockaddr *)to, sizeof *to), -ECANCELED);
	return NULL;
}

static void *refusals(void *arg)
{
	struct sockaddr_in to;
	int fd = listen_any(&to, 1);
	check_eq(weft_accept_timeout(fd, NULL, NULL, 0, 0), -ETIMEDOUT);
	check_eq(weft_accept_timeout(fd, NULL, NULL, 0, WEFT_US(100)), -ETIMEDOUT);
	check_eq(weft_accept(fd, NULL, NULL, 0xfff), -EINVAL);
	check_eq(weft_close(fd), 0);
	check_eq(connect_to(&to), -ECONNREFUSED);
	check_eq(weft_connect(-1, (struct sockaddr *)&to, sizeof to), -EBADF);
	fd = full_listener(&to);
	probe = socket_of(AF_INET);
	check_eq(weft_connect_timeout(probe, (struct sockaddr *)&to, sizeof to, WEFT_US(300)), -ETIMEDOUT);
	weft_t thread = spawn(NULL, connect_and_wait, &to); /* goes on with the same */
	weft_sleep(WEFT_US(300));
	check_eq(weft_cancel(thread), 0);
	join(thread);
	check_eq(weft_close(probe), 0);
	check_eq(weft_close(fd), 0);
	return arg;
}

START_TEST(refusals_and_limits)
{
	run(refusals, NULL);
}
END_TEST

/* A Unix listener whose queue is full gives no sign when it no longer is. */
static void *accept_later(void *arg)
{
	weft_sleep(WEFT_MS(3));
	for (int i = 0; i < 2; i++) {
		int fd = weft_accept((int)(intptr_t)arg, NULL, NULL, 0);
		check(fd >= 0);
		check_eq(weft_close(fd), 0);
	}
	return NULL;
}

static void *unix_queue(void *arg)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int server = socket_of(AF_UNIX), client[3];
	socklen_t length = sizeof name;
	check_eq(bind(server, (struct sockaddr *)&name, sizeof(sa_family_t)), 0); /* a name of the kernel's choice */
	check_eq(getsockname(server, (struct sockaddr *)&name, &length), 0);
	check_eq(listen(server, 0), 0);
	for (int i = 0; i < 3; i++)
		client[i] = socket_of(AF_UNIX);
	check_eq(weft_connect(client[0], (struct sockaddr *)&name, length), 0);
	check_eq(weft_connect_timeout(client[1], (struct sockaddr *)&name, length, WEFT_MS(2)), -ETIMEDOUT);
	weft_t thread = spawn(NULL, accept_later, (void *)(intptr_t)server);
	check_eq(weft_connect(client[1], (struct sockaddr *)&name, length), 0);
	join(thread);
	for (int i = 0; i < 3; i++)
		check_eq(weft_close(client[i]), 0);
	check_eq(weft_close(server), 0);
	return arg;
}

START_TEST(a_full_queue_of_the_unix_domain)
{
	run(unix_queue, NULL);
}
END_TEST

/* No descriptor left: told, no more than once a millisecond, and good again when there is one. */
static void *shortage(void *arg)
{
	struct rlimit limit;
	int fd = listen_any(&address, 8), client = connect_to(&address);
	check_eq(weft_accept_timeout(fd, NULL, NULL, 0, WEFT_S(1)) >= 0, 1);
	check(client >= 0);
	int late = connect_to(&address);
	check_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	struct rlimit none = { 0, limit.rlim_max }; /* whatever the runtime itself opens and closes meanwhile */
	check_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	uint64_t begin = weft_now();
	for (int i = 0; i < 5; i++)
		check_eq(weft_accept(fd, NULL, NULL, 0), -EMFILE);
	check(weft_now() - begin >= WEFT_MS(5));
	check_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	int taken = weft_accept(fd, NULL, NULL, 0);
	check(taken >= 0);
	check_eq(weft_write(late, "x", 1), 1);
	char data;
	check_eq(weft_read_timeout(taken, &data, 1, WEFT_S(10)), 1);
	return arg;
}

/* Not by weft_run: with ASan, the first kernel thread needs a descriptor to learn its own stack as it becomes a worker. */
START_TEST(no_descriptors_left)
{
	start();
	join(spawn(NULL, shortage, NULL));
	stop();
}
END_TEST

static void *accept_until_canceled(void *arg)
{
	int fd, *kept = arg;
	while ((fd = weft_accept(listener, NULL, NULL, 0)) >= 0)
		*kept += weft_close(fd) == 0;
	check_eq(fd, -ECANCELED);
	return NULL;
}

/* A connection is accepted by somebody, or still there. */
static void *cancel_acceptors(void *arg)
{
	for (int round = 0; round < rounds(100); round++) {
		int kept[4] = { 0 }, total = 0;
		weft_t thread[4];
		listener = listen_any(&address, 64);
		for (int i = 0; i < 4; i++)
			thread[i] = spawn(i == 3 ? WEFT_BOUND : WEFT_GREEN, accept_until_canceled, &kept[i]);
		for (int i = 0; i < 4; i++) {
			int fd = connect_to(&address);
			check(fd >= 0);
			check_eq(weft_cancel(thread[i]), 0);
			check_eq(weft_close(fd), 0);
		}
		for (int i = 0; i < 4; i++) {
			join(thread[i]);
			total += kept[i];
		}
		for (int fd; total < 4; total++) { /* under load the last may take a moment to reach the queue */
			check((fd = weft_accept_timeout(listener, NULL, NULL, 0, WEFT_S(20))) >= 0);
			check_eq(weft_close(fd), 0);
		}
		check_eq(total, 4);
		check_eq(weft_accept_timeout(listener, NULL, NULL, 0, 0), -ETIMEDOUT);
		check_eq(weft_close(listener), 0);
	}
	return arg;
}

START_TEST(no_connection_is_lost_to_a_cancel)
{
	run(cancel_acceptors, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { many_at_one_listener,
				       refusals_and_limits,
				       a_full_queue_of_the_unix_domain,
				       no_descriptors_left,
				       no_connection_is_lost_to_a_cancel,
				       NULL };
	return run_tests("system/connect", tests);
}
