/* SPDX-License-Identifier: MIT */
/* Pairs through shared memory, between processes: what is not as over a socket (test_link_process). */
#include "src/chan/shared.h"
#include "tests/support/link.h"

enum { CAPACITY = 7 };

/* One after another has the same end, from where the last has left it. */
static void *two_more(void *arg)
{
	struct weft_chan *chan = mine(arg, sizeof(uint64_t));
	uint64_t n;
	for (int i = 0; i < 2; i++) {
		check_eq(weft_chan_recv(chan, &n), 0);
		n += 100;
		check_eq(weft_chan_send(chan, &n), 0);
	}
	raise(SIGKILL);
	return NULL;
}

/* Three are sent to each, which answers two: the third is for the next, and its answer with that one's. */
static void *generations(void *arg)
{
	struct weft_chan *ends[2] = { NULL, NULL };
	uint64_t n, sent = 0, answered = 0;
	make(ends, sizeof n, 10);
	for (int i = 0; i < 5; i++) {
		weft_t thread = child_with(ends[1], two_more);
		for (int k = 0; k < 3; k++, sent++)
			check_eq(weft_chan_send(ends[0], &sent), 0);
		check_eq(end_of(thread).signal, SIGKILL);
		for (int k = 0; k < 2; k++, answered++) {
			check_eq(weft_chan_recv(ends[0], &n), 0);
			check_eq(n, answered + 100);
		}
		check_eq(weft_chan_tryrecv(ends[0], &n), -EAGAIN);
	}
	destroy(ends);
	return arg;
}

START_TEST(opened_again)
{
	run_with_processes(generations, NULL);
}
END_TEST

/* Killed while it receives and sends, and several here wait for both: all come back. */
static void *one_way(void *arg)
{
	uint64_t n;
	int err;
	while ((err = weft_chan_recv(arg, &n)) == 0)
		;
	return (void *)(intptr_t)err;
}

static void *other_way(void *arg)
{
	uint64_t n = 1;
	int err;
	while ((err = weft_chan_send(arg, &n)) == 0)
		;
	return (void *)(intptr_t)err;
}

static void *echo_words(void *arg)
{
	struct weft_chan *chan = mine(arg, sizeof(uint64_t));
	uint64_t n;
	while (weft_chan_recv(chan, &n) == 0 && weft_chan_send(chan, &n) == 0)
		;
	return NULL;
}

static void *kill_echoes(void *arg)
{
	uint64_t seed = new_seed();
	for (int i = 0; i < rounds(100); i++) {
		struct weft_chan *chan;
		weft_t waiting[4], thread = with_end(&chan, sizeof(uint64_t), 1 + random_of(&seed) % 3, echo_words);
		for (int k = 0; k < 4; k++)
			waiting[k] = spawn(k < 2 ? WEFT_GREEN : WEFT_BOUND, k % 2 ? one_way : other_way, chan);
		weft_sleep(WEFT_US(random_of(&seed) % 2000));
		kill(process_of(thread), SIGKILL);
		for (int k = 0; k < 4; k++)
			check_eq((intptr_t)join(waiting[k]), -EPIPE);
		check_eq(end_of(thread).signal, SIGKILL);
		weft_chan_destroy(chan);
	}
	return arg;
}

START_TEST(an_echo_is_killed)
{
	run_with_processes(kill_echoes, NULL);
}
END_TEST

/* --- a process that writes where it should not --- */

static void *scribble(void *arg)
{
	struct weft_chan *chan = mine(arg, sizeof(uint64_t));
	const struct weft__shared_end *end = weft__shared_end_of(chan);
	uint64_t seed = (uint64_t)getpid();
	uint64_t *word = (uint64_t *)(void *)end->memory;
	while (getppid() > 0) {
		for (size_t i = 0; i < end->size / sizeof *word; i++) {
			uint64_t bits = random_of(&seed) << 31 ^ random_of(&seed);
			__atomic_store_n(&word[i], bits >> seed % 64, __ATOMIC_RELAXED);
		}
		(void)send(end->wake, "xyz", 3, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	return NULL;
}

/* Any result, and no worse; in the end all come back. */
static void *try_all(void *arg)
{
	uint64_t n = 0;
	int seen = 0;
	for (int i = 0; i < 2000; i++) {
		int err = i % 2 ? weft_chan_recv_timeout(arg, &n, WEFT_US(50))
				: weft_chan_send_timeout(arg, &n, WEFT_US(50));
		check(err == 0 || err == -EPROTO || err == -ETIMEDOUT || err == -EPIPE);
		check(weft_chan_count(arg) <= CAPACITY);
		seen += err == -EPROTO;
	}
	return (void *)(intptr_t)seen;
}

static void *with_scribblers(void *arg)
{
	intptr_t seen = 0;
	for (int i = 0; i < rounds(20); i++) {
		struct weft_chan *chan;
		weft_t green[3], thread = with_end(&chan, sizeof(uint64_t), CAPACITY, scribble);
		for (int k = 0; k < 3; k++)
			green[k] = spawn(k == 2 ? WEFT_BOUND : WEFT_GREEN, try_all, chan);
		for (int k = 0; k < 3; k++)
			seen += (intptr_t)join(green[k]);
		kill(process_of(thread), SIGKILL);
		check_eq(end_of(thread).signal, SIGKILL);
		weft_chan_destroy(chan);
	}
	check(seen > 0);
	return arg;
}

START_TEST(scribbled_over)
{
	run_with_processes(with_scribblers, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { opened_again, an_echo_is_killed, scribbled_over, NULL };
	return run_tests("system/chan_shared_process", tests);
}
