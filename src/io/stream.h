/* SPDX-License-Identifier: MIT */
/* Reading into one buffer, from whatever a descriptor is. */
#ifndef WEFT_SRC_IO_STREAM_H
#define WEFT_SRC_IO_STREAM_H

#include "src/io/io.h"

/* In `flags`: data and size are one buffer, and not a vector of that many parts. */
enum { WEFT__IO_NO_VECTOR = -1 };

ssize_t weft__io_try_read(struct weft__io *io, struct weft__fd *e);

#endif
