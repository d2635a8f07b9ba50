/* SPDX-License-Identifier: MIT */
/*
 * A channel that closes when the last of its senders is gone, however each of them ends: here one returns, one calls
 * weft_exit, and one fails, or, if the program has an argument, crashes. (That is contained, but not in a static program:
 * weft_crash(7).) They are the children of a scope, which knows when all have ended; and who opened it closes the channel
 * then, by a clean-up handler, so that it does even if it should crash itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft.h>

enum { SENDERS = 3, NUMBERS = 1000 };

static int *volatile nowhere;

static void check(const char *what, int err)
{
	if (err) {
		fprintf(stderr, "%s: %s\n", what, strerror(-err));
		exit(1);
	}
}

struct source {
	struct weft_chan *numbers;
	bool crashes;
	int started; /* senders, by now */
};

static int sender(void *arg)
{
	struct source *source = (struct source *)arg;
	int which = source->started++;
	for (int i = 0; i < NUMBERS; i++) {
		if (which == 1 && i == NUMBERS / 2)
			weft_exit(NULL);
		if (which == 2 && i == NUMBERS / 4 && source->crashes)
			*nowhere = 1;
		if (which == 2 && i == NUMBERS / 4)
			return -EIO;
		check("weft_chan_send", weft_chan_send(source->numbers, &i));
	}
	return 0;
}

static void close_it(void *chan)
{
	weft_chan_close((struct weft_chan *)chan);
}

static void *send_all(void *arg)
{
	struct source *source = (struct source *)arg;
	struct weft_cleanup cleanup;
	struct weft_scope senders;
	check("weft_cleanup_push", weft_cleanup_push(&cleanup, close_it, source->numbers));
	check("weft_scope_open", weft_scope_open(&senders, 0));
	for (int i = 0; i < SENDERS; i++)
		check("weft_scope_spawn", weft_scope_spawn(&senders, WEFT_GREEN, sender, source));
	int err = weft_scope_close(&senders); /* waits for all of them */
	printf("of one: %s\n", strerror(-err));
	check("weft_cleanup_pop", weft_cleanup_pop(&cleanup, true));
	return NULL;
}

static void *receive_all(void *arg)
{
	struct source source = { NULL, *(bool *)arg, 0 };
	static int count;
	weft_t thread;
	int err;
	check("weft_chan_create", weft_chan_create(&source.numbers, sizeof(int), 16));
	check("weft_spawn", weft_spawn(&thread, WEFT_GREEN, send_all, &source));
	while ((err = weft_chan_recv(source.numbers, NULL)) == 0)
		count++;
	check("until it is closed", err == -EPIPE ? 0 : err);
	check("weft_join", weft_join(thread, NULL));
	weft_chan_destroy(source.numbers);
	return &count;
}

int main(int argc, char **argv)
{
	struct weft_config config = WEFT_CONFIG_INIT;
	bool crashes = argc > 1 && argv[1];
	void *result = NULL;
	check("weft_config_set_workers",
	      weft_config_set_workers(&config, 1)); /* `started` is changed by one at a time */
	check("weft_config_set_crash", weft_config_set_crash(&config, WEFT_CRASH_CONTAIN));
	check("weft_run", weft_run(&config, receive_all, &crashes, &result));
	printf("%d numbers of %d senders\n", *(int *)result, SENDERS);
	return *(int *)result != NUMBERS + NUMBERS / 2 + NUMBERS / 4;
}
