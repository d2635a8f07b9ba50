/* SPDX-License-Identifier: MIT */
/* What is inside a struct weft_attr. */
#ifndef WEFT_SRC_SCHED_ATTR_H
#define WEFT_SRC_SCHED_ATTR_H

#include "src/sched/thread.h"
#include "weft/thread.h"

struct weft__attr {
	uint8_t kind;
	uint8_t class_plus_one; /* 0: the runtime's default */
	uint8_t queued;
	uint8_t detached;
	uint8_t crash;		/* enum weft_crash */
	uint16_t home_plus_one; /* 0: any worker */
	char name[WEFT__NAME_SIZE];
	/* of a process */
	uint32_t data_size, descriptors_count;
	const void *data;
	const int *descriptors;
	uint64_t kill_after;
};

_Static_assert(sizeof(struct weft__attr) <= sizeof(struct weft_attr), "the ABI has no room");

#endif
