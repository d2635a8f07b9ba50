/* SPDX-License-Identifier: MIT */
/*
 * An HTTP/1.1 server: a green thread for each connection, in plain blocking style, with the parser of Debian's libhttp-parser-dev.
 * Connections are kept; requests may be pipelined, and the answers to those that came together leave together. A request, from its
 * first byte to its answer, has a scope with a deadline. SIGINT and SIGTERM end it in good order: what has been asked is
 * answered. By default it puts some requests to itself; with an address it serves until it is told to stop. With a number behind
 * it, so many processes serve, under a supervisor: one that is killed, whatever of, takes its own requests with it, and another is
 * there within a millisecond.
 *
 *   cc http_server.c $(pkg-config --cflags --libs weft) -lhttp_parser -o http_server && ./http_server :8080 4
 *   curl localhost:8080/; curl -d 'some data' localhost:8080/echo
 *
 * Link with: -lhttp_parser
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* for signals */
#endif
#include <errno.h>
#include <http_parser.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <weft.h>

enum { TARGET_MOST = 1024, BODY_MOST = 16384, HEADERS_MOST = 8192 };
#define IDLE_LIMIT WEFT_S(60)
#define REQUEST_LIMIT WEFT_S(2)

struct connection {
	struct connection *next, **link; /* in `all`, under its lock */
	int fd;
	http_parser parser;
	struct weft_writer out;
	char in[4096];
	size_t begin, end; /* what is in it, not parsed yet */

	/* the request */
	bool is_complete, keep;
	int status; /* why it is refused; or 0 */
	char target[TARGET_MOST], body[BODY_MOST];
	size_t target_size, body_size;
};

static struct weft_scope connections;
static struct weft_mutex lock = WEFT_MUTEX_INIT;
static struct connection *all;
static bool stopping; /* under lock */
static char address[WEFT_ADDRESS_SIZE];
static unsigned processes; /* 0: this one serves */

/* --- What the parser calls --- */

static struct connection *of(http_parser *parser)
{
	return (struct connection *)parser->data;
}

static int refuse(http_parser *parser, int status)
{
	of(parser)->status = status;
	return -1;
}

static int on_begin(http_parser *parser)
{
	struct connection *c = of(parser);
	c->is_complete = c->keep = false;
	c->status = 0;
	c->target_size = c->body_size = 0;
	return 0;
}

static int on_target(http_parser *parser, const char *at, size_t size)
{
	struct connection *c = of(parser);
	if (size > sizeof c->target - c->target_size)
		return refuse(parser, 414);
	memcpy(c->target + c->target_size, at, size);
	c->target_size += size;
	return 0;
}

static int on_headers(http_parser *parser)
{
	bool is_known = parser->content_length != UINT64_MAX;
	return is_known && parser->content_length > BODY_MOST ? refuse(parser, 413) : 0;
}

static int on_body(http_parser *parser, const char *at, size_t size)
{
	struct connection *c = of(parser);
	if (size > sizeof c->body - c->body_size)
		return refuse(parser, 413); /* in chunks, whose sum is told by nobody */
	memcpy(c->body + c->body_size, at, size);
	c->body_size += size;
	return 0;
}

/* The parser stops here: what is behind is the next request. */
static int on_complete(http_parser *parser)
{
	struct connection *c = of(parser);
	c->is_complete = true;
	c->keep = http_should_keep_alive(parser) && !parser->upgrade;
	http_parser_pause(parser, 1);
	return 0;
}

/* --- A request --- */

static void parse(struct connection *c)
{
	static http_parser_settings settings;
	settings.on_message_begin = on_begin;
	settings.on_url = on_target;
	settings.on_headers_complete = on_headers;
	settings.on_body = on_body;
	settings.on_message_complete = on_complete;
	c->begin += http_parser_execute(&c->parser, &settings, c->in + c->begin, c->end - c->begin);
	enum http_errno error = HTTP_PARSER_ERRNO(&c->parser);
	if (error == HPE_PAUSED)
		http_parser_pause(&c->parser, 0);
	else if (error != HPE_OK && !c->status)
		c->status = error == HPE_HEADER_OVERFLOW ? 431 : 400;
}

/* More bytes. What has been answered goes out first: who waits for it sends no more. 0: the end. */
static ssize_t receive(struct connection *c, uint64_t limit)
{
	int err = weft_writer_flush_timeout(&c->out, REQUEST_LIMIT);
	if (err)
		return err;
	ssize_t n = weft_recv_timeout(c->fd, c->in, sizeof c->in, 0, limit);
	c->begin = 0;
	c->end = n > 0 ? (size_t)n : 0;
	return n;
}

/* The status to answer with; 0: nobody is there to be answered. */
static int read_request(struct connection *c)
{
	for (;;) {
		parse(c);
		if (c->is_complete || c->status)
			return c->status ? c->status : 200;
		ssize_t n = receive(c, WEFT_FOREVER);
		if (n <= 0)
			return n == -ECANCELED ? 408 : 0;
	}
}

static bool asks_for(const struct connection *c, const char *target)
{
	size_t size = strlen(target);
	return c->target_size == size && memcmp(c->target, target, size) == 0;
}

/* What the server is there for: a status, and the text that goes with it. */
static int handle(struct connection *c, const char **text, size_t *size)
{
	bool reads = c->parser.method == HTTP_GET || c->parser.method == HTTP_HEAD;
	if (asks_for(c, "/")) {
		*text = "hello\n";
		*size = strlen(*text);
		return reads ? 200 : 405;
	}
	if (asks_for(c, "/echo")) {
		*text = c->body;
		*size = c->body_size;
		return c->parser.method == HTTP_POST ? 200 : 405;
	}
	if (asks_for(c, "/slow")) /* takes as long as it is given */
		return weft_sleep(WEFT_S(3600)) ? 503 : 200;
	return 404;
}

static const char *reason(int status)
{
	switch (status) {
#define REASON(number, name, text)                                                                                     \
	case number:                                                                                                   \
		return #text;
		HTTP_STATUS_MAP(REASON)
	}
	return "";
}

static void respond(struct connection *c, int status, const char *text, size_t size)
{
	char refusal[64];
	if (status != 200) {
		size = (size_t)snprintf(refusal, sizeof refusal, "%d %s\n", status, reason(status));
		text = refusal;
	}
	(void)weft_writer_printf_timeout(&c->out, REQUEST_LIMIT,
					 "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n%s\r\n",
					 status, reason(status), size, c->keep ? "" : "Connection: close\r\n");
	if (c->parser.method != HTTP_HEAD)
		(void)weft_writer_write_timeout(&c->out, text, size, NULL, REQUEST_LIMIT);
}

/* Whether another one may follow. */
static bool serve_one(struct connection *c)
{
	struct weft_scope scope;
	const char *text = "";
	size_t size = 0;
	(void)weft_scope_open(&scope, 0);
	(void)weft_scope_set_timeout(&scope, REQUEST_LIMIT);
	c->is_complete = c->keep = false;
	int status = read_request(c);
	if (status == 200)
		status = handle(c, &text, &size);
	(void)weft_scope_close(&scope);
	(void)weft_mutex_lock(&lock);
	c->keep = c->keep && !stopping;
	(void)weft_mutex_unlock(&lock);
	if (status)
		respond(c, status, text, size);
	return status && c->keep;
}

/* --- A connection --- */

/* Whether it is wanted: the server may have begun to stop. */
static bool enter(struct connection *c)
{
	(void)weft_mutex_lock(&lock);
	bool wanted = !stopping;
	if (wanted) {
		c->next = all;
		c->link = &all;
		if (all)
			all->link = &c->next;
		all = c;
	}
	(void)weft_mutex_unlock(&lock);
	return wanted;
}

static void leave(struct connection *c)
{
	(void)weft_mutex_lock(&lock);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	(void)weft_mutex_unlock(&lock);
}

/* To close while something is unread would reset the connection, and the client might never see the last answer. */
static void linger(struct connection *c)
{
	uint64_t end = weft_now() + REQUEST_LIMIT;
	weft_shutdown(c->fd, SHUT_WR);
	while (weft_now() < end && weft_recv_timeout(c->fd, c->in, sizeof c->in, 0, REQUEST_LIMIT) > 0)
		;
}

static void serve_all(struct connection *c)
{
	do {
		if (c->begin == c->end && receive(c, IDLE_LIMIT) <= 0)
			return;
	} while (serve_one(c));
	if (weft_writer_flush_timeout(&c->out, REQUEST_LIMIT) == 0)
		linger(c);
}

static int serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	struct connection *c = (struct connection *)calloc(1, sizeof *c);
	if (c && weft_writer_init(&c->out, fd, NULL, 0) == 0) {
		c->fd = fd;
		http_parser_init(&c->parser, HTTP_REQUEST);
		c->parser.data = c;
		if (enter(c)) {
			serve_all(c);
			leave(c);
		}
		weft_writer_destroy(&c->out);
	}
	free(c);
	return weft_close(fd);
}

/* --- The server --- */

static int accept_all(void *arg)
{
	int listener = (int)(intptr_t)arg, fd;
	while ((fd = weft_listener_accept(listener)) >= 0)
		if (weft_scope_spawn(&connections, WEFT_GREEN, serve, (void *)(intptr_t)fd))
			weft_close(fd);
	return 0;
}

/* Who is waiting for a request has the end; who has one in hand answers it, and says that it is the last. */
static void stop(void)
{
	(void)weft_mutex_lock(&lock);
	stopping = true;
	for (struct connection *c = all; c; c = c->next)
		weft_shutdown(c->fd, SHUT_RD);
	(void)weft_mutex_unlock(&lock);
}

/* --- What it asks itself --- */

#define HELLO "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

static int count(const char *in, const char *what)
{
	int n = 0;
	for (const char *at = in; (at = strstr(at, what)) != NULL; at += strlen(what))
		n++;
	return n;
}

/* Sends it all at once, and counts the answers that have this status. */
static int ask(const char *requests, const char *status)
{
	static char answers[65536];
	size_t size = 0;
	int fd = weft_dial_timeout(address, WEFT_S(5));
	if (fd < 0)
		return fd;
	(void)weft_write_all_timeout(fd, requests, strlen(requests), NULL, WEFT_S(5));
	weft_shutdown(fd, SHUT_WR);
	(void)weft_read_all_timeout(fd, answers, sizeof answers - 1, &size, WEFT_S(10));
	weft_close(fd);
	answers[size] = 0;
	return count(answers, status);
}

static int ask_all(void *arg)
{
	int *failures = (int *)arg;
	*failures += ask(HELLO HELLO HELLO, "200 OK") != 3;
	*failures +=
		ask("POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\n12345" HELLO, "\r\n\r\n12345HTTP/1.1 200") != 1;
	*failures += ask("GET /none HTTP/1.1\r\n\r\n" HELLO, "404 Not Found\r\n") != 1;
	*failures += ask("GET / HTTP/1.0\r\n\r\n" HELLO, "HTTP/1.1") != 1;
	*failures += ask("what is this?\r\n\r\n", "400 Bad Request\r\n") != 1;
	*failures += ask("POST /echo HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", "413 Payload Too Large\r\n") != 1;
	*failures += ask("GET /slow HTTP/1.1\r\n\r\n", "503 Service Unavailable\r\n") != 1;
	kill(getpid(), SIGTERM);
	return 0;
}

/* Serve until the caller is canceled, or one of the signals comes. */
static int serve_until(int listener, uint64_t signals, int *failures)
{
	(void)weft_scope_open(&connections, 0);
	int err = weft_scope_spawn(&connections, WEFT_GREEN, accept_all, (void *)(intptr_t)listener);
	if (failures && !err)
		err = weft_scope_spawn(&connections, WEFT_GREEN, ask_all, failures);
	if (!err)
		(void)(signals ? weft_sigwait(signals, NULL) : weft_sleep(WEFT_FOREVER));
	weft_close(listener);
	stop();
	(void)weft_scope_close(&connections);
	return err;
}

static void *serve_in_process(void *arg)
{
	return (void *)(intptr_t)serve_until((int)(intptr_t)arg, 0, NULL);
}

static void *supervise(void *arg)
{
	struct weft_supervisor how;
	memset(&how, 0, sizeof how);
	how.restarts = 100;
	return (void *)(intptr_t)weft_prefork(&how, processes, (int)(intptr_t)arg, serve_in_process);
}

/* This process has the listener, the signals and the supervisor. To cancel that is to have the others end in good order. */
static int supervise_until(int listener, uint64_t signals, int *failures)
{
	struct weft_scope asking;
	weft_t supervisor;
	void *result = NULL;
	int err = weft_spawn(&supervisor, WEFT_GREEN, supervise, (void *)(intptr_t)listener);
	if (err)
		return err;
	(void)weft_scope_open(&asking, 0);
	if (failures)
		err = weft_scope_spawn(&asking, WEFT_GREEN, ask_all, failures);
	if (!err)
		(void)weft_sigwait(signals, NULL);
	(void)weft_cancel(supervisor);
	(void)weft_join(supervisor, &result);
	(void)weft_scope_close(&asking);
	weft_close(listener);
	return err || (intptr_t)result != -ECANCELED;
}

static void *program(void *arg)
{
	int *failures = (int *)arg;
	const uint64_t signals = WEFT_SIGNAL(SIGINT) | WEFT_SIGNAL(SIGTERM);
	bool is_alone = !address[0];
	int listener = weft_listen_on(is_alone ? "127.0.0.1:0" : address, 0, 0);
	if (listener < 0 || weft_sockname(listener, address, sizeof address) < 0) {
		fprintf(stderr, "http_server: %s\n", strerror(-listener));
		*failures = 1;
		return NULL;
	}
	printf("listening on %s\n", address);
	fflush(stdout);
	int err = processes ? supervise_until(listener, signals, is_alone ? failures : NULL)
			    : serve_until(listener, signals, is_alone ? failures : NULL);
	*failures += err != 0;
	printf("%d failures\n", *failures);
	return NULL;
}

static int run(int *failures)
{
	struct weft_config config = WEFT_CONFIG_INIT;
	if (processes)
		(void)weft_config_set_process_workers(&config, 1);
	int err = weft_run(&config, program, failures, NULL);
	if (err)
		fprintf(stderr, "http_server: %s\n", strerror(-err));
	return err;
}

int main(int argc, char **argv)
{
	sigset_t signals;
	int failures = 0;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	http_parser_set_max_header_size(HEADERS_MOST);
	snprintf(address, sizeof address, "%s", argc > 1 ? argv[1] : "");
	processes = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
	int err = run(&failures);
	if (argc <= 1 && !err) {
		address[0] = 0;
		processes = 2;
		stopping = false;
		err = run(&failures);
	}
	return err || failures;
}
