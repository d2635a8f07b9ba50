/* SPDX-License-Identifier: MIT */
/*
 * Channels between processes: pairs of ends, over a socket. What is sent at one end is received at the other, in order, by
 * the calls of weft/chan.h, but for weft_select. Both ends may be in one process, or each in one or several: who has an end
 * may send and receive there.
 *
 * An element is one message of the kernel's: whatever becomes of its sender, it arrives whole or not at all, and one whose send
 * returned 0 arrives, unless the other end is gone. When the last process that has an end dies or destroys it, the other end is
 * closed: receives give what is on its way, and then -EPIPE, sends give -EPIPE. Nobody waits for a process that is gone.
 *
 * So that this is seen, a process destroys the ends that are another's: after spawning it.
 */
#ifndef WEFT_LINK_H
#define WEFT_LINK_H

#include <weft/chan.h>

WEFT_BEGIN_DECLS

#define WEFT_LINK_ELEMENT_MAX 65536 /* bytes */

/*
 * Make both ends. Elements have no pointers in them that mean something elsewhere. How many are buffered is the kernel's
 * decision: some hundreds of small ones. weft_chan_close closes both directions, for both ends. 0, -ENOMEM, -EMFILE and the
 * like; -EINVAL for elements of more than WEFT_LINK_ELEMENT_MAX bytes.
 */
WEFT_API WEFT_CHECK int weft_chan_pair(struct weft_chan *ends[2], size_t element_size);

/* The descriptor of an end, to be given to a process (weft_attr_set_descriptors); it stays the channel's. -EINVAL: an ordinary
 * channel. */
WEFT_API int weft_chan_descriptor(const struct weft_chan *end);

/* Make the end that has this descriptor, in the process that was given it: the descriptor is the channel's from then on.
 * -ENOTSOCK and the like; -EINVAL as above. */
WEFT_API WEFT_CHECK int weft_chan_open(struct weft_chan **end, int fd, size_t element_size);

WEFT_END_DECLS

#endif
