/* SPDX-License-Identifier: MIT */
/* Whether memory can be read, found out without a fault. */
#ifndef WEFT_SRC_OS_READABLE_H
#define WEFT_SRC_OS_READABLE_H

#include <stdbool.h>

/* The eight aligned bytes at this address, and with them the page, can be read. Async-signal-safe. */
bool weft__os_readable(const void *word);

#endif
