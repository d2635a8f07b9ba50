/* SPDX-License-Identifier: MIT */
/* A channel whose senders are children of a scope (weft_crash(7)) closes when the last is gone, however they end. */
#include "tests/support/faults.h"

static const struct weft_attr *const kinds[] = { WEFT_GREEN, WEFT_BOUND };
enum { KINDS = 2 };

static void crash(void)
{
	fault(NULL_WRITE);
}

enum ending { RETURNS, EXITS, FAILS, CRASHES, ENDINGS };

struct source {
	struct weft_chan *chan;
	struct weft_sem turn[ENDINGS], started, gone;
	const struct weft_attr *kind;
	enum ending next; /* to start */
};

static int sends_and_ends(void *arg)
{
	struct source *source = arg;
	enum ending how = source->next;
	weft_sem_release(&source->started, 1);
	check_eq(weft_sem_acquire(&source->turn[how]), 0);
	check_eq(weft_chan_send_ptr(source->chan, NULL), 0);
	if (how == EXITS)
		weft_exit(NULL);
	if (how == CRASHES)
		crash();
	return how == FAILS ? -EDOM : 0;
}

static void close_it(void *chan)
{
	check_eq(weft_chan_close(chan), 0);
}

static void *sources(void *arg)
{
	struct source *source = arg;
	struct weft_cleanup cleanup;
	struct weft_scope scope;
	check_eq(weft_cleanup_push(&cleanup, close_it, source->chan), 0);
	check_eq(weft_scope_open(&scope, 0), 0);
	for (int i = 0; i < ENDINGS; i++) {
		source->next = (enum ending)i;
		check_eq(weft_scope_spawn(&scope, source->kind, sends_and_ends, source), 0);
		check_eq(weft_sem_acquire(&source->started), 0);
	}
	check(weft_scope_close(&scope) < 0);
	check_eq(weft_cleanup_pop(&cleanup, true), 0);
	return NULL;
}

/* It is open until the last of them has ended, and closed then, whichever that is. */
static void *body_senders(void *arg)
{
	for (int i = 0; i < 2 * ENDINGS * KINDS; i++) {
		struct source source = { .kind = kinds[i % KINDS] };
		check_eq(weft_chan_create(&source.chan, sizeof(void *), (size_t)i % 3), 0);
		weft_t thread = spawn(kinds[i / 2 % KINDS], sources, &source);
		for (int j = 1; j <= ENDINGS; j++) {
			check_eq(weft_chan_recv_timeout(source.chan, NULL, WEFT_US(100)), -ETIMEDOUT);
			check_eq(weft_sem_release(&source.turn[(i / 2 + j) % ENDINGS], 1), 0);
			check_eq(weft_chan_recv(source.chan, NULL), 0);
		}
		check_eq(weft_chan_recv(source.chan, NULL), -EPIPE);
		join(thread);
		weft_chan_destroy(source.chan);
	}
	return arg;
}

/* It ends its scope, and so its children, before it closes. */
static int sends_until_canceled(void *arg)
{
	struct source *source = arg;
	while (weft_chan_send_ptr(source->chan, NULL) == 0)
		;
	weft_sem_release(&source->gone, 1);
	return 0;
}

static void *crashing_source(void *arg)
{
	struct source *source = arg;
	struct weft_cleanup cleanup;
	struct weft_scope scope;
	check_eq(weft_cleanup_push(&cleanup, close_it, source->chan), 0);
	check_eq(weft_scope_open(&scope, 0), 0);
	check_eq(weft_scope_spawn(&scope, source->kind, sends_until_canceled, source), 0);
	check_eq(weft_yield(), 0);
	crash();
	return NULL;
}

static void *body_source_crashes(void *arg)
{
	for (int i = 0; i < 100; i++) {
		struct source source = { .kind = kinds[i % KINDS] };
		check_eq(weft_chan_create(&source.chan, sizeof(void *), (size_t)i % 3), 0);
		weft_t thread = spawn(kinds[i / 2 % KINDS], crashing_source, &source);
		while (weft_chan_recv(source.chan, NULL) == 0)
			;
		check_eq(weft_sem_tryacquire(&source.gone), 0);
		ends_crashed(thread, SIGSEGV);
		weft_chan_destroy(source.chan);
	}
	return arg;
}

START_TEST(the_last_sender)
{
	struct weft_config config = containing(workers_at_least(1));
	run_with(&config, body_senders, NULL);
}
END_TEST

START_TEST(its_source_crashes)
{
	struct weft_config config = containing(workers_at_least(1));
	run_with(&config, body_source_crashes, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { the_last_sender, its_source_crashes, NULL };
	skip_unless_contained();
	return run_tests("system/senders", tests);
}
