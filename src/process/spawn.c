/* SPDX-License-Identifier: MIT */
/* Processes from the program's side: spawn, the proxy thread, cancel and kill. */
#include "src/sched/spawn.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "src/base/list.h"
#include "src/process/process.h"
#include "src/sched/cancel.h"
#include "weft/cancel.h"
#include "weft/io.h"
#include "weft/status.h"
#include "weft/time.h"

#define KILL_AFTER WEFT_S(5)

/* One child. Its proxy's, but for what others look up. */
struct process {
	int fd; /* the program's end of its socket */
	uint64_t kill_after;
	bool has_result, has_ended, is_scope_child;
	int64_t result;
	int status; /* as of waitpid */

	/* under live.lock */
	struct weft__list node;
	uint64_t id, handle;
	pid_t pid; /* set once */
};

static struct weft__process_helper helper;
static bool running;

static struct {
	struct weft__lock lock;
	/* under lock */
	struct weft__list list; /* those whose end has not been seen; zeroed: not yet used */
	uint64_t last;
} live;

/* --- the table of those that live --- */

static void enlist(struct process *p)
{
	weft__lock(&live.lock);
	if (!live.list.next)
		weft__list_init(&live.list);
	p->id = ++live.last;
	weft__list_push_back(&live.list, &p->node);
	weft__unlock(&live.lock);
}

static void delist(struct process *p)
{
	weft__lock(&live.lock);
	weft__list_remove(&p->node);
	weft__unlock(&live.lock);
}

/* Under lock. By whichever is not 0. */
static struct process *find(uint64_t id, uint64_t handle)
{
	for (struct weft__list *l = live.list.next; l && l != &live.list; l = l->next) {
		struct process *p = weft__container(l, struct process, node);
		if (id ? p->id == id : p->handle == handle)
			return p;
	}
	return NULL;
}

static void set_handle(uint64_t id, uint64_t handle)
{
	weft__lock(&live.lock);
	struct process *p = find(id, 0);
	if (p)
		p->handle = handle;
	weft__unlock(&live.lock);
}

int weft_process_id(weft_t thread, pid_t *pid)
{
	weft__lock(&live.lock);
	const struct process *p = thread ? find(0, thread) : NULL;
	if (p)
		*pid = p->pid;
	weft__unlock(&live.lock);
	return p ? 0 : -ESRCH;
}

/* --- the proxy --- */

/* 0: its end is known. -EPIPE: the helper is gone, and the child with it. Else as weft_recv_timeout. */
static int hear(struct process *p, uint64_t nanoseconds)
{
	struct weft__process_message m;
	ssize_t n = weft_recv_timeout(p->fd, &m, sizeof m, 0, nanoseconds);
	if (n != (ssize_t)sizeof m)
		return n < 0 ? (int)n : -EPIPE;
	if (m.what == WEFT__PROCESS_RESULT) {
		p->has_result = true;
		p->result = m.value;
	} else if (m.what == WEFT__PROCESS_ENDED) {
		p->has_ended = true;
		p->status = (int)m.value;
	}
	return 0;
}

static void ask_to_kill(const struct process *p)
{
	struct weft__process_request r = { .what = WEFT__PROCESS_KILL, .pid = (int32_t)p->pid };
	(void)weft_send(helper.fd, &r, sizeof r, 0);
}

/* Masked, from the moment that it is canceled. */
static void end_canceled(struct process *p)
{
	uint64_t limit = p->kill_after ? p->kill_after : KILL_AFTER;
	uint64_t deadline = limit == WEFT_FOREVER ? WEFT__NEVER : weft_now() + limit;
	int err = weft__process_say(p->fd, WEFT__PROCESS_CANCEL, 0) ? 0 : -EPIPE;
	while (!err && !p->has_ended) {
		uint64_t now = weft_now();
		err = hear(p, deadline == WEFT__NEVER ? WEFT_FOREVER : deadline > now ? deadline - now : 0);
	}
	if (err == -ETIMEDOUT || err == -ENOMEM)
		ask_to_kill(p);
	while (!p->has_ended && hear(p, WEFT_FOREVER) == 0)
		;
}

static void await_end(struct process *p)
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

/* How it ended, for who joins the proxy. That of a helper that is gone is what has happened to its children. */
static void note_end(const struct process *p)
{
	int status = p->has_ended ? p->status : SIGKILL;
	if (WIFSIGNALED(status))
		weft__note_end(WEFT_CRASHED, WTERMSIG(status), 0);
	else
		weft__note_end(WEFT_EXITED, 0, p->has_result ? 0 : WEXITSTATUS(status));
}

/* The result of a scope's child: a process that did not return one has failed. */
static int64_t verdict(const struct process *p)
{
	bool exited = p->has_ended && WIFEXITED(p->status) && WEXITSTATUS(p->status) == 0;
	return p->has_result ? p->result : !p->is_scope_child || exited ? 0 : -EOWNERDEAD;
}

static int64_t stand_for(struct process *p)
{
	await_end(p);
	(void)weft_close(p->fd);
	delist(p);
	int64_t result = verdict(p);
	note_end(p);
	free(p);
	return result;
}

static void *proxy(void *arg)
{
	set_handle(((struct process *)arg)->id, weft_self());
	return (void *)(intptr_t)stand_for(arg);
}

static int scope_proxy(void *arg)
{
	return (int)stand_for(arg);
}

/* --- spawn --- */

static int send_request(const struct weft__attr *attr, const struct weft__spawn *what, int fd)
{
	struct weft__process_request r = { .what = WEFT__PROCESS_SPAWN,
					   .fn = what->fn,
					   .arg = what->arg,
					   .is_scope_child = what->scope != NULL,
					   .data_size = attr->data_size,
					   .count = attr->descriptors_count };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE((WEFT_DESCRIPTORS_MAX + 1) * sizeof(int))];
	} control = { .bytes = { 0 } };
	size_t bytes = (r.count + 1) * sizeof(int);
	struct iovec parts[2] = { { &r, sizeof r }, { (void *)(uintptr_t)attr->data, attr->data_size } };
	struct msghdr message = { .msg_iov = parts,
				  .msg_iovlen = attr->data_size ? 2 : 1,
				  .msg_control = &control,
				  .msg_controllen = CMSG_SPACE(bytes) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	*head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(bytes), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(head), &fd, sizeof fd);
	if (r.count) {
		memcpy(CMSG_DATA(head) + sizeof fd, attr->descriptors, r.count * sizeof(int));
		memcpy(r.fds, attr->descriptors, r.count * sizeof(int));
	}
	memcpy(r.name, attr->name, sizeof r.name);
	ssize_t n = weft_sendmsg(helper.fd, &message, 0);
	return n < 0 ? (int)n : 0;
}

/* Until it has started, or has failed to. One that was killed meanwhile has started, and ended. */
static int await_start(struct process *p)
{
	struct weft__process_message m;
	ssize_t n = weft_recv(p->fd, &m, sizeof m, 0);
	if (n != (ssize_t)sizeof m)
		return n < 0 ? (int)n : -EOWNERDEAD;
	p->pid = (pid_t)m.pid;
	p->has_ended = m.what == WEFT__PROCESS_ENDED;
	p->status = (int)m.value;
	return m.what == WEFT__PROCESS_FAILED ? (int)m.value : 0;
}

static int start(struct process *p, const struct weft__attr *attr, const struct weft__spawn *what)
{
	int ends[2];
	int err = weft_socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
	if (err)
		return err;
	err = send_request(attr, what, ends[1]);
	(void)weft_close(ends[1]);
	p->fd = ends[0];
	if (!err)
		err = await_start(p);
	if (err)
		(void)weft_close(ends[0]);
	return err == -EPIPE ? -EOWNERDEAD : err;
}

/* `what` becomes the proxy. The caller's own cancellation waits meanwhile: it is a moment. */
static int begin(struct weft__spawn *what, uint64_t *id)
{
	const struct weft__attr *attr = what->attr;
	if (!running)
		return -ENOTSUP;
	struct process *p = calloc(1, sizeof *p);
	if (!p)
		return -ENOMEM;
	p->kill_after = attr->kill_after;
	p->is_scope_child = what->scope != NULL;
	bool masked = weft_cancel_mask() == 0;
	int err = start(p, attr, what);
	if (masked)
		(void)weft_cancel_unmask();
	if (err) {
		free(p);
		return err;
	}
	enlist(p);
	*id = p->id;
	what->fn = p->is_scope_child ? (void *(*)(void *))(void (*)(void))scope_proxy : proxy;
	what->arg = p;
	return 0;
}

static void begun(uint64_t id, uint64_t handle)
{
	set_handle(id, handle);
}

/* There is no proxy: the child is killed, and goes unseen. */
static void abandon(uint64_t id)
{
	weft__lock(&live.lock);
	struct process *p = find(id, 0);
	weft__list_remove(&p->node);
	weft__unlock(&live.lock);
	ask_to_kill(p);
	(void)weft_close(p->fd);
	free(p);
}

static const struct weft__process_source source = { begin, begun, abandon };
const struct weft__process_source *weft__process_source = &source;

int weft__processes_start(const struct weft_config *config, unsigned workers)
{
	int err = workers ? weft__process_helper_start(&helper, config) : 0;
	running = workers && !err;
	return err;
}

void weft__processes_stop(void)
{
	if (running)
		weft__process_helper_stop(&helper);
	running = false;
}
