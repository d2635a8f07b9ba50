/* SPDX-License-Identifier: MIT */
/*
 * The dump. Threads that run or could run are found in the workers, whose locks are seized one after the other; those that
 * wait, by their records, a block at a time: each of the block is held (src/sched/cancel.h), so that it can be looked at, its
 * stack too, and is let go before a line is written. So nobody is stopped for longer than it takes to look, the lines
 * are of slightly different moments, and a thread that begins or ends meanwhile may be missing.
 */
#include "src/crash/dump.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "src/crash/backtrace.h"
#include "src/crash/cycle.h"
#include "src/os/barrier.h"
#include "src/os/memory.h"
#include "src/sched/cancel.h"
#include "src/sched/monitor.h"
#include "src/sched/name.h"

enum { BLOCK = 64, BACKTRACE_MAX = 24 };

struct sight {
	uint64_t handle;
	struct weft__thread *held;
	enum weft__thread_kind kind;
	bool waits;
	const struct weft__reason *reason;
	const void *object;
	uint64_t owner;
	const void *spawned_at;
	unsigned frames;
	const void *pcs[BACKTRACE_MAX];
};

struct dump {
	int fd;
	size_t next;			   /* record to look at */
	uint64_t waiting, others, running; /* others: run or could */
	unsigned n;
	struct sight block[BLOCK];
};

/* --- writing --- */

void weft__describe_thread(struct weft__text *text, uint64_t handle)
{
	char name[WEFT__NAME_SIZE];
	weft__text_str(text, " ");
	weft__text_hex(text, handle);
	if (!weft__name_load(handle, name))
		return;
	weft__text_str(text, " '");
	weft__text_str(text, name);
	weft__text_str(text, "'");
}

static void write_rest(struct weft__text *text, const struct sight *s, int fd)
{
	if (s->spawned_at) {
		weft__text_str(text, ", spawned at");
		weft__backtrace_name(text, s->spawned_at);
	}
	weft__text_str(text, "\n");
	weft__text_write(text, fd);
	weft__backtrace_write(s->pcs, s->frames, fd);
}

static void write_waiting(const struct sight *s, int fd)
{
	struct weft__text text = { .len = 0 };
	weft__text_str(&text, s->kind == WEFT__BOUND ? "bound thread" : "thread");
	weft__describe_thread(&text, s->handle);
	weft__text_str(&text, " waits for ");
	weft__text_str(&text, s->reason ? s->reason->name : "something");
	if (s->object) {
		weft__text_str(&text, " at ");
		weft__text_hex(&text, (uint64_t)s->object);
	}
	if (s->owner) {
		weft__text_str(&text, " of");
		weft__describe_thread(&text, s->owner);
	}
	write_rest(&text, s, fd);
}

static void write_runnable(const struct sight *s, const char *state, uint32_t worker, int fd)
{
	struct weft__text text = { .len = 0 };
	weft__text_str(&text, "thread");
	weft__describe_thread(&text, s->handle);
	weft__text_str(&text, state);
	weft__text_dec(&text, worker);
	write_rest(&text, s, fd);
}

/* --- those that run or could --- */

/* The worker's lock is seized: what stands in its lanes stays there. */
static void see_saved(struct dump *d, struct weft__thread *t)
{
	if (d->n == BLOCK)
		return;
	struct sight *s = &d->block[d->n++];
	*s = (struct sight){ .handle = t->handle, .spawned_at = t->spawned_at };
	s->frames = weft__backtrace_parked(t->sp, s->pcs, BACKTRACE_MAX);
}

static void see_lane(struct dump *d, struct weft__ring *lane)
{
	for (uint32_t i = 0; i < weft__ring_count(lane) && d->n < BLOCK; i++)
		see_saved(d, weft__ring_peek(lane, i));
}

static bool see_worker(struct dump *d, struct weft__worker *w)
{
	bool mine = w == weft__worker();
	if (mine)
		weft__worker_enter(w);
	else
		weft__bias_seize_wait(&w->bias);
	struct weft__thread *current = w->current, *next = weft__load_rlx(&w->next);
	d->n = 0;
	if (current)
		d->block[d->n++] = (struct sight){ .handle = current->handle, .spawned_at = current->spawned_at };
	if (next)
		see_saved(d, next);
	see_lane(d, &w->cont);
	see_lane(d, &w->ready);
	if (mine)
		weft__worker_leave(w);
	else
		weft__bias_release(&w->bias);
	return current != NULL;
}

static void dump_worker(struct dump *d, struct weft__worker *w)
{
	bool running = see_worker(d, w);
	for (unsigned i = 0; i < d->n; i++)
		write_runnable(&d->block[i], i == 0 && running ? " runs on worker " : " is runnable on worker ",
			       w->index, d->fd);
	d->running += running;
}

/* --- those that wait --- */

static bool is_alive(uint64_t join)
{
	switch (join & WEFT__INDEX_MASK) {
	case WEFT__JOIN_RUNNING:
	case WEFT__JOIN_CLAIMED:
	case WEFT__JOIN_WAITING:
	case WEFT__JOIN_CHILD:
	case WEFT__JOIN_DETACHED:
		return true;
	default:
		return false;
	}
}

/* The next block of records of threads that are alive: each is kept from here on. */
static void keep_block(struct dump *d, size_t records)
{
	for (d->n = 0; d->n < BLOCK && d->next < records; d->next++) {
		struct weft__record *record = weft__record_of(d->next);
		uint64_t join = weft__load_acq(&record->join); /* order RECORD-DONE */
		if (!is_alive(join))
			continue;
		uint64_t handle = (join & ~WEFT__INDEX_MASK) | d->next;
		weft__record_keep(handle);
		d->block[d->n++] = (struct sight){ .handle = handle };
	}
}

static void hold_block(struct dump *d)
{
	for (unsigned i = 0; i < d->n; i++) {
		struct sight *s = &d->block[i];
		s->held = weft__record_kept(s->handle);
		if (s->held)
			weft__hold(s->held);
		else
			weft__record_release(s->handle);
	}
}

static void see_waiting(struct sight *s)
{
	struct weft__thread *t = s->held;
	struct weft__wait *wait = weft__load_acq(&t->wait); /* order WAIT */
	if (!wait)
		return;
	s->waits = true;
	s->kind = t->kind;
	s->reason = wait->reason;
	s->object = wait->object;
	s->owner = s->reason && s->reason->owner ? s->reason->owner(s->object) : 0;
	s->spawned_at = t->spawned_at;
	if (weft__is_green(t))
		s->frames = weft__backtrace_parked(t->sp, s->pcs, BACKTRACE_MAX);
}

static void dump_block(struct dump *d)
{
	weft__os_barrier(); /* order HOLD: against the light fence of threads that end */
	hold_block(d);
	weft__os_barrier(); /* order WAIT: against that of threads that are woken */
	for (unsigned i = 0; i < d->n; i++) {
		struct sight *s = &d->block[i];
		if (!s->held)
			continue;
		see_waiting(s);
		weft__release(s->held);
		weft__record_release(s->handle);
	}
	for (unsigned i = 0; i < d->n; i++) {
		struct sight *s = &d->block[i];
		if (s->waits)
			write_waiting(s, d->fd);
		d->waiting += s->waits;
		d->others += s->held && !s->waits;
	}
}

static void write_sum(const struct dump *d)
{
	struct weft__text text = { .len = 0 };
	weft__text_str(&text, "weft: ");
	weft__text_dec(&text, d->waiting + d->others);
	weft__text_str(&text, " threads: ");
	weft__text_dec(&text, d->waiting);
	weft__text_str(&text, " wait, ");
	weft__text_dec(&text, d->running);
	weft__text_str(&text, " run, ");
	weft__text_dec(&text, d->others > d->running ? d->others - d->running : 0);
	weft__text_str(&text, " are runnable, or bound\n");
	weft__text_write(&text, d->fd);
}

void weft__dump(int fd)
{
	struct dump *d = weft__os_map(sizeof *d); /* too large for a small stack */
	if (!d)
		return;
	d->fd = fd;
	uint32_t workers = weft__load_acq(&weft__pool.workers); /* order WORKERS */
	for (uint32_t i = 0; i < workers; i++)
		dump_worker(d, weft__load_acq(&weft__pool.worker[i]));
	size_t records = weft__record_count();
	while (d->next < records) {
		keep_block(d, records);
		dump_block(d);
	}
	write_sum(d);
	weft__mutex_cycles(fd, false);
	weft__os_unmap(d, sizeof *d);
}
