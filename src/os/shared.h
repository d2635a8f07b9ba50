/* SPDX-License-Identifier: MIT */
/* Memory that processes share, without a name: its descriptor is all there is of it. */
#ifndef WEFT_SRC_OS_SHARED_H
#define WEFT_SRC_OS_SHARED_H

#include <stdbool.h>
#include <stddef.h>

/* A descriptor of so many bytes, zeroed and committed, that nobody can make fewer or more; or a negative errno value. */
int weft__os_shared_make(size_t size);

/* Whether it is such a one: memory that cannot shrink under who has mapped it. */
bool weft__os_shared_is(int fd, size_t size);

/* To be unmapped by weft__os_unmap. NULL: there is no memory. */
void *weft__os_shared_map(int fd, size_t size);

#endif
