/* SPDX-License-Identifier: MIT */
/* Something to wait for, for the models of cancellation: a wait is ended once, and nobody looks into one that is over. */
#ifndef WEFT_TESTS_MODEL_WAIT_H
#define WEFT_TESTS_MODEL_WAIT_H

#include "src/sched/park.h"
#include "tests/model/model.h"

/* In a frame of the thread that waits. */
struct model_frame {
	struct weft__wait wait;
	unsigned number;
	struct model_plain alive;
};

/* Wait for this one of the objects, as a thread does once for each. The model checks what it returns to be possible; that
 * somebody has canceled is left to the caller. */
int model_wait(unsigned number, struct model_frame *frame, struct weft__thread *self, uint64_t deadline);

/* End the wait for it, if it is not over. One that has not begun will find that it need not wait. */
void model_wake(unsigned number);

/* The model supplies this: told when such a wait is being committed. */
void model_commits(unsigned number);

/* The revoke of a wait that nobody is to find. */
bool model_gone(struct weft__wait *wait, struct weft__thread *self);

#endif
