/* SPDX-License-Identifier: MIT */
/*
 * Channels between processes: pairs of ends, over a socket or through shared memory. What is sent at one end is received at the
 * other, in order, by the calls of weft/chan.h, but for weft_select. Both ends may be in one process, or each in one; of a pair
 * over a socket also in several, where who has an end may send and receive.
 *
 * Whatever becomes of its sender, an element arrives whole or not at all, and one whose send returned 0 arrives, unless
 * the other end is gone. When the last process that has an end dies or destroys it, the other end is closed: receives give what is
 * on its way, and then -EPIPE, sends give -EPIPE. Nobody waits for a process that is gone.
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

/*
 * The same through shared memory: `capacity` elements of any size each way, which cost no system call as long as
 * nobody has to wait. An end is one process's at a time; its threads share it. A process that destroys an end it has handed on
 * uses it no more. Sends to a process that died in the last moments may return 0: some sixty at most. -EINVAL for a capacity
 * of 0; -ENOMEM, -EMFILE, -ETOOMANYREFS and the like. -EPROTO from any call: the other process has written where it should not.
 */
WEFT_API WEFT_CHECK int weft_chan_pair_shared(struct weft_chan *ends[2], size_t element_size, size_t capacity);

/* The descriptor of an end, to be given to a process (weft_attr_set_descriptors); it stays the channel's. -EINVAL: an ordinary
 * channel. */
WEFT_API int weft_chan_descriptor(const struct weft_chan *end);

/* Make the end that has this descriptor, in the process that was given it: the descriptor is the channel's from then on.
 * -ENOTSOCK and the like; -EINVAL as above, or if a pair through shared memory has elements of another size. */
WEFT_API WEFT_CHECK int weft_chan_open(struct weft_chan **end, int fd, size_t element_size);

WEFT_END_DECLS

#endif
