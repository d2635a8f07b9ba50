/* SPDX-License-Identifier: MIT */
/*
 * An echo server: a green thread for each connection, in plain blocking style. By default it makes a few connections to itself
 * and ends; with a port number it serves until it is killed.
 *
 *   cc echo.c $(pkg-config --cflags --libs weft) -o echo && ./echo 7777
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <weft.h>

enum { CLIENTS = 10 };

static struct sockaddr_in address;

static void *serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char buffer[4096];
	ssize_t n;
	while ((n = weft_recv(fd, buffer, sizeof buffer, 0)) > 0)
		if (weft_write_all(fd, buffer, (size_t)n, NULL) != n)
			break;
	weft_close(fd);
	return NULL;
}

static int listen_at(void)
{
	const int on = 1;
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* what it accepts inherits this */
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 4096) < 0) {
		perror("echo");
		exit(1);
	}
	getsockname(fd, (struct sockaddr *)&address, &length);
	return fd;
}

/* Until the listener is closed. */
static void *accept_all(void *arg)
{
	int listener = (int)(intptr_t)arg, fd;
	while ((fd = weft_accept(listener, NULL, NULL, SOCK_CLOEXEC)) != -EBADF)
		if (fd < 0)
			fprintf(stderr, "echo: accept: %s\n", strerror(-fd));
		else if (weft_spawn(NULL, NULL, serve, (void *)(intptr_t)fd))
			weft_close(fd);
	return NULL;
}

static void *ask(void *arg)
{
	char buffer[32] = "", hello[32];
	int size = snprintf(hello, sizeof hello, "hello from %d", (int)(intptr_t)arg);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (weft_connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
	    weft_write_all(fd, hello, (size_t)size, NULL) == size &&
	    weft_read_all_timeout(fd, buffer, (size_t)size, NULL, WEFT_S(10)) == size)
		printf("%s\n", buffer);
	weft_close(fd);
	return NULL;
}

static void *program(void *arg)
{
	int listener = listen_at();
	weft_t acceptor, client[CLIENTS];
	if (weft_spawn(&acceptor, NULL, accept_all, (void *)(intptr_t)listener))
		return arg;
	for (intptr_t i = 0; i < CLIENTS; i++)
		if (weft_spawn(&client[i], NULL, ask, (void *)i))
			client[i] = WEFT_NONE;
	for (int i = 0; i < CLIENTS; i++)
		weft_join(client[i], NULL);
	weft_close(listener);
	weft_join(acceptor, NULL);
	return NULL;
}

static void *program_forever(void *arg)
{
	(void)arg;
	return accept_all((void *)(intptr_t)listen_at());
}

int main(int argc, char **argv)
{
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons(argc > 1 ? (uint16_t)atoi(argv[1]) : 0);
	int err = weft_run(NULL, argc > 1 ? program_forever : program, NULL, NULL);
	if (err)
		fprintf(stderr, "echo: %s\n", strerror(-err));
	return err != 0;
}
