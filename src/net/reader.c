/* SPDX-License-Identifier: MIT */
/* The buffered reader. The last byte of its memory is kept free, so that a 0 can be put behind the last line. */
#include <string.h>

#include "src/net/buffered.h"
#include "weft/buffered.h"
#include "weft/io.h"

_Static_assert(sizeof(struct weft__buffered) <= sizeof(struct weft_reader), "reserved");

static struct weft__buffered *of(struct weft_reader *reader)
{
	return (struct weft__buffered *)(void *)reader;
}

int weft_reader_init(struct weft_reader *reader, int fd, void *memory, size_t size)
{
	return weft__buffered_init(of(reader), fd, memory, size, 2);
}

void weft_reader_destroy(struct weft_reader *reader)
{
	weft__buffered_destroy(of(reader));
}

static size_t count(const struct weft__buffered *b)
{
	return b->end - b->begin;
}

size_t weft_reader_count(const struct weft_reader *reader)
{
	return count((const struct weft__buffered *)(const void *)reader);
}

size_t weft_reader_skip(struct weft_reader *reader, size_t size)
{
	struct weft__buffered *b = of(reader);
	size_t n = size < count(b) ? size : count(b);
	b->begin += n;
	return n;
}

/* Read more behind what is there: how many bytes. 0: the end. -EMSGSIZE: it is full. */
static ssize_t fill(struct weft__buffered *b, uint64_t deadline)
{
	if (b->begin == b->end || b->end == b->size - 1)
		weft__buffered_pack(b);
	if (b->end == b->size - 1)
		return -EMSGSIZE;
	ssize_t n = weft_read_timeout(b->fd, b->data + b->end, b->size - 1 - b->end, weft__net_left(deadline));
	if (n > 0)
		b->end += (size_t)n;
	return n;
}

static size_t take(struct weft__buffered *b, char *data, size_t size)
{
	size_t n = size < count(b) ? size : count(b);
	if (n)
		memcpy(data, b->data + b->begin, n);
	b->begin += n;
	return n;
}

/* What would fill the buffer by itself goes past it. */
static ssize_t read_some(struct weft__buffered *b, char *data, size_t size, uint64_t deadline)
{
	if (size == 0)
		return 0;
	if (count(b) == 0 && size >= b->size - 1)
		return weft_read_timeout(b->fd, data, size, weft__net_left(deadline));
	ssize_t n = count(b) ? 1 : fill(b, deadline);
	return n > 0 ? (ssize_t)take(b, data, size) : n;
}

static ssize_t read_all(struct weft__buffered *b, char *data, size_t size, size_t *done, uint64_t deadline)
{
	size_t got = 0;
	ssize_t n = 1;
	while (got < size && (n = read_some(b, data + got, size - got, deadline)) > 0)
		got += (size_t)n;
	if (done)
		*done = got;
	return n < 0 ? n : (ssize_t)got;
}

/* How many bytes there are up to the delimiter, with it; or, at the end, all that are left. */
static ssize_t find(struct weft__buffered *b, char delimiter, uint64_t deadline)
{
	for (size_t looked = 0;;) {
		const char *first = b->data + b->begin, *at = memchr(first + looked, delimiter, count(b) - looked);
		if (at)
			return at - first + 1;
		looked = count(b);
		ssize_t n = fill(b, deadline);
		if (n <= 0)
			return n < 0 ? n : (ssize_t)count(b);
	}
}

static ssize_t read_until(struct weft__buffered *b, char delimiter, char **data, uint64_t deadline)
{
	ssize_t n = find(b, delimiter, deadline);
	if (n >= 0) {
		*data = b->data + b->begin;
		b->begin += (size_t)n;
	}
	return n;
}

static ssize_t read_line(struct weft__buffered *b, char **line, uint64_t deadline)
{
	ssize_t n = read_until(b, '\n', line, deadline);
	if (n == 0)
		*line = NULL;
	if (n <= 0)
		return n;
	char *text = *line;
	if (text[n - 1] == '\n' && --n && text[n - 1] == '\r')
		n--;
	text[n] = 0;
	return n;
}

static ssize_t peek(struct weft__buffered *b, size_t size, char **data, uint64_t deadline)
{
	ssize_t n = 1;
	if (size > b->size - 1)
		return -EMSGSIZE;
	while (count(b) < size && n > 0)
		n = fill(b, deadline);
	*data = b->data + b->begin;
	return n < 0 ? n : (ssize_t)count(b);
}

ssize_t weft_reader_read(struct weft_reader *reader, void *data, size_t size)
{
	return read_some(of(reader), data, size, WEFT__NEVER);
}

ssize_t weft_reader_read_timeout(struct weft_reader *reader, void *data, size_t size, uint64_t nanoseconds)
{
	return read_some(of(reader), data, size, weft__deadline(nanoseconds));
}

ssize_t weft_reader_read_all(struct weft_reader *reader, void *data, size_t size, size_t *done)
{
	return read_all(of(reader), data, size, done, WEFT__NEVER);
}

ssize_t weft_reader_read_all_timeout(struct weft_reader *reader, void *data, size_t size, size_t *done,
				     uint64_t nanoseconds)
{
	return read_all(of(reader), data, size, done, weft__deadline(nanoseconds));
}

ssize_t weft_reader_read_until(struct weft_reader *reader, char delimiter, char **data)
{
	return read_until(of(reader), delimiter, data, WEFT__NEVER);
}

ssize_t weft_reader_read_until_timeout(struct weft_reader *reader, char delimiter, char **data, uint64_t nanoseconds)
{
	return read_until(of(reader), delimiter, data, weft__deadline(nanoseconds));
}

ssize_t weft_reader_read_line(struct weft_reader *reader, char **line)
{
	return read_line(of(reader), line, WEFT__NEVER);
}

ssize_t weft_reader_read_line_timeout(struct weft_reader *reader, char **line, uint64_t nanoseconds)
{
	return read_line(of(reader), line, weft__deadline(nanoseconds));
}

ssize_t weft_reader_peek(struct weft_reader *reader, size_t size, char **data)
{
	return peek(of(reader), size, data, WEFT__NEVER);
}

ssize_t weft_reader_peek_timeout(struct weft_reader *reader, size_t size, char **data, uint64_t nanoseconds)
{
	return peek(of(reader), size, data, weft__deadline(nanoseconds));
}
