/* SPDX-License-Identifier: MIT */
/*
 * The server of redis.h. By default it puts some requests to itself; with an address it serves until SIGINT or SIGTERM.
 *
 *   cc redis_server.c $(pkg-config --cflags --libs weft) -o redis_server && ./redis_server :6379
 *   redis-cli incr visits; redis-benchmark -t ping,set,get,incr -P 16
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* for signals */
#endif
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "redis.h"

enum { CLIENTS = 20, TIMES = 100 };

static char address[WEFT_ADDRESS_SIZE];

/* --- What it asks itself --- */

/* Sends it all at once, and compares all that comes back. */
static int ask(const char *requests, const char *answers)
{
	char got[512];
	size_t size = 0;
	int fd = weft_dial_timeout(address, WEFT_S(5));
	if (fd < 0)
		return fd;
	(void)weft_write_all_timeout(fd, requests, strlen(requests), NULL, WEFT_S(5));
	(void)weft_shutdown(fd, SHUT_WR);
	(void)weft_read_all_timeout(fd, got, sizeof got, &size, WEFT_S(10));
	(void)weft_close(fd);
	bool is_right = size == strlen(answers) && memcmp(got, answers, size) == 0;
	if (!is_right)
		fprintf(stderr, "asked:\n%s\nexpected:\n%s\ngot:\n%.*s\n", requests, answers, (int)size, got);
	return is_right ? 0 : -EIO;
}

#define INCR "*2\r\n$4\r\nINCR\r\n$6\r\nvisits\r\n"

/* A hundred requests under way at a time. */
static int count(void *arg)
{
	int fd = weft_dial_timeout(address, WEFT_S(5));
	struct weft_reader in;
	char *line;
	int64_t last = 0;
	if (fd < 0 || weft_reader_init(&in, fd, NULL, 0))
		return -EIO;
	for (int i = 0; i < TIMES; i++)
		(void)weft_write_all(fd, INCR, strlen(INCR), NULL);
	int answers = 0;
	while (answers < TIMES && weft_reader_read_line_timeout(&in, &line, WEFT_S(10)) > 1 && line[0] == ':') {
		int64_t next = atoll(line + 1);
		answers += next > last; /* nobody's increment is seen twice */
		last = next;
	}
	weft_reader_destroy(&in);
	(void)weft_close(fd);
	*(int *)arg = answers;
	return answers == TIMES ? 0 : -EIO;
}

static int count_all(void)
{
	struct weft_scope clients;
	int answers[CLIENTS] = { 0 };
	(void)weft_scope_open(&clients, 0);
	int err = 0;
	for (int i = 0; i < CLIENTS && !err; i++)
		err = weft_scope_spawn(&clients, WEFT_GREEN, count, &answers[i]);
	int failed = weft_scope_close(&clients);
	return err ? err : failed;
}

static int ask_all(void *arg)
{
	int *failures = (int *)arg;
	*failures += ask("PING\r\nping hello\r\n*1\r\n$4\r\nPING\r\n", "+PONG\r\n$5\r\nhello\r\n+PONG\r\n") != 0;
	*failures += ask("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$4\r\n\r\n\r\n\r\nGET a\r\nGET b\r\n",
			 "+OK\r\n$4\r\n\r\n\r\n\r\n$-1\r\n") != 0;
	*failures += ask("set n 41\r\nincr n\r\nincr n\r\ndel n a none\r\nget n\r\n",
			 "+OK\r\n:42\r\n:43\r\n:2\r\n$-1\r\n") != 0;
	*failures += ask("set w word\r\nincr w\r\nset w\r\n", "+OK\r\n-ERR value is not an integer or out of range\r\n"
							      "-ERR wrong number of arguments\r\n") != 0;
	*failures += ask("hello?\r\n*1\r\n$99999999\r\n", "-ERR unknown command\r\n-ERR Protocol error\r\n") != 0;
	*failures += ask("*2\r\n$3\r\nGET\r\n$1\r\n", "") != 0; /* the end, in the middle of it */
	*failures += count_all() != 0;
	*failures += ask("get visits\r\n", "$4\r\n2000\r\n") != 0;
	kill(getpid(), SIGTERM);
	return 0;
}

static void *program(void *arg)
{
	int *failures = (int *)arg;
	bool is_alone = !address[0];
	if (is_alone)
		snprintf(address, sizeof address, "127.0.0.1:0");
	int listener = redis_start(address);
	if (listener < 0) {
		fprintf(stderr, "redis_server: %s: %s\n", address, strerror(-listener));
		*failures = 1;
		return NULL;
	}
	printf("listening on %s\n", address);
	fflush(stdout);
	if (is_alone)
		*failures += weft_scope_spawn(&redis_connections, WEFT_GREEN, ask_all, failures) != 0;
	if (!*failures)
		(void)weft_sigwait(WEFT_SIGNAL(SIGINT) | WEFT_SIGNAL(SIGTERM), NULL);
	redis_stop(listener);
	printf("%d failures\n", *failures);
	return NULL;
}

int main(int argc, char **argv)
{
	sigset_t signals;
	int failures = 0;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	snprintf(address, sizeof address, "%s", argc > 1 ? argv[1] : "");
	int err = weft_run(NULL, program, &failures, NULL);
	if (err)
		fprintf(stderr, "redis_server: %s\n", strerror(-err));
	return err || failures;
}
