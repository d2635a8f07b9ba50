/* SPDX-License-Identifier: MIT */
/* The buffered writer. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "src/net/buffered.h"
#include "weft/buffered.h"
#include "weft/io.h"

_Static_assert(sizeof(struct weft__buffered) <= sizeof(struct weft_writer), "reserved");

static struct weft__buffered *of(struct weft_writer *writer)
{
	return (struct weft__buffered *)(void *)writer;
}

int weft_writer_init(struct weft_writer *writer, int fd, void *memory, size_t size)
{
	return weft__buffered_init(of(writer), fd, memory, size, 1);
}

void weft_writer_destroy(struct weft_writer *writer)
{
	weft__buffered_destroy(of(writer));
}

size_t weft_writer_count(const struct weft_writer *writer)
{
	const struct weft__buffered *b = (const struct weft__buffered *)(const void *)writer;
	return b->end - b->begin;
}

static int flush(struct weft__buffered *b, uint64_t deadline)
{
	while (b->begin < b->end) {
		ssize_t n = weft_write_timeout(b->fd, b->data + b->begin, b->end - b->begin, weft__net_left(deadline));
		if (n < 0)
			return (int)n;
		b->begin += (size_t)n;
	}
	b->begin = b->end = 0;
	return 0;
}

/* Into the room that is left; what would fill the buffer by itself goes past it. */
static ssize_t write_some(struct weft__buffered *b, const char *data, size_t size, uint64_t deadline)
{
	size_t room = b->size - b->end;
	int err = room ? 0 : flush(b, deadline);
	if (err)
		return err;
	if (b->end == 0 && size >= b->size)
		return weft_write_timeout(b->fd, data, size, weft__net_left(deadline));
	room = b->size - b->end;
	size_t n = size < room ? size : room;
	memcpy(b->data + b->end, data, n);
	b->end += n;
	return (ssize_t)n;
}

static ssize_t write_all(struct weft__buffered *b, const char *data, size_t size, size_t *done, uint64_t deadline)
{
	size_t taken = 0;
	ssize_t n = 0;
	while (taken < size && (n = write_some(b, data + taken, size - taken, deadline)) >= 0)
		taken += (size_t)n;
	if (done)
		*done = taken;
	return n < 0 ? n : (ssize_t)taken;
}

/* Make the text behind what is there, or if it does not fit, again after a flush. */
static ssize_t print(struct weft__buffered *b, uint64_t deadline, const char *format, va_list arguments)
{
	for (;;) {
		va_list again;
		size_t room = b->size - b->end;
		va_copy(again, arguments);
		int n = vsnprintf(b->data + b->end, room, format, again);
		va_end(again);
		if (n < 0)
			return -EINVAL;
		if ((size_t)n < room) {
			b->end += (size_t)n;
			return n;
		}
		if ((size_t)n >= b->size)
			return -EMSGSIZE;
		int err = flush(b, deadline);
		if (err)
			return err;
	}
}

ssize_t weft_writer_write(struct weft_writer *writer, const void *data, size_t size, size_t *done)
{
	return write_all(of(writer), data, size, done, WEFT__NEVER);
}

ssize_t weft_writer_write_timeout(struct weft_writer *writer, const void *data, size_t size, size_t *done,
				  uint64_t nanoseconds)
{
	return write_all(of(writer), data, size, done, weft__deadline(nanoseconds));
}

ssize_t weft_writer_printf(struct weft_writer *writer, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	ssize_t n = print(of(writer), WEFT__NEVER, format, arguments);
	va_end(arguments);
	return n;
}

ssize_t weft_writer_printf_timeout(struct weft_writer *writer, uint64_t nanoseconds, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	ssize_t n = print(of(writer), weft__deadline(nanoseconds), format, arguments);
	va_end(arguments);
	return n;
}

int weft_writer_flush(struct weft_writer *writer)
{
	return flush(of(writer), WEFT__NEVER);
}

int weft_writer_flush_timeout(struct weft_writer *writer, uint64_t nanoseconds)
{
	return flush(of(writer), weft__deadline(nanoseconds));
}
