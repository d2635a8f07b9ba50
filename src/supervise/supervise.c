/* SPDX-License-Identifier: MIT */
/*
 * Supervision, on public calls. Each child that runs has a watcher, a green thread that joins it and reports; the supervisor
 * receives the reports, one at a time, and is the only one who starts, stops and decides.
 *
 * A child is in one of these states, which are the supervisor's own:
 *
 *      IDLE   it does not run, and is not to
 *      UP     it runs, and its watcher is to report
 *      ENDED  it has been reported, while another was being stopped; that is still to be dealt with
 *      DUE    to be started at `due`
 *
 * Invariant: reports on their way <= children UP <= capacity of the channel. So a watcher never waits to report, and when none is
 * UP none has anything left to do here.
 *
 * Rejected: watchers that restart their child themselves (a switch less, but then each strategy is a protocol among them); a
 * scope for the children (closing it waits for all, in no order, and does not tell one that failed from one that was stopped).
 */
#include "weft/supervise.h"

#include <errno.h>

#include "src/os/memory.h"
#include "weft/cancel.h"
#include "weft/chan.h"
#include "weft/time.h"

enum { RESTARTS = 3, RESTARTS_MOST = 65536, WATCHER_STACK = 65536, PAUSES = 64 };

enum state { IDLE, UP, ENDED, DUE };

struct member {
	const struct weft_child *child;
	struct weft_chan *reports;
	enum state state;
	weft_t thread;
	uint64_t due, restarted, pause;
	struct weft_status status; /* the watcher's while it is UP */
};

struct tree {
	const struct weft_supervisor *how;
	size_t count;
	struct member *member;
	struct weft_chan *reports;
	uint64_t period;
	/* when the latest restarts were: as many as are allowed, in a ring */
	unsigned allowed, next;
	uint64_t *restarts;
};

static void tell(const struct tree *t, const struct member *m, const struct weft_status *status)
{
	if (t->how->ended)
		t->how->ended(t->how->context, m->child, m->thread, status);
}

/* --- start --- */

static void *watch(void *arg)
{
	struct member *m = arg;
	(void)weft_join_status(m->thread, &m->status);
	(void)weft_chan_send_ptr(m->reports, m);
	return NULL;
}

static int spawn_child(struct member *m)
{
	const struct weft_child *c = m->child;
	if (!c->name)
		return weft_spawn(&m->thread, c->attr, c->fn, c->arg);
	struct weft_attr attr = c->attr ? *c->attr : (struct weft_attr)WEFT_ATTR_INIT;
	(void)weft_attr_set_name(&attr, c->name);
	return weft_spawn(&m->thread, &attr, c->fn, c->arg);
}

/* A child that cannot be watched would never be heard of: it is stopped at once. */
static int start(const struct tree *t, struct member *m)
{
	struct weft_attr attr = WEFT_ATTR_INIT;
	(void)weft_attr_set_stack_size(&attr, WATCHER_STACK);
	int err = spawn_child(m);
	if (err)
		return err;
	err = weft_spawn(NULL, &attr, watch, m);
	if (err) {
		(void)weft_cancel(m->thread);
		(void)weft_join(m->thread, NULL);
		return err;
	}
	m->state = UP;
	tell(t, m, NULL);
	return 0;
}

/* --- stop: masked, all of it --- */

/* Until somebody has ended. */
static void receive_one(const struct tree *t)
{
	void *m;
	if (weft_chan_recv_ptr(t->reports, &m) == 0)
		((struct member *)m)->state = ENDED;
}

static void stop(const struct tree *t, struct member *m)
{
	if (m->state == UP)
		(void)weft_cancel(m->thread);
	while (m->state == UP)
		receive_one(t);
	m->state = IDLE;
}

/* The latest first. `state` is what those become that were not IDLE, but for temporary ones. */
static void stop_from(const struct tree *t, size_t first, enum state state, uint64_t due)
{
	bool masked = weft_cancel_mask() == 0;
	for (size_t i = t->count; i-- > first;) {
		struct member *m = &t->member[i];
		if (m->state == IDLE)
			continue;
		stop(t, m);
		m->state = m->child->restart == WEFT_TEMPORARY ? IDLE : state;
		m->due = due;
	}
	if (masked)
		(void)weft_cancel_unmask();
}

static int give_up(const struct tree *t, int err)
{
	stop_from(t, 0, IDLE, 0);
	return err;
}

/* --- restart --- */

static bool is_failure(const struct weft_status *status)
{
	return status->how != WEFT_EXITED || status->code || status->result;
}

static bool wants_restart(const struct member *m)
{
	enum weft_restart restart = m->child->restart;
	return restart == WEFT_PERMANENT || (restart == WEFT_TRANSIENT && is_failure(&m->status));
}

/* One more restart: whether there have been too many. */
static bool is_too_often(struct tree *t, uint64_t now)
{
	uint64_t *oldest = &t->restarts[t->next];
	bool often = *oldest && now - *oldest < t->period;
	*oldest = now;
	t->next = (t->next + 1) % t->allowed;
	return often;
}

static uint64_t next_pause(const struct tree *t, struct member *m, uint64_t now)
{
	uint64_t most = t->how->pause_most ? t->how->pause_most : PAUSES * t->how->pause;
	bool again = m->restarted && now - m->restarted < t->period;
	m->pause = !again ? 0 : !m->pause ? t->how->pause : 2 * m->pause < most ? 2 * m->pause : most;
	m->restarted = now + m->pause;
	return m->pause;
}

/* Those that go with it are DUE when it is. */
static int fail(struct tree *t, struct member *m)
{
	uint64_t now = weft_now();
	if (is_too_often(t, now))
		return give_up(t, -ENOTRECOVERABLE);
	m->state = DUE;
	m->due = now + next_pause(t, m, now);
	if (t->how->strategy == WEFT_ONE_FOR_ALL)
		stop_from(t, 0, DUE, m->due);
	else if (t->how->strategy == WEFT_REST_FOR_ONE)
		stop_from(t, (size_t)(m - t->member), DUE, m->due);
	return 0;
}

static int deal_with(struct tree *t, struct member *m)
{
	m->state = IDLE;
	tell(t, m, &m->status);
	return wants_restart(m) ? fail(t, m) : 0;
}

/* In order. One that cannot be started has failed at once. */
static int start_due(struct tree *t, uint64_t now)
{
	for (size_t i = 0; i < t->count; i++) {
		struct member *m = &t->member[i];
		if (m->state != DUE || m->due > now || start(t, m) == 0)
			continue;
		int err = fail(t, m);
		if (err)
			return err;
		m->due += WEFT_MS(1);
	}
	return 0;
}

/* --- the supervisor --- */

static struct member *first_that(const struct tree *t, enum state state)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->member[i].state == state)
			return &t->member[i];
	return NULL;
}

/* When the next one is due, or 0. */
static uint64_t next_due(const struct tree *t)
{
	uint64_t due = 0;
	for (size_t i = 0; i < t->count; i++)
		if (t->member[i].state == DUE && (!due || t->member[i].due < due))
			due = t->member[i].due;
	return due;
}

/* One that has ended, or NULL: one is due. */
static int await(const struct tree *t, struct member **ended)
{
	uint64_t due = next_due(t), now = due ? weft_now() : 0;
	void *report = NULL;
	int err = due ? weft_chan_recv_timeout(t->reports, &report, due > now ? due - now : 0)
		      : weft_chan_recv_ptr(t->reports, &report);
	*ended = report;
	if (err == -ENOMEM)
		(void)weft_yield();
	return err == -ETIMEDOUT || err == -ENOMEM ? 0 : err;
}

static int run(struct tree *t)
{
	int err = 0;
	for (size_t i = 0; i < t->count; i++)
		if ((err = start(t, &t->member[i])))
			return give_up(t, err);
	for (;;) {
		struct member *m = first_that(t, ENDED);
		if (!m && !first_that(t, UP) && !first_that(t, DUE))
			return 0;
		if (!m && (err = await(t, &m)))
			return give_up(t, err);
		if (m)
			err = deal_with(t, m);
		if (!err && next_due(t))
			err = start_due(t, weft_now());
		if (err)
			return err;
	}
}

static bool is_valid(const struct weft_supervisor *how, const struct weft_child *children, size_t count)
{
	if ((unsigned)how->strategy > WEFT_REST_FOR_ONE || how->restarts > RESTARTS_MOST || (count && !children))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!children[i].fn || (unsigned)children[i].restart > WEFT_TEMPORARY)
			return false;
	return true;
}

static int make(struct tree *t, const struct weft_child *children)
{
	t->period = t->how->period ? t->how->period : WEFT_S(5);
	t->allowed = t->how->restarts ? t->how->restarts : RESTARTS;
	t->restarts = weft__os_alloc_zeroed(t->allowed, sizeof *t->restarts);
	t->member = weft__os_alloc_zeroed(t->count, sizeof *t->member);
	if (!t->restarts || !t->member)
		return -ENOMEM;
	int err = weft_chan_create(&t->reports, sizeof(void *), t->count);
	for (size_t i = 0; !err && i < t->count; i++)
		t->member[i] = (struct member){ .child = &children[i], .reports = t->reports };
	return err;
}

int weft_supervise(const struct weft_supervisor *supervisor, const struct weft_child *children, size_t count)
{
	static const struct weft_supervisor plain;
	struct tree t = { .how = supervisor ? supervisor : &plain, .count = count };
	if (!is_valid(t.how, children, count))
		return -EINVAL;
	if (!count)
		return 0;
	int err = make(&t, children);
	if (!err)
		err = run(&t);
	weft_chan_destroy(t.reports);
	weft__os_free(t.member);
	weft__os_free(t.restarts);
	return err;
}
