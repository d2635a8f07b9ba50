/* SPDX-License-Identifier: MIT */
#include "src/os/net.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

int weft__os_set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value) ? -errno : 0;
}

int weft__os_socket_address(int fd, bool peer, struct sockaddr *address, socklen_t *length)
{
	return (peer ? getpeername(fd, address, length) : getsockname(fd, address, length)) ? -errno : 0;
}

bool weft__os_is_socket(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

int weft__os_unlink(const char *path)
{
	return unlink(path) ? -errno : 0;
}

int weft__os_look_up(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found)
{
	switch (getaddrinfo(host, port, hints, found)) {
	case 0:
		return 0;
	case EAI_AGAIN:
		return -EAGAIN;
	case EAI_MEMORY:
		return -ENOMEM;
	case EAI_SYSTEM:
		return errno ? -errno : -EIO;
	case EAI_FAIL:
		return -EIO;
	default: /* EAI_NONAME, EAI_NODATA, EAI_ADDRFAMILY, EAI_FAMILY */
		return -ENOENT;
	}
}
