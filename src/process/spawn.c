/* SPDX-License-Identifier: MIT */
/* To spawn a process, from the program's side. */
#include <errno.h>
#include <string.h>

#include "src/os/memory.h"
#include "src/poll/packet.h"
#include "src/process/process.h"
#include "src/sched/attr.h"
#include "src/sched/spawn.h"
#include "weft/cancel.h"
#include "weft/io.h"
#include "weft/time.h"

struct weft__process_helper weft__process_helper;
static weft__a32 running; /* atomic: set by who starts the runtime, taken back by who stops it */

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
	ssize_t n = weft_sendmsg(weft__process_helper.fd, &message, 0);
	return n < 0 ? (int)n : 0;
}

/* Until it has started, or has failed to. One that was killed meanwhile has started, and ended. */
static int await_start(struct weft__process *p)
{
	struct weft__process_message m;
	ssize_t n = weft__packet_recv(p->fd, &m, sizeof m, 0, WEFT_FOREVER);
	if (n != (ssize_t)sizeof m)
		return n < 0 ? (int)n : -EOWNERDEAD;
	p->pid = (pid_t)m.pid;
	p->has_ended = m.what == WEFT__PROCESS_ENDED;
	p->status = (int)m.value;
	return m.what == WEFT__PROCESS_FAILED ? (int)m.value : 0;
}

static int start(struct weft__process *p, const struct weft__attr *attr, const struct weft__spawn *what)
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
	if (!weft__load_rlx(&running)) /* relaxed: the runtime runs */
		return -ENOTSUP;
	struct weft__process *p = weft__os_alloc_zeroed(1, sizeof *p);
	if (!p)
		return -ENOMEM;
	p->kill_after = attr->kill_after;
	p->is_scope_child = what->scope != NULL;
	bool masked = weft_cancel_mask() == 0;
	int err = start(p, attr, what);
	if (masked)
		(void)weft_cancel_unmask();
	if (err) {
		weft__os_free(p);
		return err;
	}
	weft__process_enlist(p);
	*id = p->id;
	what->fn =
		p->is_scope_child ? (void *(*)(void *))(void (*)(void))weft__process_scope_proxy : weft__process_proxy;
	what->arg = p;
	return 0;
}

static void begun(uint64_t id, uint64_t handle)
{
	weft__process_set_handle(id, handle);
}

/* There is no proxy: the child is killed, and goes unseen. */
static void abandon(uint64_t id)
{
	struct weft__process *p = weft__process_delist(id);
	weft__process_kill(p);
	(void)weft_close(p->fd);
	weft__os_free(p);
}

static const struct weft__process_source source = { begin, begun, abandon };
const struct weft__process_source *weft__process_source = &source;

int weft__processes_start(const struct weft_config *config, unsigned workers)
{
	int err = workers ? weft__process_helper_start(&weft__process_helper, config) : 0;
	weft__store_rlx(&running, workers && !err); /* relaxed: published by the start of the runtime */
	return err;
}

void weft__processes_stop(void)
{
	if (weft__xchg_rlx(&running, 0)) /* relaxed: nothing of it is left, or has begun */
		weft__process_helper_stop(&weft__process_helper);
}
