/* SPDX-License-Identifier: MIT */
/* What all threads do now, written to a descriptor while they go on. */
#ifndef WEFT_SRC_CRASH_DUMP_H
#define WEFT_SRC_CRASH_DUMP_H

#include "src/base/panic.h"

/* weft_dump: of the calling process's runtime, which stays while this runs. */
void weft__dump(int fd);

/* Have the monitor write a dump to stderr upon this signal, 0 for none. */
void weft__dump_install(int signal);
void weft__dump_uninstall(void);

/* By the monitor. */
void weft__dump_if_asked(void);

/* " 0x1000002 'name'" */
void weft__describe_thread(struct weft__text *text, uint64_t handle);

#endif
