/* SPDX-License-Identifier: MIT */
/* The words of a report, for people and as JSON. Async-signal-safe. */
#ifndef WEFT_SRC_CRASH_DESCRIBE_H
#define WEFT_SRC_CRASH_DESCRIBE_H

#include "src/crash/report.h"

void weft__describe_text(const struct weft__crash *crash, int fd);
void weft__describe_json(const struct weft__crash *crash, int fd);

/* So many crashes more were contained, of which nothing was kept. */
void weft__describe_more(uint32_t crashes, int fd, bool json);

#endif
