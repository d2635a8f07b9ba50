/* SPDX-License-Identifier: MIT */
/*
 * The kernel's side of rings, and of the descriptors 0 and 1, for models. Its steps are single ones, nobody goes
 * on in between: but for what a completed request holds.
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

/* By a worker, or the monitor: it goes into the kernel, or is kept from its own code by that. A request that it has handed over,
 * and that completes meanwhile, may hold its descriptor until it is back, or the ring has been settled. */
void model_inside(bool inside);

/* Inside: until the word is changed and woken, as a futex; for so many steps. */
void model_sleep(weft__a32 *word, uint32_t seen);
void model_pause(unsigned steps);

/* Checks that there is no request, nor the completion of one, but the rings' own, and that nothing is held. */
void model_has_no_request(void);

#endif
