/* SPDX-License-Identifier: MIT */
/* Containment: a thread that has crashed ends, and nothing else does. */
#ifndef WEFT_SRC_CRASH_CONTAIN_H
#define WEFT_SRC_CRASH_CONTAIN_H

#include "src/crash/report.h"

/* What the runtime's threads are subject to: enum weft_crash. Before any runs. */
void weft__contain_set(uint8_t policy);

/* In the handler. True: the thread goes on, when the handler returns, with its end. False: it is not to be contained, or
 * cannot be, and then crash->why_not says why. In either case the frames are noted in `crash`. */
bool weft__contain(struct weft__crash *crash, void *ucontext);

/* The same for an exception that would leave the function of the running thread. */
bool weft__contain_thrown(struct weft__crash *crash, struct weft__thread *self);

#endif
