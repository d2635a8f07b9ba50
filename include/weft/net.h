/* SPDX-License-Identifier: MIT */
/*
 * Connections by the text of an address:
 *
 *	"host:port"                  a name, or an IPv4 address; the port is a number
 *	"[v6]:port"                  an IPv6 address, with %interface if it needs one
 *	"unix:path", "unix:@name"    a socket of the Unix domain: in the file system, or Linux's abstract names
 *	":port"                      to listen: all addresses of the machine, IPv6 and IPv4
 *
 * All make plain descriptors, for the calls of weft/io.h, closed by weft_close. They are stream sockets with FD_CLOEXEC,
 * and TCP ones have TCP_NODELAY. Errors are negative errno values. A text that is none of the above is -EINVAL; a path or
 * name that is too long -ENAMETOOLONG.
 */
#ifndef WEFT_NET_H
#define WEFT_NET_H

#include <weft/base.h>

WEFT_BEGIN_DECLS

/*
 * Connect. A name's addresses are tried one after the other; each may take its share of the time that is left. A
 * descriptor; or the first address's error, -ENOENT (there is no such name, or it has no address), -EAGAIN (no name server
 * has answered, or no thread of the blocking pool can be had), -EIO (it answers with an error), -ECANCELED. Names are
 * looked up by getaddrinfo(3) in the blocking pool; the call does not wait longer for it than it may.
 */
WEFT_API int weft_dial(const char *address) WEFT_MAY_SWITCH;

/* The same for at most so many nanoseconds: -ETIMEDOUT; -ENOMEM: no memory for a timer. */
WEFT_API int weft_dial_timeout(const char *address, uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* Several sockets, of one user, may listen on the same port: the kernel spreads the connections. One for each worker, say. */
#define WEFT_LISTEN_REUSEPORT 1u
/* "[::]:port" and ":port" take no IPv4. */
#define WEFT_LISTEN_V6ONLY 2u

/*
 * Listen: a descriptor. backlog: how many connections may wait to be accepted; 0: as many as the system allows. Port 0: one
 * that is free, see weft_sockname. Of a name, the first address that can be had. The path of a Unix socket on which nobody
 * listens any more is taken over; nobody removes it at the end. Errors as weft_dial's for names, -EINVAL for other flags,
 * and those of bind(2).
 */
WEFT_API int weft_listen_on(const char *address, int backlog, unsigned flags) WEFT_MAY_SWITCH;

/*
 * Take a connection: a new descriptor. Unlike weft_accept it waits out a lack of descriptors or memory, asking at growing
 * intervals of up to 50 ms; only when the time limit passes meanwhile does it return -EMFILE, or what it is. -EBADF: it was
 * closed by weft_close, which may take that interval then.
 */
WEFT_API int weft_listener_accept(int listener) WEFT_MAY_SWITCH;
WEFT_API int weft_listener_accept_timeout(int listener, uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* The longest address as text, and a 0 behind it. */
#define WEFT_ADDRESS_SIZE 128

/* The address of a socket, or of its peer, as a text that weft_dial takes: the length; -ENOSPC: it does not fit;
 * -EAFNOSUPPORT: neither internet nor Unix; and those of getsockname(2). "unix:" is one without a name. */
WEFT_API int weft_sockname(int fd, char *text, size_t size);
WEFT_API int weft_peername(int fd, char *text, size_t size);

WEFT_END_DECLS

#endif
