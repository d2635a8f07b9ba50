/* SPDX-License-Identifier: MIT */
/* System calls on sockets and names that come before any data. Negative errno values; none waits but for weft__os_look_up. */
#ifndef WEFT_SRC_OS_NET_H
#define WEFT_SRC_OS_NET_H

#include <netdb.h>
#include <stdbool.h>
#include <sys/socket.h>

/* An option of type int. */
int weft__os_set_option(int fd, int level, int option, int value);

/* The address of a socket, or of its peer. */
int weft__os_socket_address(int fd, bool peer, struct sockaddr *address, socklen_t *length);

/* Whether the path is a socket; remove it. */
bool weft__os_is_socket(const char *path);
int weft__os_unlink(const char *path);

/* getaddrinfo(3), which may block for a minute. Its own errors are errno's: -ENOENT no such name, or no address of it; -EAGAIN;
 * -EIO the name server says so. */
int weft__os_look_up(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found);

#endif
