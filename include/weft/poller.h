/* SPDX-License-Identifier: MIT */
/* By what the runtime waits for descriptors, and what this kernel offers for it. */
#ifndef WEFT_POLLER_H
#define WEFT_POLLER_H

#include <weft/runtime.h>

WEFT_BEGIN_DECLS

struct weft_io_features {
	enum weft_io poller; /* of the runtime that runs, or ran last: WEFT_IO_EPOLL or WEFT_IO_URING */
	int uring_error; /* 0: a ring can be had; or why not, a negative errno value: -ENOTSUP built without, -EINVAL too old */
	uint32_t uring_setup;	 /* how it would be set up, IORING_SETUP_* of <linux/io_uring.h> */
	uint32_t uring_features; /* what the kernel says it has, IORING_FEAT_* */
	uint32_t uring_last_op;	 /* the last operation that it knows, IORING_OP_* */
	uint32_t reserved[11];
};

/* Makes a ring to find out, and closes it again. -EINVAL: features is NULL. */
WEFT_API int weft_io_features(struct weft_io_features *features);

WEFT_END_DECLS

#endif
