/* SPDX-License-Identifier: MIT */
/* Whether a crash can be contained. */
#ifndef WEFT_SRC_CRASH_JUDGE_H
#define WEFT_SRC_CRASH_JUDGE_H

#include "src/crash/report.h"

/* Walk the stack of what crashed, noting its frames in `crash`. NULL: it can be contained; or why not. `self` is the thread
 * that runs on this kernel thread, or NULL. In the handler. */
const char *weft__judge(struct weft__crash *crash, const void *ucontext, struct weft__thread *self);

/* The same for an exception that would leave the thread's function: by the thread. */
const char *weft__judge_thrown(struct weft__crash *crash, struct weft__thread *self);

#endif
