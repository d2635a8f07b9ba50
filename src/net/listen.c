/* SPDX-License-Identifier: MIT */
/*
 * Listen on a text; and accept in spite of shortages.
 *
 * The socket of a server that is gone stays in the file system and keeps its path: it is removed if it is a socket, and
 * nobody has it any more. To find that out a datagram socket is connected to it, which is refused then, and else fails
 * because it is of another type: a server that is there does not notice. Two servers that begin at the same moment may both
 * find it so, and the later one take the path from the other; who can be started twice needs a lock of its own.
 */
#include <errno.h>
#include <netinet/tcp.h>

#include "src/net/net.h"
#include "src/os/io.h"
#include "src/os/net.h"
#include "src/poll/fd.h"
#include "weft/io.h"
#include "weft/net.h"
#include "weft/time.h"

enum { BACKLOG_MOST = 1 << 30 }; /* the system has a limit of its own */

static bool is_stale(const struct weft__address *a)
{
	if (a->to.any.sa_family != AF_UNIX || !a->to.local.sun_path[0] || !weft__os_is_socket(a->to.local.sun_path))
		return false;
	int fd = weft__os_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused = fd >= 0 && weft__os_connect(fd, &a->to.any, a->length) == -ECONNREFUSED;
	if (fd >= 0)
		weft__os_close(fd);
	return refused;
}

static int bind_to(int fd, const struct weft__address *a)
{
	int err = weft_bind(fd, &a->to.any, a->length);
	if (err != -EADDRINUSE || !is_stale(a))
		return err;
	(void)weft__os_unlink(a->to.local.sun_path); /* somebody else may have done it */
	return weft_bind(fd, &a->to.any, a->length);
}

static int set_options(int fd, int family, unsigned flags)
{
	int err = 0;
	if (family == AF_UNIX)
		return 0;
	if (family == AF_INET6)
		err = weft__os_set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, (flags & WEFT_LISTEN_V6ONLY) != 0);
	if (!err)
		err = weft__os_set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!err)
		err = weft__os_set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1); /* inherited by what is accepted */
	if (!err && flags & WEFT_LISTEN_REUSEPORT)
		err = weft__os_set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	return err;
}

static int listen_at(const struct weft__address *a, int backlog, unsigned flags)
{
	int fd = weft_socket(a->to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	int err = set_options(fd, a->to.any.sa_family, flags);
	if (!err)
		err = bind_to(fd, a);
	if (!err)
		err = weft_listen(fd, backlog ? backlog : BACKLOG_MOST);
	if (!err)
		return fd;
	weft_close(fd);
	return err;
}

static int listen_at_any(const struct weft__addresses *found, int backlog, unsigned flags)
{
	int first = 0;
	for (int i = 0; i < found->n; i++) {
		int fd = listen_at(&found->at[i], backlog, flags);
		if (fd >= 0)
			return fd;
		if (!first)
			first = fd;
	}
	return first;
}

int weft_listen_on(const char *address, int backlog, unsigned flags)
{
	struct weft__addresses found;
	if (flags & ~(WEFT_LISTEN_REUSEPORT | WEFT_LISTEN_V6ONLY) || backlog < 0)
		return -EINVAL;
	int err = weft__address_find(address, &found, WEFT__NEVER);
	return err ? err : listen_at_any(&found, backlog, flags);
}

static bool is_shortage(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOBUFS || err == -ENOMEM;
}

/* Called while the caller is counted in, so that the number stays the listener's. */
static int accept_patiently(int listener, struct weft__fd *e, uint64_t deadline)
{
	for (uint64_t pause = WEFT_MS(1);; pause = pause * 2 < WEFT_MS(50) ? pause * 2 : WEFT_MS(50)) {
		int fd = weft_accept_timeout(listener, NULL, NULL, SOCK_CLOEXEC, weft__net_left(deadline));
		uint64_t left = weft__net_left(deadline);
		if (!is_shortage(fd) || left == 0)
			return fd;
		int err = weft_sleep(left < pause ? left : pause);
		if (err)
			return err;
		if (weft__fd_is_closing(e))
			return -EBADF;
	}
}

static int listener_accept(int listener, uint64_t deadline)
{
	struct weft__fd *e;
	int err = weft__fd_enter(listener, &e);
	if (err)
		return err;
	int fd = accept_patiently(listener, e, deadline);
	weft__fd_leave(e);
	return fd;
}

int weft_listener_accept(int listener)
{
	return listener_accept(listener, WEFT__NEVER);
}

int weft_listener_accept_timeout(int listener, uint64_t nanoseconds)
{
	return listener_accept(listener, weft__deadline(nanoseconds));
}
