/* SPDX-License-Identifier: MIT */
/* Connect to a text: to each of its addresses in turn, the time that is left being shared by those that are left. */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>

#include "src/net/net.h"
#include "src/os/net.h"
#include "weft/io.h"
#include "weft/net.h"

/* A port of the local machine on which nobody listens may be picked by the kernel for this side, too; then TCP connects the
 * socket to itself. */
static bool is_connected_to_itself(int fd)
{
	struct weft__address self = { .length = sizeof self.to }, peer = { .length = sizeof peer.to };
	return weft__os_socket_address(fd, false, &self.to.any, &self.length) == 0 &&
	       self.to.any.sa_family != AF_UNIX && weft__os_socket_address(fd, true, &peer.to.any, &peer.length) == 0 &&
	       self.length == peer.length && memcmp(&self.to, &peer.to, self.length) == 0;
}

static int connect_to(const struct weft__address *a, uint64_t nanoseconds)
{
	int fd = weft_socket(a->to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	if (a->to.any.sa_family != AF_UNIX)
		(void)weft__os_set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	int err = weft_connect_timeout(fd, &a->to.any, a->length, nanoseconds);
	if (!err && is_connected_to_itself(fd))
		err = -ECONNREFUSED;
	if (!err)
		return fd;
	weft_close(fd);
	return err;
}

static int connect_to_any(const struct weft__addresses *found, uint64_t deadline)
{
	int first = 0;
	for (int i = 0; i < found->n; i++) {
		uint64_t left = weft__net_left(deadline);
		int fd = connect_to(&found->at[i], left == WEFT__NEVER ? left : left / (uint64_t)(found->n - i));
		if (fd >= 0 || fd == -ECANCELED)
			return fd;
		if (!first)
			first = fd;
	}
	return first;
}

static int dial(const char *text, uint64_t deadline)
{
	struct weft__addresses found;
	int err = text && *text == ':' ? -EINVAL : weft__address_find(text, &found, deadline);
	return err ? err : connect_to_any(&found, deadline);
}

int weft_dial(const char *address)
{
	return dial(address, WEFT__NEVER);
}

int weft_dial_timeout(const char *address, uint64_t nanoseconds)
{
	return dial(address, weft__deadline(nanoseconds));
}
