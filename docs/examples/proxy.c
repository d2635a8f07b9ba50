/* SPDX-License-Identifier: MIT */
/*
 * A TCP proxy: each connection is joined to one of its own to the target, by two threads in a scope, one for each way. A side that
 * has no more to say ends that way only; a side that fails ends both. By default it stands between itself and itself.
 *
 *   cc proxy.c $(pkg-config --cflags --libs weft) -o proxy && ./proxy :8080 example.org:80
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <weft.h>

enum { CLIENTS = 20, ROUNDS = 100 };

static struct weft_scope connections;
static const char *target;

struct way {
	int from, to;
};

static int carry(void *arg)
{
	struct way *way = (struct way *)arg;
	char data[16384];
	ssize_t n;
	while ((n = weft_recv(way->from, data, sizeof data, 0)) > 0) {
		ssize_t err = weft_write_all(way->to, data, (size_t)n, NULL);
		if (err < 0)
			return (int)err;
	}
	return n < 0 ? (int)n : weft_shutdown(way->to, SHUT_WR);
}

static int serve(void *arg)
{
	int client = (int)(intptr_t)arg;
	int server = weft_dial_timeout(target, WEFT_S(10));
	if (server < 0) {
		fprintf(stderr, "proxy: %s: %s\n", target, strerror(-server));
		weft_close(client);
		return 0;
	}
	struct way there = { client, server }, back = { server, client };
	struct weft_scope scope;
	(void)weft_scope_open(&scope, WEFT_SCOPE_FAIL_FAST); /* who fails has the other one canceled */
	if (weft_scope_spawn(&scope, WEFT_GREEN, carry, &there) || weft_scope_spawn(&scope, WEFT_GREEN, carry, &back))
		(void)weft_scope_cancel(&scope);
	(void)weft_scope_close(&scope);
	weft_close(client);
	weft_close(server);
	return 0;
}

static int accept_all(void *arg)
{
	int listener = (int)(intptr_t)arg, fd;
	while ((fd = weft_listener_accept(listener)) >= 0)
		if (weft_scope_spawn(&connections, WEFT_GREEN, serve, (void *)(intptr_t)fd))
			weft_close(fd);
	return 0;
}

/* --- Both ends of it, to try it out --- */

static int echo_once(void *arg)
{
	struct way itself = { (int)(intptr_t)arg, (int)(intptr_t)arg };
	(void)carry(&itself);
	return weft_close(itself.from);
}

static int echo_all(void *arg)
{
	int listener = (int)(intptr_t)arg, fd;
	while ((fd = weft_listener_accept(listener)) >= 0)
		if (weft_scope_spawn(&connections, WEFT_GREEN, echo_once, (void *)(intptr_t)fd))
			weft_close(fd);
	return 0;
}

/* What is sent comes back; and so does the end. */
static int ask(void *arg)
{
	char sent[1000], got[sizeof sent];
	int fd = weft_dial_timeout((const char *)arg, WEFT_S(10));
	if (fd < 0)
		return fd;
	int err = 0;
	for (int i = 0; i < ROUNDS && !err; i++) {
		memset(sent, 'a' + i % 26, sizeof sent);
		if (weft_write_all(fd, sent, sizeof sent, NULL) < 0 ||
		    weft_read_all_timeout(fd, got, sizeof got, NULL, WEFT_S(10)) != sizeof got ||
		    memcmp(sent, got, sizeof got) != 0)
			err = -EIO;
	}
	weft_shutdown(fd, SHUT_WR);
	if (!err && weft_read_timeout(fd, got, 1, WEFT_S(10)) != 0)
		err = -EIO;
	weft_close(fd);
	return err;
}

static int ask_all(const char *address)
{
	struct weft_scope clients;
	(void)weft_scope_open(&clients, WEFT_SCOPE_FAIL_FAST);
	int err = 0;
	for (int i = 0; i < CLIENTS && !err; i++)
		err = weft_scope_spawn(&clients, WEFT_GREEN, ask, (void *)address);
	int failed = weft_scope_close(&clients);
	return err ? err : failed;
}

static int listen_at(const char *where, char *address, int (*accepts)(void *))
{
	int fd = weft_listen_on(where, 0, 0);
	int err = fd < 0 ? fd : weft_sockname(fd, address, WEFT_ADDRESS_SIZE);
	if (err >= 0)
		err = weft_scope_spawn(&connections, WEFT_GREEN, accepts, (void *)(intptr_t)fd);
	if (err < 0)
		fprintf(stderr, "proxy: %s: %s\n", where, strerror(-err));
	return err < 0 ? err : fd;
}

static void *try_it(void *failed)
{
	static char address[WEFT_ADDRESS_SIZE], server_address[WEFT_ADDRESS_SIZE];
	(void)weft_scope_open(&connections, 0);
	int server = listen_at("127.0.0.1:0", server_address, echo_all);
	target = server_address;
	int listener = listen_at("127.0.0.1:0", address, accept_all);
	*(int *)failed = server < 0 || listener < 0 || ask_all(address) != 0;
	weft_close(listener);
	weft_close(server);
	(void)weft_scope_close(&connections);
	printf("%d clients, %s\n", CLIENTS, *(int *)failed ? "failed" : "well served");
	return NULL;
}

static void *proxy(void *where)
{
	char address[WEFT_ADDRESS_SIZE];
	(void)weft_scope_open(&connections, 0);
	if (listen_at((const char *)where, address, accept_all) >= 0)
		printf("listening on %s\n", address);
	(void)weft_scope_close(&connections); /* for ever */
	return NULL;
}

int main(int argc, char **argv)
{
	int failed = 0;
	target = argc > 2 ? argv[2] : NULL;
	int err = target ? weft_run(NULL, proxy, argv[1], NULL) : weft_run(NULL, try_it, &failed, NULL);
	return err || failed;
}
