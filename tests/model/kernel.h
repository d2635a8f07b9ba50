/* SPDX-License-Identifier: MIT */
/*
 * The kernel's side of rings, and of the descriptors 0 and 1, for models. Its steps are single ones: nobody goes
 * on in between.
 */
#ifndef WEFT_TESTS_MODEL_KERNEL_H
#define WEFT_TESTS_MODEL_KERNEL_H

#include "src/base/atomic.h"
#include "tests/model/model.h"

enum { MODEL_FDS = 2 };

/* Something to read: a request that waits for it takes it, or says so. */
void model_come(int fd);
bool model_is_closed(int fd);

/* How many receives have taken something. */
extern unsigned model_received;

/* Set by the model: it has no system call that cancels. */
extern bool model_kernel_is_old;

/* Counts what those who sleep in the kernel, and the monitor, are to look for. */
extern weft__a32 model_news;
void model_tell(void);

/* Checks that there is no request, nor the completion of one, but the rings' own. */
void model_has_no_request(void);

#endif
