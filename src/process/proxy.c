/* SPDX-License-Identifier: MIT */
/* The thread that stands for a process: it hears how that ends, tells it of a cancel, and has it killed. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "src/os/lock.h"
#include "src/os/memory.h"
#include "src/poll/packet.h"
#include "src/process/process.h"
#include "src/sched/cancel.h"
#include "src/sched/spawn.h"
#include "weft/cancel.h"
#include "weft/io.h"
#include "weft/status.h"
#include "weft/time.h"

#define KILL_AFTER WEFT_S(5)

static struct {
	struct weft__lock lock;
	/* under lock */
	struct weft__list list; /* those whose end has not been seen; zeroed: not yet used */
	uint64_t last;
} live;

/* --- the table of those that live --- */

void weft__process_enlist(struct weft__process *p)
{
	weft__lock(&live.lock);
	if (!live.list.next)
		weft__list_init(&live.list);
	p->id = ++live.last;
	weft__list_push_back(&live.list, &p->node);
	weft__unlock(&live.lock);
}

/* Under lock. By whichever is not 0. */
static struct weft__process *find(uint64_t id, uint64_t handle)
{
	for (struct weft__list *l = live.list.next; l && l != &live.list; l = l->next) {
		struct weft__process *p = weft__container(l, struct weft__process, node);
		if (id ? p->id == id : p->handle == handle)
			return p;
	}
	return NULL;
}

void weft__process_set_handle(uint64_t id, uint64_t handle)
{
	weft__lock(&live.lock);
	struct weft__process *p = find(id, 0);
	if (p)
		p->handle = handle;
	weft__unlock(&live.lock);
}

struct weft__process *weft__process_delist(uint64_t id)
{
	weft__lock(&live.lock);
	struct weft__process *p = find(id, 0);
	weft__list_remove(&p->node);
	weft__unlock(&live.lock);
	return p;
}

int weft_process_id(weft_t thread, pid_t *pid)
{
	weft__lock(&live.lock);
	const struct weft__process *p = thread ? find(0, thread) : NULL;
	if (p)
		*pid = p->pid;
	weft__unlock(&live.lock);
	return p ? 0 : -ESRCH;
}

/* --- the proxy --- */

/* A message, or 0 at the end of them. What cannot be waited for, for want of memory or descriptors say, has not ended: so it tries
 * again. */
static ssize_t receive(struct weft__process *p, struct weft__process_message *m, uint64_t nanoseconds)
{
	for (;;) {
		ssize_t n = weft__packet_recv(p->fd, m, sizeof *m, 0, nanoseconds);
		if (n >= 0 || n == -ETIMEDOUT || n == -ECANCELED)
			return n;
		if (weft_sleep(WEFT_MS(1)) == -ECANCELED)
			return -ECANCELED;
	}
}

/* 0: something is known. -EPIPE: the helper is gone, and the child with it. -ETIMEDOUT, -ECANCELED. */
static int hear(struct weft__process *p, uint64_t nanoseconds)
{
	struct weft__process_message m;
	ssize_t n = receive(p, &m, nanoseconds);
	if (n != (ssize_t)sizeof m)
		return n < 0 ? (int)n : -EPIPE;
	if (m.what == WEFT__PROCESS_RESULT) {
		p->has_result = true;
		p->result = m.value;
	} else if (m.what == WEFT__PROCESS_CRASHED) {
		p->last_word = m;
	} else if (m.what == WEFT__PROCESS_ENDED) {
		p->has_ended = true;
		p->status = (int)m.value;
	}
	return 0;
}

void weft__process_kill(const struct weft__process *p)
{
	struct weft__process_request r = { .what = WEFT__PROCESS_KILL, .pid = (int32_t)p->pid };
	(void)weft_send(weft__process_helper.fd, &r, sizeof r, 0);
}

/* Masked, from the moment that it is canceled. */
static void end_canceled(struct weft__process *p)
{
	uint64_t limit = p->kill_after ? p->kill_after : KILL_AFTER;
	uint64_t deadline = limit == WEFT_FOREVER ? WEFT__NEVER : weft_now() + limit;
	int err = weft__process_say(p->fd, WEFT__PROCESS_CANCEL, 0) ? 0 : -EPIPE;
	while (!err && !p->has_ended) {
		uint64_t now = weft_now();
		err = hear(p, deadline == WEFT__NEVER ? WEFT_FOREVER : deadline > now ? deadline - now : 0);
	}
	if (err == -ETIMEDOUT)
		weft__process_kill(p);
	while (!p->has_ended && hear(p, WEFT_FOREVER) == 0)
		;
}

static void await_end(struct weft__process *p)
{
	int err = 0;
	while (!err && !p->has_ended)
		err = hear(p, WEFT_FOREVER);
	if (err != -ECANCELED)
		return;
	(void)weft_cancel_mask();
	end_canceled(p);
	(void)weft_cancel_unmask();
}

/* How it ended, for who joins the proxy. That of a helper that is gone is what has happened to its children. Of a crash
 * only the kernel is believed: a child that said that it would die of one signal may have met another. */
static void note_end(const struct weft__process *p)
{
	int status = p->has_ended ? p->status : SIGKILL;
	const struct weft__process_message *said = &p->last_word;
	if (!WIFSIGNALED(status))
		weft__note_end(WEFT_EXITED, 0, p->has_result ? 0 : WEXITSTATUS(status), NULL);
	else if (said->signal == WTERMSIG(status))
		weft__note_end(WEFT_CRASHED, said->signal, said->code, (void *)(intptr_t)said->value);
	else
		weft__note_end(WEFT_CRASHED, WTERMSIG(status), 0, NULL);
}

/* The result of a scope's child: a process that did not return one has failed. */
static int64_t verdict(const struct weft__process *p)
{
	bool exited = p->has_ended && WIFEXITED(p->status) && WEXITSTATUS(p->status) == 0;
	return p->has_result ? p->result : !p->is_scope_child || exited ? 0 : -EOWNERDEAD;
}

static int64_t stand_for(struct weft__process *p)
{
	await_end(p);
	(void)weft_close(p->fd);
	(void)weft__process_delist(p->id);
	int64_t result = verdict(p);
	note_end(p);
	weft__os_free(p);
	return result;
}

void *weft__process_proxy(void *arg)
{
	weft__process_set_handle(((struct weft__process *)arg)->id, weft_self());
	return (void *)(intptr_t)stand_for(arg);
}

int weft__process_scope_proxy(void *arg)
{
	return (int)stand_for(arg);
}
