/* SPDX-License-Identifier: MIT */
/* What the kernel offers of io_uring, and what to say when it is asked for in vain. */
#ifndef WEFT_SRC_POLL_REFUSED_H
#define WEFT_SRC_POLL_REFUSED_H

#include "src/base/compiler.h"

/* One line on stderr: what is missing, and what to do. */
weft__cold void weft__uring_refused(int error);

#endif
