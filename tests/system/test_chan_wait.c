/* SPDX-License-Identifier: MIT */
/* Those who wait on a channel: their order, and their end by a partner, a close, a cancel or a time limit. */
#include "tests/support/chan.h"
#include "tests/support/child.h"

/* One worker alone; a spawned thread runs at once, until it waits. */

struct waiter {
	struct weft_chan *chan;
	uint64_t element;
	int result;
	uint64_t turn; /* when it went on */
	weft_t thread;
};
static shared turns;

static void *waits_to_send(void *arg)
{
	struct waiter *w = arg;
	w->result = weft_chan_send(w->chan, &w->element);
	w->turn = add(turns, 1);
	return NULL;
}

static void *waits_to_recv(void *arg)
{
	struct waiter *w = arg;
	w->result = weft_chan_recv(w->chan, &w->element);
	w->turn = add(turns, 1);
	return NULL;
}

enum { WAITERS = 5 };

static void begin(struct waiter w[WAITERS], struct weft_chan *chan, void *(*fn)(void *))
{
	set(turns, 0);
	for (int i = 0; i < WAITERS; i++) {
		w[i] = (struct waiter){ .chan = chan, .element = 100 + (uint64_t)i, .result = 1 };
		w[i].thread = spawn(WEFT_GREEN, fn, &w[i]);
		check_eq(w[i].result, 1);
	}
}

static void *senders_in_order(void *arg)
{
	for (uint64_t capacity = 0; capacity < 3; capacity++) {
		struct waiter w[WAITERS];
		struct weft_chan *chan = make_chan(8, capacity);
		uint64_t got;
		for (uint64_t i = 0; i < capacity; i++)
			check_eq(weft_chan_send(chan, &i), 0);
		begin(w, chan, waits_to_send);
		for (uint64_t i = 0; i < capacity + WAITERS; i++) {
			check_eq(weft_chan_recv(chan, &got), 0);
			check_eq(got, i < capacity ? i : 100 + i - capacity);
			check_eq(weft_chan_count(chan), i < WAITERS ? capacity : capacity + WAITERS - 1 - i);
			if (i < WAITERS) {
				check_eq(w[i].result, 1); /* it is let go, and runs when we wait */
				join(w[i].thread);
				check_eq(w[i].result, 0);
				check_eq(w[i].turn, i + 1);
			}
		}
		check_eq(weft_chan_tryrecv(chan, &got), -EAGAIN);
		weft_chan_destroy(chan);
	}
	return arg;
}

static void *receivers_in_order(void *arg)
{
	for (size_t capacity = 0; capacity < 3; capacity++) {
		struct waiter w[WAITERS];
		struct weft_chan *chan = make_chan(8, capacity);
		begin(w, chan, waits_to_recv);
		for (uint64_t i = 0; i < WAITERS; i++) {
			check_eq(weft_chan_trysend(chan, &i), 0);
			check_eq(weft_chan_count(chan), 0); /* it went from hand to hand */
			check_eq(w[i].element, i);
		}
		for (uint64_t i = 0; i < WAITERS; i++) {
			join(w[i].thread);
			check_eq(w[i].result, 0);
			check_eq(w[i].element, i);
		}
		check_eq(weft_chan_trysend(chan, &turns), capacity ? 0 : -EAGAIN);
		weft_chan_destroy(chan);
	}
	return arg;
}

static void *woken_runs_next(void *arg)
{
	struct waiter w[WAITERS], late = { .chan = make_chan(8, 1) };
	struct weft_chan *chan = make_chan(8, 0);
	begin(w, chan, waits_to_recv);
	late.thread = spawn(WEFT_GREEN, waits_to_recv, &late);
	uint64_t element = 1;
	check_eq(weft_chan_send(late.chan, &element), 0); /* goes behind the one that is woken later */
	check_eq(weft_chan_send(chan, &element), 0);
	join(late.thread);
	check_eq(w[0].turn, 1);
	check_eq(late.turn, 2);
	check_eq(weft_chan_close(chan), 0);
	for (int i = 0; i < WAITERS; i++)
		join(w[i].thread);
	weft_chan_destroy(chan);
	weft_chan_destroy(late.chan);
	return arg;
}

static void *close_lets_all_go(void *arg)
{
	for (size_t capacity = 0; capacity < 3; capacity++) {
		struct waiter w[WAITERS];
		struct weft_chan *chan = make_chan(8, capacity);
		begin(w, chan, waits_to_recv);
		check_eq(weft_chan_close(chan), 0);
		for (int i = 0; i < WAITERS; i++) {
			join(w[i].thread);
			check_eq(w[i].result, -EPIPE);
			check_eq(w[i].element, 100 + i);
		}
		weft_chan_destroy(chan);
	}
	return arg;
}

static void *close_refuses_senders(void *arg)
{
	for (uint64_t capacity = 0; capacity < 3; capacity++) {
		struct waiter w[WAITERS];
		struct weft_chan *chan = make_chan(8, capacity);
		uint64_t got;
		for (uint64_t i = 0; i < capacity; i++)
			check_eq(weft_chan_send(chan, &i), 0);
		begin(w, chan, waits_to_send);
		check_eq(weft_chan_close(chan), 0);
		for (int i = 0; i < WAITERS; i++) {
			join(w[i].thread);
			check_eq(w[i].result, -EPIPE);
		}
		for (uint64_t i = 0; i < capacity; i++) {
			check_eq(weft_chan_recv(chan, &got), 0);
			check_eq(got, i);
		}
		check_eq(weft_chan_recv(chan, &got), -EPIPE);
		weft_chan_destroy(chan);
	}
	return arg;
}

/* Two in the middle give up: the others keep their order, and nothing of the two is received. */
static void *canceled_leave_no_trace(void *arg)
{
	for (int receivers = 0; receivers < 2; receivers++) {
		struct waiter w[WAITERS];
		struct weft_chan *chan = make_chan(8, 0);
		begin(w, chan, receivers ? waits_to_recv : waits_to_send);
		for (int i = 1; i < 4; i += 2) {
			check_eq(weft_cancel(w[i].thread), 0);
			join(w[i].thread);
			check_eq(w[i].result, -ECANCELED);
			check_eq(w[i].element, 100 + i);
		}
		for (uint64_t i = 0, element; i < WAITERS; i += 2) {
			element = i;
			check_eq(receivers ? weft_chan_send(chan, &element) : weft_chan_recv(chan, &element), 0);
			join(w[i].thread);
			check_eq(w[i].result, 0);
			check_eq(receivers ? w[i].element : element, receivers ? i : 100 + i);
		}
		check_eq(weft_chan_close(chan), 0);
		weft_chan_destroy(chan);
	}
	return arg;
}

/* Who has what it waited for is not canceled any more; who need not wait either. */
static void *completion_wins(void *arg)
{
	struct waiter w[WAITERS];
	struct weft_chan *chan = make_chan(8, 0), *full = make_chan(8, 2);
	uint64_t element = 7;
	begin(w, chan, waits_to_recv);
	check_eq(weft_chan_send(chan, &element), 0);
	check_eq(weft_cancel(w[0].thread), 0);
	join(w[0].thread);
	check_eq(w[0].result, 0);
	check_eq(w[0].element, 7);
	check_eq(weft_cancel(weft_self()), 0);
	check_eq(weft_chan_send(chan, &element), 0);
	check_eq(weft_chan_send(full, &element), 0);
	check_eq(weft_chan_recv(full, &element), 0);
	check_eq(weft_chan_recv(full, &element), -ECANCELED);
	check_eq(weft_chan_recv_timeout(full, &element, WEFT_S(100)), -ECANCELED);
	check_eq(weft_chan_tryrecv(full, &element), -EAGAIN);
	check_eq(weft_chan_close(chan), 0);
	check_eq(weft_cancel_mask(), 0);
	for (int i = 1; i < WAITERS; i++)
		join(w[i].thread);
	weft_chan_destroy(chan);
	weft_chan_destroy(full);
	return arg;
}

START_TEST(serves_in_order)
{
	struct weft_config config = one_worker_alone();
	run_with(&config, senders_in_order, NULL);
	run_with(&config, receivers_in_order, NULL);
	run_with(&config, woken_runs_next, NULL);
}
END_TEST

START_TEST(is_closed_while_they_wait)
{
	struct weft_config config = one_worker_alone();
	run_with(&config, close_lets_all_go, NULL);
	run_with(&config, close_refuses_senders, NULL);
}
END_TEST

START_TEST(is_canceled)
{
	struct weft_config config = one_worker_alone();
	run_with(&config, canceled_leave_no_trace, NULL);
	run_with(&config, completion_wins, NULL);
}
END_TEST

static void *time_limits(void *arg)
{
	struct weft_chan *chan = make_chan(8, 0);
	uint64_t element = 0, before = weft_now();
	check_eq(weft_chan_recv_timeout(chan, &element, WEFT_MS(3)), -ETIMEDOUT);
	check_eq(weft_chan_send_timeout(chan, &element, WEFT_MS(3)), -ETIMEDOUT);
	check(weft_now() - before >= WEFT_MS(6));
	struct weft_scope scope;
	check_eq(weft_scope_open(&scope, 0), 0);
	check_eq(weft_scope_set_timeout(&scope, WEFT_MS(3)), 0);
	check_eq(weft_chan_recv(chan, &element), -ECANCELED);
	check_eq(weft_chan_recv_timeout(chan, &element, WEFT_S(100)), -ECANCELED);
	weft_scope_close(&scope);
	weft_chan_destroy(chan);
	return arg;
}

START_TEST(waits_for_a_time)
{
	run(time_limits, NULL);
}
END_TEST

static void *destroy_under_a_waiter(void *arg)
{
	struct waiter w = { .chan = make_chan(8, 0) };
	spawn(WEFT_GREEN, waits_to_recv, &w);
	weft_chan_destroy(w.chan);
	return arg;
}

static int destroy_it(void *arg)
{
	struct weft_config config = one_worker_alone();
	run_with(&config, destroy_under_a_waiter, arg);
	return 0;
}

START_TEST(is_not_destroyed_under_a_waiter)
{
	struct child child = run_child(destroy_it, NULL);
	ck_died(&child, SIGABRT);
	ck_said(&child, "weft_chan_destroy: somebody waits on the channel");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { serves_in_order,	 is_closed_while_they_wait,	  is_canceled,
				       waits_for_a_time, is_not_destroyed_under_a_waiter, NULL };
	return run_tests("system/chan_wait", tests);
}
