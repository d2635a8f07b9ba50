/* SPDX-License-Identifier: MIT */
/* Packets of a connected pair of Unix sockets (SOCK_SEQPACKET), none of which is empty. */
#ifndef WEFT_SRC_POLL_PACKET_H
#define WEFT_SRC_POLL_PACKET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* weft_recv_timeout, but 0 only if the other side has closed and all that it sent has been received. */
ssize_t weft__packet_recv(int fd, void *data, size_t size, int flags, uint64_t nanoseconds);

#endif
