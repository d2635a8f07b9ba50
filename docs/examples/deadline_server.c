/* SPDX-License-Identifier: MIT */
/*
 * A server: it receives requests by a channel, and has a thread for each, in a scope of the server's. A thread does its request
 * in a scope of its own, with that request's deadline, which covers all that it spawns. When the server is told to go down, its
 * scope is canceled, and with it thousands of requests at once; each of them still answers.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft.h>

enum { QUICK = 1000, SLOW = 500, STUCK = 2000, ALL = QUICK + SLOW + STUCK };

struct request {
	uint64_t takes, limit; /* what it takes to do it, and how long its client wants to wait */
	int result;
};

static struct weft_chan *requests; /* unbuffered: the server has it when the send returns */
static struct weft_chan *replies;  /* has room for all, so to reply never waits, and a cancel cannot keep one back */
static struct weft_scope server;

static void check(const char *what, int err)
{
	if (err) {
		fprintf(stderr, "%s: %s\n", what, strerror(-err));
		exit(1);
	}
}

/* What asks a database, say. It is in the scope of its request: what it waits for is over when that is. */
static int look_up(void *arg)
{
	struct request *r = (struct request *)arg;
	return weft_sleep(r->takes);
}

static int reply(struct request *r, int result)
{
	r->result = result;
	check("reply", weft_chan_send_ptr(replies, r));
	return 0; /* that one request was not done is no failure of the server */
}

static int handle(void *arg)
{
	struct request *r = (struct request *)arg;
	struct weft_scope scope;
	check("weft_scope_open", weft_scope_open(&scope, WEFT_SCOPE_FAIL_FAST));
	check("weft_scope_set_timeout", weft_scope_set_timeout(&scope, r->limit));
	int not_begun = weft_scope_spawn(&scope, WEFT_GREEN, look_up, r);
	int result = weft_scope_close(&scope);
	return reply(r, not_begun ? not_begun : result);
}

/* The scope covers this thread, too: a cancel ends the wait for the next request. */
static void *serve(void *arg)
{
	void *request;
	int err;
	check("weft_scope_open", weft_scope_open(&server, 0));
	while ((err = weft_chan_recv_ptr(requests, &request)) == 0) {
		int not_begun = weft_scope_spawn(&server, WEFT_GREEN, handle, request);
		if (not_begun)
			reply((struct request *)request, not_begun);
	}
	int why = weft_scope_close(&server);
	return err == -ECANCELED && why == -ECANCELED ? arg : NULL;
}

/* How many of the next n replies have that result. */
static int replied(int n, int result)
{
	void *request;
	int like_that = 0;
	while (n-- > 0) {
		check("weft_chan_recv_ptr", weft_chan_recv_ptr(replies, &request));
		like_that += ((struct request *)request)->result == result;
	}
	return like_that;
}

static void *first(void *arg)
{
	static struct request request[ALL];
	int *count = (int *)arg;
	weft_t thread;
	void *ended = NULL;
	check("weft_chan_create", weft_chan_create(&requests, sizeof(void *), 0));
	check("weft_chan_create", weft_chan_create(&replies, sizeof(void *), ALL));
	check("weft_spawn", weft_spawn(&thread, WEFT_GREEN, serve, count));
	for (int i = 0; i < ALL; i++) {
		bool is_slow = i >= QUICK && i < QUICK + SLOW;
		request[i].takes = i < QUICK ? 0 : WEFT_S(3600);
		request[i].limit = is_slow ? WEFT_MS(20) : WEFT_S(3600);
		check("weft_chan_send_ptr", weft_chan_send_ptr(requests, &request[i]));
	}
	count[0] = replied(QUICK + SLOW, 0); /* the rest of these were late */
	check("weft_scope_cancel", weft_scope_cancel(&server));
	count[2] = replied(STUCK, -ECANCELED);
	check("weft_join", weft_join(thread, &ended));
	for (int i = 0; i < ALL; i++)
		count[1] += request[i].result == -ETIMEDOUT;
	weft_chan_destroy(requests);
	weft_chan_destroy(replies);
	return ended;
}

int main(void)
{
	int count[3] = { 0, 0, 0 };
	void *ended = NULL;
	check("weft_run", weft_run(NULL, first, count, &ended));
	printf("%d done, %d late, %d canceled\n", count[0], count[1], count[2]);
	return ended != count || count[0] != QUICK || count[1] != SLOW || count[2] != STUCK;
}
