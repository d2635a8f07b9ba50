/* SPDX-License-Identifier: MIT */
/* POSIX message queues between two sides: each receives from its own. */
#ifndef BENCH_QUEUES_H
#define BENCH_QUEUES_H

#include <fcntl.h>
#include <mqueue.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static mqd_t queues[2];

/* Each for so many messages of so many bytes. Without a name from the start: none is left behind. */
static inline bool queues_make(long messages, long bytes)
{
	struct mq_attr attr = { .mq_maxmsg = messages, .mq_msgsize = bytes };
	char name[32];
	bool ok = true;

	for (int side = 0; side < 2 && ok; side++) {
		snprintf(name, sizeof(name), "/weft-bench-%d", (int)getpid());
		queues[side] = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
		ok = queues[side] != (mqd_t)-1 && mq_unlink(name) == 0;
	}
	return ok;
}

#endif
