/* SPDX-License-Identifier: MIT */
/*
 * A pipeline: stages that are joined by channels. Each receives, does its part, and sends on. The end travels downstream by
 * close: a stage whose input is at its end closes its output. It travels upstream in the same way: who wants no more closes
 * what it receives from, and then the sends of the stage before it give -EPIPE. Here 1,000 squares that end in 1 are wanted of
 * a source that never ends. A stage may be several threads, in a scope: it is over when all are.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft.h>

enum { WANTED = 1000, SQUARERS = 4, BUFFER = 16 };

static void check(const char *what, int err)
{
	if (err) {
		fprintf(stderr, "%s: %s\n", what, strerror(-err));
		exit(1);
	}
}

/* Nothing more goes through here. Both neighbours may say so, and the second is told that it is the second. */
static void end(struct weft_chan *chan)
{
	int err = weft_chan_close(chan);
	check("weft_chan_close", err == -EALREADY ? 0 : err);
}

struct stage {
	struct weft_chan *in, *out;
};

static int count(void *arg)
{
	struct stage *s = (struct stage *)arg;
	int err = 0;
	for (uint64_t n = 1; !err; n++)
		err = weft_chan_send(s->out, &n);
	end(s->out);
	return err == -EPIPE ? 0 : err; /* its neighbour wants, or has, no more */
}

static int square(void *arg)
{
	struct stage *s = (struct stage *)arg;
	uint64_t n;
	int err;
	while ((err = weft_chan_recv(s->in, &n)) == 0) {
		n *= n;
		if ((err = weft_chan_send(s->out, &n)) != 0)
			break;
	}
	end(s->in); /* if it was the output that had its end */
	return err == -EPIPE ? 0 : err;
}

/* A stage of several threads. This one closes their output, once all of them have ended. */
static int square_all(void *arg)
{
	struct stage *s = (struct stage *)arg;
	struct weft_scope scope;
	check("weft_scope_open", weft_scope_open(&scope, WEFT_SCOPE_FAIL_FAST));
	for (int i = 0; i < SQUARERS; i++)
		check("weft_scope_spawn", weft_scope_spawn(&scope, WEFT_GREEN, square, s));
	int err = weft_scope_close(&scope);
	end(s->out);
	return err;
}

static int filter(void *arg)
{
	struct stage *s = (struct stage *)arg;
	uint64_t n;
	int err;
	while ((err = weft_chan_recv(s->in, &n)) == 0)
		if (n % 10 == 1 && (err = weft_chan_send(s->out, &n)) != 0)
			break;
	end(s->in);
	end(s->out);
	return err == -EPIPE ? 0 : err;
}

/* The squarers overtake one another: these are not always the same, nor in the same order. */
static int take(struct weft_chan *in)
{
	int taken = 0;
	uint64_t n;
	while (taken < WANTED) {
		check("weft_chan_recv", weft_chan_recv(in, &n));
		taken += n % 10 == 1;
	}
	end(in);
	return taken;
}

static struct weft_chan *make(size_t capacity)
{
	struct weft_chan *chan = NULL;
	check("weft_chan_create", weft_chan_create(&chan, sizeof(uint64_t), capacity));
	return chan;
}

static void *first(void *taken)
{
	struct weft_chan *numbers = make(0), *squares = make(BUFFER), *ends_in_1 = make(BUFFER);
	struct stage source = { NULL, numbers }, middle = { numbers, squares }, last = { squares, ends_in_1 };
	struct weft_scope scope;
	check("weft_scope_open", weft_scope_open(&scope, WEFT_SCOPE_FAIL_FAST));
	check("weft_scope_spawn", weft_scope_spawn(&scope, WEFT_GREEN, count, &source));
	check("weft_scope_spawn", weft_scope_spawn(&scope, WEFT_GREEN, square_all, &middle));
	check("weft_scope_spawn", weft_scope_spawn(&scope, WEFT_GREEN, filter, &last));
	*(int *)taken = take(ends_in_1);
	check("weft_scope_close", weft_scope_close(&scope));
	weft_chan_destroy(numbers);
	weft_chan_destroy(squares);
	weft_chan_destroy(ends_in_1);
	return NULL;
}

int main(void)
{
	int taken = 0;
	check("weft_run", weft_run(NULL, first, &taken, NULL));
	printf("%d squares taken; all stages have ended\n", taken);
	return taken != WANTED;
}
