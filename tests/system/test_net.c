/* SPDX-License-Identifier: MIT */
/* Dial and listen by text: each kind of address, both ways; texts that are none; what a Unix socket leaves behind. */
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/support/net.h"

static char path[64], path_text[80], abstract_text[80];

static void name_sockets(void)
{
	snprintf(path, sizeof path, "/tmp/weft-net-%d", (int)getpid());
	snprintf(path_text, sizeof path_text, "unix:%s", path);
	snprintf(abstract_text, sizeof abstract_text, "unix:@weft-net-%d", (int)getpid());
}

static int option(int fd, int level, int name)
{
	int value = 0;
	socklen_t length = sizeof value;
	check_eq(getsockopt(fd, level, name, &value, &length), 0);
	return value;
}

static bool is_internet(const char *text)
{
	return strncmp(text, "unix:", 5) != 0;
}

/* A connection: who is who, that bytes pass, and how the descriptors are. */
static void meet(int listener, const char *text)
{
	char here[WEFT_ADDRESS_SIZE], there[WEFT_ADDRESS_SIZE], data;
	int client = weft_dial_timeout(text, WEFT_S(20));
	check(client >= 0);
	int server = weft_listener_accept_timeout(listener, WEFT_S(20));
	check(server >= 0);
	check_eq(weft_write(client, "x", 1), 1);
	check_eq(weft_read_timeout(server, &data, 1, WEFT_S(20)), 1);
	check(weft_sockname(client, here, sizeof here) > 0 && weft_peername(server, there, sizeof there) > 0);
	ck_assert_str_eq(here, there);
	for (int i = 0; i < 2; i++) {
		int fd = i ? client : server;
		check(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		check(!is_internet(text) || option(fd, IPPROTO_TCP, TCP_NODELAY));
	}
	check_eq(weft_close(client), 0);
	check_eq(weft_close(server), 0);
}

static void listen_and_meet(const char *where, const char *prefix)
{
	char text[WEFT_ADDRESS_SIZE];
	int listener = listen_on(where, 0, text);
	check(strncmp(text, prefix, strlen(prefix)) == 0);
	check(!is_internet(where) || port_of(text) > 0);
	meet(listener, text);
	check_eq(weft_listener_accept_timeout(listener, 0), -ETIMEDOUT);
	check_eq(weft_listener_accept_timeout(listener, WEFT_MS(2)), -ETIMEDOUT);
	check_eq(weft_close(listener), 0);
	check_eq(weft_listener_accept(listener), -EBADF);
}

static void *all_kinds(void *arg)
{
	listen_and_meet("127.0.0.1:0", "127.0.0.1:");
	listen_and_meet("localhost:0", "");
	if (has_ipv6())
		listen_and_meet("[::1]:0", "[::1]:");
	else
		puts("no IPv6 here");
	listen_and_meet(path_text, path_text);
	listen_and_meet(path_text, path_text); /* what the one before has left is in nobody's way */
	check_eq(unlink(path), 0);
	listen_and_meet(abstract_text, abstract_text);
	return arg;
}

START_TEST(each_kind_of_address)
{
	name_sockets();
	on_all_kinds(all_kinds, NULL);
}
END_TEST

static void dial_port(const char *host, const char *text, int expected)
{
	char to[WEFT_ADDRESS_SIZE];
	snprintf(to, sizeof to, "%s:%u", host, port_of(text));
	int fd = weft_dial(to);
	check(expected ? fd == expected : fd >= 0);
	if (fd >= 0)
		check_eq(weft_close(fd), 0);
}

static void *any(void *arg)
{
	char text[WEFT_ADDRESS_SIZE];
	int listener = listen_on(":0", 0, text);
	dial_port("127.0.0.1", text, 0);
	if (has_ipv6())
		dial_port("[::1]", text, 0);
	check_eq(weft_close(listener), 0);
	if (has_ipv6()) {
		listener = listen_on(":0", WEFT_LISTEN_V6ONLY, text);
		dial_port("[::1]", text, 0);
		dial_port("127.0.0.1", text, -ECONNREFUSED);
		check_eq(weft_close(listener), 0);
	}
	return arg;
}

START_TEST(all_addresses_of_the_machine)
{
	run(any, NULL);
}
END_TEST

static void *share(void *arg)
{
	char text[WEFT_ADDRESS_SIZE], same[WEFT_ADDRESS_SIZE];
	int first = listen_on("127.0.0.1:0", WEFT_LISTEN_REUSEPORT, text);
	int second = listen_on(text, WEFT_LISTEN_REUSEPORT, same);
	ck_assert_str_eq(text, same);
	check_eq(weft_listen_on(text, 0, 0), -EADDRINUSE);
	int taken[2] = { 0, 0 };
	for (int i = 0; i < 100; i++) {
		int fd = weft_dial(text);
		check(fd >= 0);
		struct pollfd polled[] = { { .fd = first, .events = POLLIN }, { .fd = second, .events = POLLIN } };
		check_eq(weft_poll_timeout(polled, 2, WEFT_S(20)), 1);
		int got = weft_listener_accept(polled[1].revents ? second : first);
		check(got >= 0);
		taken[polled[1].revents != 0]++;
		check_eq(weft_close(got), 0);
		check_eq(weft_close(fd), 0);
	}
	check(taken[0] > 0 && taken[1] > 0);
	check_eq(weft_close(first), 0);
	check_eq(weft_close(second), 0);
	return arg;
}

START_TEST(two_share_a_port)
{
	run(share, NULL);
}
END_TEST

static const struct {
	const char *text;
	int dial, listen;
} bad[] = {
	{ NULL, -EINVAL, -EINVAL },
	{ "", -EINVAL, -EINVAL },
	{ ":", -EINVAL, -EINVAL },
	{ ":80", -EINVAL, 0 },
	{ "127.0.0.1", -EINVAL, -EINVAL },
	{ "127.0.0.1:", -EINVAL, -EINVAL },
	{ "127.0.0.1:x", -EINVAL, -EINVAL },
	{ "127.0.0.1:80x", -EINVAL, -EINVAL },
	{ "127.0.0.1: 80", -EINVAL, -EINVAL },
	{ "127.0.0.1:-1", -EINVAL, -EINVAL },
	{ "127.0.0.1:+1", -EINVAL, -EINVAL },
	{ "127.0.0.1:65536", -EINVAL, -EINVAL },
	{ "127.0.0.1:4294967297", -EINVAL, -EINVAL },
	{ "127.0.0.1:18446744073709551617", -EINVAL, -EINVAL },
	{ "::1:80", -EINVAL, -EINVAL },
	{ "[::1]", -EINVAL, -EINVAL },
	{ "[::1]80", -EINVAL, -EINVAL },
	{ "[::1:80", -EINVAL, -EINVAL },
	{ "::1]:80", -EINVAL, -EINVAL },
	{ "[]:80", -EINVAL, -EINVAL },
	{ "[:80", -EINVAL, -EINVAL },
	{ "[localhost]:80", -EINVAL, -EINVAL },
	{ "[127.0.0.1]:80", -EINVAL, -EINVAL },
	{ "[::1%]:80", -EINVAL, -EINVAL },
	{ "[::1%no-such-if]:80", -EINVAL, -EINVAL },
	{ "[::1%99999999999]:80", -EINVAL, -EINVAL },
	{ "a b:80", -EINVAL, -EINVAL },
	{ "a/b:80", -EINVAL, -EINVAL },
	{ "http://localhost:80", -EINVAL, -EINVAL },
	{ "unix:", -EINVAL, -EINVAL },
	{ "unix:@", -EINVAL, -EINVAL },
	{ "unix", -EINVAL, -EINVAL },
	{ "unix:/no/such/folder/socket", -ENOENT, -ENOENT },
};

START_TEST(bad_texts)
{
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_msg(weft_dial(bad[i].text) == bad[i].dial, "dial %s", bad[i].text);
		if (bad[i].listen)
			ck_assert_msg(weft_listen_on(bad[i].text, 0, 0) == bad[i].listen, "listen %s", bad[i].text);
	}
	ck_assert_int_eq(weft_listen_on("127.0.0.1:0", 0, 4), -EINVAL);
	ck_assert_int_eq(weft_listen_on("127.0.0.1:0", -1, 0), -EINVAL);
	ck_assert_int_eq(weft_listener_accept(-1), -EBADF);
}
END_TEST

/* A text of that many characters between prefix and suffix. */
static const char *of_length(const char *prefix, int n, const char *suffix)
{
	static char text[1000];
	snprintf(text, sizeof text, "%s%.*d%s", prefix, n, 0, suffix);
	return text;
}

START_TEST(lengths)
{
	char text[WEFT_ADDRESS_SIZE];
	ck_assert_int_eq(weft_dial(of_length("unix:/", 108, "")), -ENAMETOOLONG);
	ck_assert_int_eq(weft_dial(of_length("unix:/", 107, "")), -ENAMETOOLONG);
	ck_assert_int_eq(weft_dial(of_length("unix:/", 106, "")), -ENOENT);
	ck_assert_int_eq(weft_dial(of_length("unix:@", 108, "")), -ENAMETOOLONG);
	ck_assert_int_eq(weft_dial(of_length("", 256, ":80")), -ENAMETOOLONG);
	ck_assert_int_eq(weft_dial(of_length("", 900, ":80")), -ENAMETOOLONG);
	int fd = weft_listen_on(of_length("unix:@", 107, ""), 0, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(weft_sockname(fd, text, sizeof text), 6 + 107);
	ck_assert_str_eq(text, of_length("unix:@", 107, ""));
	ck_assert_int_eq(weft_sockname(fd, text, 6 + 107), -ENOSPC);
	ck_assert_int_eq(weft_peername(fd, text, sizeof text), -ENOTCONN);
	ck_assert_int_eq(weft_close(fd), 0);
	ck_assert_int_eq(weft_sockname(fd, text, sizeof text), -EBADF);
}
END_TEST

START_TEST(names_of_sockets)
{
	char text[WEFT_ADDRESS_SIZE];
	int fds[2];
	ck_assert_int_eq(weft_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(weft_peername(fds[0], text, sizeof text), 5);
	ck_assert_str_eq(text, "unix:");
	close_pair((struct pair){ fds[0], fds[1] });
	ck_assert_int_eq(weft_pipe2(fds, 0), 0);
	ck_assert_int_eq(weft_sockname(fds[0], text, sizeof text), -ENOTSOCK);
	close_pair((struct pair){ fds[0], fds[1] });
	int netlink = socket(AF_NETLINK, SOCK_RAW, 0);
	ck_assert_int_eq(weft_sockname(netlink, text, sizeof text), -EAFNOSUPPORT);
	close(netlink);
}
END_TEST

/* Its path is taken from nobody who is alive, and from nothing that is no socket. */
START_TEST(paths_in_use)
{
	char text[WEFT_ADDRESS_SIZE];
	struct stat st;
	name_sockets();
	int file = open(path, O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(weft_listen_on(path_text, 0, 0), -EADDRINUSE);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert(S_ISREG(st.st_mode));
	unlink(path);
	close(file);
	int alive = listen_on(path_text, 0, text);
	ck_assert_int_eq(weft_listen_on(path_text, 0, 0), -EADDRINUSE);
	meet(alive, path_text);
	ck_assert_int_eq(weft_close(alive), 0);
	ck_assert_int_eq(weft_dial(path_text), -ECONNREFUSED);
	int next = listen_on(path_text, 0, text);
	meet(next, path_text);
	ck_assert_int_eq(weft_close(next), 0);
	unlink(path);
}
END_TEST

/*
 * Nobody listens. Among so many tries on a port the kernel takes it once for this side, too, and connects the socket to itself.
 * (It gives odd ports to who binds, and even ones to who connects.)
 */
static void *refused(void *arg)
{
	char text[WEFT_ADDRESS_SIZE], to[WEFT_ADDRESS_SIZE];
	int listener = listen_on("127.0.0.1:0", 0, text);
	check_eq(weft_close(listener), 0);
	check_eq(weft_dial(text), -ECONNREFUSED);
	snprintf(to, sizeof to, "127.0.0.1:%u", port_of(text) ^ 1);
	for (int i = 0; i < rounds(30000); i++)
		check_eq(weft_dial(to), -ECONNREFUSED);
	return arg;
}

START_TEST(nobody_listens)
{
	run(refused, NULL);
}
END_TEST

/* A listener whose queue is full lets nobody in: SYNs are dropped. */
static void *full(void *arg)
{
	char text[WEFT_ADDRESS_SIZE];
	int listener = weft_listen_on("127.0.0.1:0", 1, 0), client[8], n = 0;
	check(listener >= 0 && weft_sockname(listener, text, sizeof text) > 0);
	while (n < 8 && (client[n] = weft_dial_timeout(text, WEFT_MS(100))) >= 0)
		n++;
	check(n < 8);
	check_eq(client[n], -ETIMEDOUT);
	uint64_t begin = weft_now();
	check_eq(weft_dial_timeout(text, WEFT_MS(30)), -ETIMEDOUT);
	check(weft_now() - begin >= WEFT_MS(30));
	while (n > 0)
		check_eq(weft_close(client[--n]), 0);
	check_eq(weft_close(listener), 0);
	return arg;
}

START_TEST(time_limits_of_dial)
{
	on_all_kinds(full, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { each_kind_of_address,
				       all_addresses_of_the_machine,
				       two_share_a_port,
				       bad_texts,
				       lengths,
				       names_of_sockets,
				       paths_in_use,
				       nobody_listens,
				       time_limits_of_dial,
				       NULL };
	return run_tests("system/net", tests);
}
