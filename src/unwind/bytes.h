/* SPDX-License-Identifier: MIT */
/* A cursor over the bytes of unwind tables. Reading past the end gives zeros and stays there: no table makes it go
 * on for ever or out of bounds. */
#ifndef WEFT_SRC_UNWIND_BYTES_H
#define WEFT_SRC_UNWIND_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "src/base/compiler.h"

struct weft__bytes {
	const uint8_t *at, *end;
};

weft__inline size_t weft__bytes_left(const struct weft__bytes *b)
{
	return (size_t)(b->end - b->at);
}

/* The next n bytes, as a range of their own. */
weft__inline struct weft__bytes weft__bytes_take(struct weft__bytes *b, uint64_t n)
{
	struct weft__bytes taken = { b->at, n < weft__bytes_left(b) ? b->at + n : b->end };
	b->at = taken.end;
	return taken;
}

/* n <= 8 bytes in the machine's order, without a sign. */
weft__inline uint64_t weft__bytes_u(struct weft__bytes *b, unsigned n)
{
	struct weft__bytes from = weft__bytes_take(b, n);
	const unsigned size = (unsigned)weft__bytes_left(&from);
	uint64_t value = 0;
	for (unsigned i = 0; i < size; i++)
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		value = value << 8 | from.at[i];
#else
		value |= (uint64_t)from.at[i] << 8 * i;
#endif
	return value;
}

/* The same, with a sign. */
weft__inline int64_t weft__bytes_s(struct weft__bytes *b, unsigned n)
{
	unsigned unused = 64 - 8 * n;
	return (int64_t)(weft__bytes_u(b, n) << unused) >> unused;
}

/* LEB128, without a sign and with one. */
weft__inline uint64_t weft__bytes_uleb(struct weft__bytes *b)
{
	uint64_t value = 0, byte = 0x80;
	for (unsigned shift = 0; byte & 0x80; shift += 7) {
		byte = weft__bytes_u(b, 1);
		value |= shift < 64 ? (byte & 0x7f) << shift : 0;
	}
	return value;
}

weft__inline int64_t weft__bytes_sleb(struct weft__bytes *b)
{
	uint64_t value = 0, byte = 0x80;
	unsigned shift = 0;
	for (; byte & 0x80; shift += 7) {
		byte = weft__bytes_u(b, 1);
		value |= shift < 64 ? (byte & 0x7f) << shift : 0;
	}
	if ((byte & 0x40) && shift < 64)
		value |= UINT64_MAX << shift;
	return (int64_t)value;
}

#endif
