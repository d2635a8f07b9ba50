/* SPDX-License-Identifier: MIT */
/*
 * The helper process: made before the runtime has any thread, it forks children upon request and reaps them. It has one thread,
 * no runtime, and no descriptor of the program's but 0, 1 and 2. All signals are blocked in it, so that what is sent to the
 * program's process group (^C) does not end it; its children begin with the program's mask.
 *
 * It is a grandchild of the program, its parent having exited at once: so it is no child that the program could wait for.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/os/fault.h"
#include "src/os/memory.h"
#include "src/os/process.h"
#include "src/process/process.h"

/* A child that has not been reaped. */
struct child {
	struct child *next;
	pid_t pid;
	int fd; /* its end of the socket: ours to say how it ended */
};

struct helper {
	int requests, signals, program; /* the last is a pidfd of the program, or negative */
	struct child *children;
	const struct weft_config *config;
	sigset_t mask;		/* the program's, and what it did with SIGCHLD: for the children */
	struct sigaction child; /* here it is the default, or the kernel would reap */
	_Alignas(16) char data[WEFT_DATA_MAX];
};

bool weft__process_say(int fd, enum weft__process_what what, int64_t value)
{
	struct weft__process_message m = { .what = what, .pid = (int32_t)getpid(), .value = value };
	return send(fd, &m, sizeof m, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof m;
}

/* --- children --- */

static void say_ended(const struct child *c, int status)
{
	struct weft__process_message m = { .what = WEFT__PROCESS_ENDED, .pid = (int32_t)c->pid, .value = status };
	(void)send(c->fd, &m, sizeof m, MSG_NOSIGNAL | MSG_DONTWAIT); /* if it fails, the end of the socket says less */
}

static void ended(struct helper *h, pid_t pid, int status)
{
	struct child **at = &h->children;
	while (*at && (*at)->pid != pid)
		at = &(*at)->next;
	struct child *c = *at;
	if (!c)
		return;
	*at = c->next;
	say_ended(c, status);
	close(c->fd);
	weft__os_free(c);
}

static void reap(struct helper *h)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;
	while (read(h->signals, &info, sizeof info) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		ended(h, pid, status);
}

/* The pid is nobody else's while it is in the list. */
static void kill_child(struct helper *h, pid_t pid)
{
	for (struct child *c = h->children; c; c = c->next)
		if (c->pid == pid)
			kill(pid, SIGKILL);
}

static _Noreturn void be_child(struct helper *h, const struct weft__process_request *r, const int *fds, pid_t helper)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != helper)
		_exit(1);
	sigaction(SIGCHLD, &h->child, NULL);
	pthread_sigmask(SIG_SETMASK, &h->mask, NULL);
	weft__process_child(h->config, r, r->data_size ? h->data : r->arg, fds);
}

static int fork_child(struct helper *h, const struct weft__process_request *r, const int *fds)
{
	pid_t helper = getpid();
	struct child *c = weft__os_alloc(sizeof *c);
	if (!c)
		return -ENOMEM;
	pid_t pid = fork();
	if (pid == 0)
		be_child(h, r, fds, helper);
	int err = pid < 0 ? -errno : 0;
	if (err)
		weft__os_free(c);
	else
		*c = (struct child){ h->children, pid, fds[0] }, h->children = c;
	return err;
}

/* --- requests --- */

/* The descriptors of a message; how many. */
static unsigned take_descriptors(struct msghdr *message, int *fds)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);
	if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
		return 0;
	size_t bytes = head->cmsg_len - CMSG_LEN(0);
	memcpy(fds, CMSG_DATA(head), bytes);
	return (unsigned)(bytes / sizeof(int));
}

static void spawn(struct helper *h, const struct weft__process_request *r, int *fds, unsigned n)
{
	int err = n == r->count + 1 ? fork_child(h, r, fds) : -EMFILE;
	if (err && n)
		(void)weft__process_say(fds[0], WEFT__PROCESS_FAILED, err);
	for (unsigned i = err ? 0 : 1; i < n; i++)
		close(fds[i]);
}

/* False: the program is gone. */
static bool serve(struct helper *h)
{
	struct weft__process_request r;
	int fds[WEFT_DESCRIPTORS_MAX + 1];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof fds)];
	} control;
	struct iovec parts[2] = { { &r, sizeof r }, { h->data, sizeof h->data } };
	struct msghdr message = {
		.msg_iov = parts, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = sizeof control
	};
	ssize_t n = recvmsg(h->requests, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n < (ssize_t)sizeof r)
		return n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOMEM);
	if (r.what == WEFT__PROCESS_SPAWN)
		spawn(h, &r, fds, take_descriptors(&message, fds));
	else
		kill_child(h, r.pid);
	return true;
}

static _Noreturn void loop(struct helper *h)
{
	enum { REQUESTS, SIGNALS, PROGRAM, N };
	struct pollfd p[N] = { { h->requests, POLLIN, 0 }, { h->signals, POLLIN, 0 }, { h->program, POLLIN, 0 } };
	for (;;) {
		if (poll(p, N, -1) < 0 && errno != EINTR)
			_exit(1);
		if (p[PROGRAM].revents)
			_exit(0); /* and the children with it */
		if (p[SIGNALS].revents)
			reap(h);
		if (p[REQUESTS].revents && !serve(h))
			_exit(0);
	}
}

static _Noreturn void helper_main(int requests, int program, const struct weft_config *config, const sigset_t *mask)
{
	static struct helper h; /* large */
	sigset_t child;
	int keep[] = { requests, program };
	const struct sigaction plain = { .sa_handler = SIG_DFL };
	prctl(PR_SET_NAME, "weft-helper");
	weft__process_close_but(keep, 2);
	h.requests = requests;
	h.program = program;
	h.config = config;
	h.mask = *mask;
	sigaction(SIGCHLD, &plain, &h.child);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	h.signals = signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
	if (h.signals < 0 || !weft__process_say(requests, WEFT__PROCESS_HELLO, 0))
		_exit(1);
	loop(&h);
}

/* --- its life, from the program --- */

static int hello(struct weft__process_helper *helper)
{
	struct weft__process_message m;
	ssize_t n;
	do
		n = recv(helper->fd, &m, sizeof m, 0);
	while (n < 0 && errno == EINTR);
	helper->pid = (pid_t)m.pid;
	return n == (ssize_t)sizeof m ? 0 : -EAGAIN;
}

static int fork_twice(int requests, int program, const struct weft_config *config)
{
	sigset_t all, mask;
	sigfillset(&all);
	fflush(NULL); /* or each child would write what is buffered now */
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	pid_t pid = fork();
	if (pid == 0) {
		if (fork() == 0)
			helper_main(requests, program, config, &mask);
		_exit(0);
	}
	int err = pid < 0 ? -errno : 0;
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	while (!err && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		; /* ECHILD: somebody else has */
	return err;
}

int weft__process_helper_start(struct weft__process_helper *helper, const struct weft_config *config)
{
	int ends[2], err = weft__os_fault(WEFT__OS_PROCESS);
	if (err)
		return err;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	int program = weft__os_pidfd(getpid()); /* negative: then by the end of the socket alone */
	helper->fd = ends[0];
	err = fork_twice(ends[1], program, config);
	close(ends[1]);
	if (program >= 0)
		close(program);
	if (!err)
		err = hello(helper);
	if (err)
		close(ends[0]);
	return err;
}

/* It has exited when its end is closed. Where orphans come back to the program, it is to be reaped. */
void weft__process_helper_stop(struct weft__process_helper *helper)
{
	struct weft__process_message m;
	shutdown(helper->fd, SHUT_WR);
	while (recv(helper->fd, &m, sizeof m, 0) > 0 || errno == EINTR)
		errno = 0;
	close(helper->fd);
	while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
