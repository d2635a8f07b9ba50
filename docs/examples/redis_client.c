/* SPDX-License-Identifier: MIT */
/*
 * A client library that knows nothing of green threads, hiredis, used in both ways that there are:
 *
 *   - as it is, in weft_blocking: its calls block a kernel thread of the pool, and as many of them are needed as there are calls
 *     under way;
 *   - by its own hooks for event loops (redisBufferWrite, redisBufferRead), with weft_poll in between: no other thread is needed.
 *
 * It does the same work in both, and prints what they took. By default the server of redis.h is in the same process.
 *
 *   cc redis_client.c $(pkg-config --cflags --libs weft) -lhiredis -o redis_client && ./redis_client 127.0.0.1:6379
 *
 * Link with: -lhiredis
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <signal.h>

#include "redis.h"

enum { CLIENTS = 50, TIMES = 100 };

static char address[WEFT_ADDRESS_SIZE];
#define LIMIT WEFT_S(10)

/* What each of them does, whatever its connection is like: a counter of its own, and a value. */
typedef redisReply *ask(redisContext *redis, const char *format, const char *key, int number);

static bool is_number(redisReply *reply, long long number)
{
	bool is = reply && reply->type == REDIS_REPLY_INTEGER && reply->integer == number;
	if (reply)
		freeReplyObject(reply);
	return is;
}

static bool is_text(redisReply *reply, const char *text)
{
	bool is = reply && (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS) &&
		  strcmp(reply->str, text) == 0;
	if (reply)
		freeReplyObject(reply);
	return is;
}

static bool converse(redisContext *redis, ask *ask, int client)
{
	char key[32], text[32];
	snprintf(key, sizeof key, "client-%d", client);
	if (!redis || redis->err)
		return false;
	bool good = is_text(ask(redis, "SET %s %d", key, 1000 * client), "OK");
	for (int i = 1; i <= TIMES && good; i++)
		good = is_number(ask(redis, "INCR %s", key, 0), 1000 * client + i);
	snprintf(text, sizeof text, "%d", 1000 * client + TIMES);
	return good && is_text(ask(redis, "GET %s", key, 0), text);
}

/* --- In weft_blocking --- */

static redisReply *ask_blocking(redisContext *redis, const char *format, const char *key, int number)
{
	return (redisReply *)redisCommand(redis, format, key, number);
}

/* On a kernel thread of the pool: as in a program without green threads, its time limits included. */
static void *converse_blocking(void *arg)
{
	char host[WEFT_ADDRESS_SIZE];
	const struct timeval limit = { 10, 0 };
	snprintf(host, sizeof host, "%s", address);
	char *colon = strrchr(host, ':');
	*colon = 0;
	redisContext *redis = redisConnectWithTimeout(host, atoi(colon + 1), limit);
	if (redis)
		redisSetTimeout(redis, limit);
	bool good = converse(redis, ask_blocking, (int)(intptr_t)arg);
	if (redis)
		redisFree(redis);
	return (void *)(intptr_t)good;
}

static int client_blocking(void *arg)
{
	void *good = NULL;
	int err = weft_blocking(converse_blocking, arg, &good);
	return err ? err : good ? 0 : -EIO;
}

/* --- By its own hooks --- */

static bool wait_for(redisContext *redis, short events)
{
	struct pollfd poll = { redis->fd, events, 0 };
	return weft_poll_timeout(&poll, 1, LIMIT) == 1;
}

/* The library reads and writes, and never waits; whether it has to is seen from what it says. */
static redisReply *ask_polling(redisContext *redis, const char *format, const char *key, int number)
{
	void *reply = NULL;
	int sent = 0;
	if (redisAppendCommand(redis, format, key, number) != REDIS_OK)
		return NULL;
	while (redisBufferWrite(redis, &sent) == REDIS_OK && !sent)
		if (!wait_for(redis, POLLOUT))
			return NULL;
	while (sent && redisGetReplyFromReader(redis, &reply) == REDIS_OK && !reply)
		if (!wait_for(redis, POLLIN) || redisBufferRead(redis) != REDIS_OK)
			return NULL;
	return (redisReply *)reply;
}

/* weft makes the connection, and closes it, as it has to with what it has waited for. */
static int client_polling(void *arg)
{
	int fd = weft_dial_timeout(address, LIMIT);
	redisContext *redis = fd >= 0 ? redisConnectFd(fd) : NULL;
	if (!redis) {
		(void)weft_close(fd);
		return -EIO;
	}
	redis->flags &= ~REDIS_BLOCK;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	bool good = converse(redis, ask_polling, (int)(intptr_t)arg);
	(void)redisFreeKeepFd(redis);
	(void)weft_close(fd);
	return good ? 0 : -EIO;
}

/* --- Both --- */

static int run_clients(const char *how, int (*client)(void *))
{
	struct weft_scope scope;
	uint64_t begin = weft_now();
	int err = 0;
	(void)weft_scope_open(&scope, WEFT_SCOPE_FAIL_FAST);
	for (intptr_t i = 0; i < CLIENTS && !err; i++)
		err = weft_scope_spawn(&scope, WEFT_GREEN, client, (void *)i);
	int failed = weft_scope_close(&scope);
	double ms = (double)(weft_now() - begin) / 1e6;
	printf("%-14s %d clients, %d requests each: %s, %.0f ms\n", how, CLIENTS, TIMES + 2, failed ? "failed" : "done",
	       ms);
	return err ? err : failed;
}

static void *program(void *arg)
{
	int *failed = (int *)arg, listener = -1;
	if (!address[0]) {
		snprintf(address, sizeof address, "127.0.0.1:0");
		listener = redis_start(address);
		if (listener < 0) {
			fprintf(stderr, "redis_client: %s\n", strerror(-listener));
			*failed = 1;
			return NULL;
		}
	}
	*failed = run_clients("weft_blocking", client_blocking) != 0;
	*failed |= run_clients("weft_poll", client_polling) != 0;
	if (listener >= 0)
		redis_stop(listener);
	return NULL;
}

int main(int argc, char **argv)
{
	int failed = 0;
	if (argc > 1 && !strrchr(argv[1], ':')) {
		fprintf(stderr, "usage: redis_client [HOST:PORT]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN); /* hiredis writes by write(2) */
	snprintf(address, sizeof address, "%s", argc > 1 ? argv[1] : "");
	int err = weft_run(NULL, program, &failed, NULL);
	return err || failed;
}
