/* SPDX-License-Identifier: MIT */
/*
 * timer: a timer is armed, a second ahead, and canceled: by the calls that a timed wait makes, in the wheel of the worker
 * on which it runs; for the kernel a timerfd.
 *
 * timer-wait: what a time limit adds to a wait that is woken before: a round trip as in bench_pingpong.c, of which one
 * side waits for at most a second, less one in which it waits for ever. In it are timer, the reading of the clock, and
 * the way there and back. On one worker, where such a difference is steady.
 */
#include <sys/timerfd.h>

#include "harness.h"
#include "src/sched/dispatch.h"
#include "src/time/timer.h"

static void wheel(struct run *r)
{
	struct batch *b = &r->batch;
	struct weft__worker *w = weft__worker();

	while (batch_more(b)) {
		struct weft__timer timer = { .wait = NULL };
		uint64_t armed = 0, deadline = weft_now() + WEFT_S(1), tick;

		batch_start(b);
		for (uint64_t i = 0; i < b->ops; i++) {
			weft__worker_enter(w);
			armed += weft__timer_arm(w, &timer, deadline);
			weft__worker_leave(w);
			weft__timer_cancel(&timer);
		}
		batch_stop(b);
		batch_check(b, armed == b->ops, "not each timer was armed");
		batch_check(b, !weft__wheel_next(w->timers, &tick), "a timer was not canceled");
	}
}

static void timerfd(struct run *r)
{
	static const struct itimerspec second = { .it_value = { .tv_sec = 1 } }, none;
	struct itimerspec was = { .it_value = { 0 } };
	struct batch *b = &r->batch;
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);

	batch_check(b, fd >= 0, "no timerfd");
	while (batch_more(b)) {
		uint64_t armed = 0;

		batch_start(b);
		for (uint64_t i = 0; i < b->ops; i++) {
			(void)timerfd_settime(fd, 0, &second, NULL);
			(void)timerfd_settime(fd, 0, &none, &was);
			armed += was.it_value.tv_sec + was.it_value.tv_nsec > 0;
		}
		batch_stop(b);
		batch_check(b, armed == b->ops, "not each timer was armed");
	}
}

static struct partner {
	weft_t other;
	uint64_t turns;
	bool stop;
} partner;

static void *play(void *arg)
{
	struct partner *p = arg;

	while (weft_park() == 0 && !p->stop) {
		p->turns++;
		(void)weft_unpark(p->other);
	}
	return p;
}

/* In ns. */
static uint64_t trips(weft_t to, uint64_t n, bool timed)
{
	uint64_t begin = batch_now();

	for (uint64_t i = 0; i < n; i++) {
		(void)weft_unpark(to);
		(void)(timed ? weft_park_timeout(WEFT_S(1)) : weft_park());
	}
	return batch_now() - begin;
}

static void measure(struct batch *b, weft_t to)
{
	while (batch_more(b)) {
		uint64_t untimed;

		partner.turns = 0;
		untimed = trips(to, b->ops, false);
		batch_start(b);
		(void)trips(to, b->ops, true);
		b->stopped = batch_now();
		batch_record(b, 0, ((double)batch_elapsed(b) - (double)untimed) / (double)b->ops);
		batch_check(b, partner.turns == 2 * b->ops, "the partner was not woken each time");
	}
}

static void timed_wait(struct run *r)
{
	void *result = NULL;
	weft_t unit;

	partner = (struct partner){ .other = weft_self() };
	if (weft_spawn(&unit, WEFT_GREEN, play, &partner) != 0) {
		batch_fail(&r->batch, "no thread");
		return;
	}
	measure(&r->batch, unit);
	partner.stop = true;
	(void)weft_unpark(unit);
	batch_check(&r->batch, weft_join(unit, &result) == 0 && result == &partner, "the partner was lost");
}

const struct bench bench_timer = {
	.rows = { "timer" },
	.units = { "ns" },
	.what = "a timer is armed and canceled; in the kernel a timerfd",
	.body = { wheel, timerfd },
};

const struct bench bench_timer_wait = {
	.rows = { "timer-wait" },
	.units = { "ns" },
	.what = "what a time limit adds to a wait that is woken before",
	.body = { timed_wait },
	.flags = BENCH_ONE_WORKER,
};
