/* SPDX-License-Identifier: MIT */
/* What is in a struct weft_reader and a struct weft_writer: the bytes from begin to end, which the former has not given out
 * yet, and the latter not yet written. */
#ifndef WEFT_SRC_NET_BUFFERED_H
#define WEFT_SRC_NET_BUFFERED_H

#include <errno.h>
#include <string.h>

#include "src/net/net.h"
#include "src/os/memory.h"

struct weft__buffered {
	char *data;
	size_t size; /* begin <= end <= size */
	size_t begin, end;
	int fd;
	bool owned;
};

enum { WEFT__BUFFERED_DEFAULT = 8192 };

weft__inline int weft__buffered_init(struct weft__buffered *b, int fd, void *memory, size_t size, size_t least)
{
	if (!memory && size == 0)
		size = WEFT__BUFFERED_DEFAULT;
	if (!b || size < least)
		return -EINVAL;
	*b = (struct weft__buffered){ .data = memory, .size = size, .fd = fd, .owned = !memory };
	if (!memory)
		b->data = weft__os_alloc(size);
	return b->data ? 0 : -ENOMEM;
}

weft__inline void weft__buffered_destroy(struct weft__buffered *b)
{
	if (b->owned)
		weft__os_free(b->data);
	*b = (struct weft__buffered){ .fd = -1 };
}

/* Move what there is to the front. */
weft__inline void weft__buffered_pack(struct weft__buffered *b)
{
	if (b->begin && b->begin < b->end)
		memmove(b->data, b->data + b->begin, b->end - b->begin);
	b->end -= b->begin;
	b->begin = 0;
}

#endif
