/* SPDX-License-Identifier: MIT */
/*
 * A little workload of IO in which every way to wait comes up, and every way to end a wait: data, time limits,
 * cancels, closes; by green threads, bound ones, and one outside. Each byte is known by its place, so none is
 * lost, doubled or out of order unseen.
 */
#ifndef WEFT_TESTS_IO_WORK_H
#define WEFT_TESTS_IO_WORK_H

#include "src/sched/worker.h"
#include "tests/support/io.h"

enum { FLOWS = 10, CLOSERS = 2, QUIET = 2, FAR = 600 };

struct work {
	/* set by the test */
	uint64_t seed;
	uint64_t bytes; /* of each flow */
	int closes;	/* of each closer */
	int hogs;	/* threads that keep the workers busy */
	int error;	/* what a call may fail with, having done nothing; 0: none may */
	/* the work's */
	int quiet[QUIET]; /* nothing ever comes here */
	shared over, errors;
};

/* Who receives, how, and how far it is. One at a time uses it. */
struct flow {
	struct work *work;
	struct pair p;
	struct member random;
	uint64_t got;
	bool deaf; /* outside: cannot be canceled, and has nobody else to run */
};

static inline bool is_excused(struct work *w, long n)
{
	if (n != w->error || n >= 0)
		return false;
	add(w->errors, 1);
	return true;
}

static inline void *send_flow(void *arg)
{
	struct flow *f = arg;
	struct member m = { .random = (f->work->seed + 200 + (uint64_t)f->random.index) | 1 };
	char data[8];
	for (uint64_t sent = 0; sent < f->work->bytes;) {
		uint64_t left = f->work->bytes - sent;
		size_t size = 1 + pick(&m, left < sizeof data ? (uint32_t)left : sizeof data);
		for (size_t i = 0; i < size; i++)
			data[i] = (char)byte_at(sent + i);
		ssize_t n = weft_write(f->p.in, data, size > left ? left : size);
		check(n > 0 || is_excused(f->work, n));
		sent += n > 0 ? (uint64_t)n : 0;
		if (pick(&m, 4) == 0)
			weft_sleep(WEFT_US(pick(&m, 60)));
	}
	return NULL;
}

/* 1, or an error. */
static inline int poll_flow(struct flow *f)
{
	struct pollfd fds[1 + QUIET] = { { .fd = f->p.out, .events = POLLIN } };
	for (int i = 0; i < QUIET; i++)
		fds[1 + i] = (struct pollfd){ .fd = f->work->quiet[i], .events = POLLIN };
	int n = pick(&f->random, 2) ? weft_poll(fds, 1 + QUIET)
				    : weft_poll_timeout(fds, 1 + QUIET, WEFT_US(pick(&f->random, 100)));
	check(n < 0 || (n == 1 && fds[0].revents == POLLIN && !fds[1].revents && !fds[2].revents));
	return n;
}

static inline ssize_t receive(struct flow *f, char *data, size_t size)
{
	int n;
	switch (pick(&f->random, 3)) {
	case 0:
		return weft_read(f->p.out, data, size);
	case 1:
		return weft_read_timeout(f->p.out, data, size, WEFT_US(pick(&f->random, 100)));
	default:
		n = poll_flow(f);
		return n < 0 ? n : weft_read_timeout(f->p.out, data, size, 0);
	}
}

/* Until all is there, or it is canceled. */
static inline void *receive_flow(void *arg)
{
	struct flow *f = arg;
	char data[8];
	while (f->got < f->work->bytes) {
		ssize_t n = receive(f, data, 1 + pick(&f->random, sizeof data));
		if (n == -ECANCELED && !f->deaf)
			break;
		check(n > 0 || n == -ETIMEDOUT || is_excused(f->work, n));
		for (ssize_t i = 0; i < n; i++)
			check_eq((unsigned char)data[i], byte_at(f->got + (uint64_t)i));
		f->got += n > 0 ? (uint64_t)n : 0;
	}
	return NULL;
}

/* By one receiver after the other, each of whom is canceled; of two one is bound. */
static inline void *receive_canceled(void *arg)
{
	struct flow *f = arg;
	while (f->got < f->work->bytes) {
		struct member m = { .random = f->random.random ^ 0xaaaa };
		weft_t thread = spawn(pick(&m, 2) ? WEFT_GREEN : WEFT_BOUND, receive_flow, f);
		weft_sleep(WEFT_US(pick(&m, 200)));
		int err = weft_cancel(thread);
		check(err == 0 || err == -ESRCH);
		join(thread);
	}
	return NULL;
}

/* --- closes --- */

struct closer {
	struct work *work;
	struct member random;
	int fd;
};

static inline void *read_closed(void *arg)
{
	struct closer *c = arg;
	char data;
	ssize_t n;
	while ((n = weft_read(c->fd, &data, 1)) != -EBADF)
		check(is_excused(c->work, n));
	return NULL;
}

static inline void *poll_closed(void *arg)
{
	struct closer *c = arg;
	struct pollfd fds[2] = { { .fd = c->work->quiet[0], .events = POLLIN }, { .fd = c->fd, .events = POLLIN } };
	int n;
	while ((n = weft_poll(fds, 2)) != 1)
		check(is_excused(c->work, n));
	check_eq(fds[0].revents, 0);
	check_eq(fds[1].revents, POLLNVAL);
	return NULL;
}

/* A system call that has begun before the close has the other end until it is over. */
static inline bool is_alone(int fd)
{
	struct pollfd p = { .fd = fd };
	return poll(&p, 1, 0) == 1 && p.revents & (POLLERR | POLLHUP);
}

/* Its numbers are its own, so that one who comes late finds them closed and not another's. */
static inline void *close_often(void *arg)
{
	static void *(*const use[])(void *) = { read_closed, poll_closed };
	struct closer *c = arg;
	for (int i = 0; i < c->work->closes; i++) {
		struct pair p = make_pair(i % 2 ? UNIX : PIPE);
		weft_t thread[4];
		c->fd = fcntl(p.out, F_DUPFD, FAR + 10 * c->random.index);
		check(c->fd == FAR + 10 * c->random.index && close(p.out) == 0);
		for (int k = 0; k < 4; k++)
			thread[k] = spawn(k < 3 ? WEFT_GREEN : WEFT_BOUND, use[k % 2], c);
		weft_sleep(WEFT_US(pick(&c->random, 200)));
		check_eq(weft_close(c->fd), 0);
		wait_until(is_alone(p.in));
		check_eq(weft_write(p.in, "x", 1), -EPIPE);
		for (int k = 0; k < 4; k++)
			join(thread[k]);
		check_eq(weft_close(p.in), 0);
	}
	return NULL;
}

/* --- all of it --- */

static inline void *hog(void *arg)
{
	struct work *w = arg;
	while (!get(w->over)) {
		for (volatile int i = 0; i < 3000; i++)
			;
		weft_yield();
	}
	return NULL;
}

/* No request is left with any worker's ring. */
static inline void no_request_left(void)
{
	for (uint32_t i = 0; i < weft__load_acq(&weft__pool.workers); i++)
		check_eq(weft__load_rlx(&weft__load_acq(&weft__pool.worker[i])->requests), 0);
}

static inline void make_flows(struct work *w, struct flow *flow)
{
	static const enum pair_kind streams[] = { PIPE, UNIX, TCP };
	for (int i = 0; i < FLOWS; i++) {
		flow[i] = (struct flow){ .work = w, .p = make_pair(streams[i % 3]), .deaf = i == 0 };
		flow[i].random =
			(struct member){ .index = i, .random = (w->seed + (uint64_t)i) * 0x9e3779b97f4a7c15u | 1 };
	}
}

static inline void *work_all(void *arg)
{
	struct work *w = arg;
	struct flow flow[FLOWS];
	struct closer closer[CLOSERS];
	weft_t thread[2 * FLOWS + CLOSERS + 8];
	int n = 0, hogs;
	struct pair quiet[QUIET] = { make_pair(PIPE), make_pair(UNIX) };
	w->quiet[0] = quiet[0].out, w->quiet[1] = quiet[1].out;
	make_flows(w, flow);
	for (hogs = 0; hogs < w->hogs; hogs++)
		thread[hogs] = spawn(WEFT_GREEN, hog, w);
	n = hogs;
	pthread_t outside = outsider(receive_flow, &flow[0]);
	for (int i = 0; i < FLOWS; i++)
		thread[n++] = spawn(WEFT_GREEN, send_flow, &flow[i]);
	for (int i = 1; i < FLOWS; i++)
		thread[n++] =
			spawn(i == 1 ? WEFT_BOUND : WEFT_GREEN, i % 2 ? receive_flow : receive_canceled, &flow[i]);
	for (int i = 0; i < CLOSERS; i++) {
		closer[i] = (struct closer){ w, { .index = i, .random = (w->seed + 100 + (uint64_t)i) | 1 }, -1 };
		thread[n++] = spawn(WEFT_GREEN, close_often, &closer[i]);
	}
	while (n > hogs)
		join(thread[--n]);
	pthread_join(outside, NULL);
	no_request_left();
	set(w->over, 1);
	while (n > 0)
		join(thread[--n]);
	for (int i = 0; i < FLOWS; i++) {
		check_eq(flow[i].got, w->bytes);
		close_pair(flow[i].p);
	}
	for (int i = 0; i < QUIET; i++)
		close_pair(quiet[i]);
	return NULL;
}

#endif
