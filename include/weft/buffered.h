/* SPDX-License-Identifier: MIT */
/*
 * Buffered input and output on a descriptor: lines, exact counts, printf; few system calls for many small pieces.
 *
 * Nothing is lost to a time limit, a cancel or an error: what has been read stays in the reader, what has been written
 * stays in the writer, and the next call goes on there. A reader, and a writer, is for one thread at a time; a reader and a
 * writer on the same socket may be used by two.
 *
 * Errors are those of weft_read and weft_write (weft/io.h). The variants with a time limit take nanoseconds, for the call
 * as a whole; 0 does what can be done without waiting. -ETIMEDOUT; -ENOMEM: no memory for a timer.
 */
#ifndef WEFT_BUFFERED_H
#define WEFT_BUFFERED_H

#include <sys/types.h>
#include <weft/base.h>

WEFT_BEGIN_DECLS

/* Yours to place. */
struct weft_reader {
	uint64_t reserved[6];
};

/* Begin to read from fd, with `size` bytes of memory of yours, at least 2, which has to stay; or, if memory is NULL, with
 * as many that are allocated (0: 8192). 0, -EINVAL, -ENOMEM. */
WEFT_API int weft_reader_init(struct weft_reader *reader, int fd, void *memory, size_t size);

/* Free what was allocated. What is unread is gone; fd stays open. */
WEFT_API void weft_reader_destroy(struct weft_reader *reader);

/* Read up to `size` bytes, at least one. 0: the end. */
WEFT_API ssize_t weft_reader_read(struct weft_reader *reader, void *data, size_t size) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_reader_read_timeout(struct weft_reader *reader, void *data, size_t size,
					  uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* Read exactly `size` bytes: less only at the end. *done, if done is not NULL, is how many are in data, in any case. */
WEFT_API ssize_t weft_reader_read_all(struct weft_reader *reader, void *data, size_t size,
				      size_t *done) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_reader_read_all_timeout(struct weft_reader *reader, void *data, size_t size, size_t *done,
					      uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* Read up to a delimiter: how many bytes, with it. *data is where they are, until the next call. At the end what is left,
 * without it, or 0. -EMSGSIZE: the buffer is full and has none in it; all of it is still unread. */
WEFT_API ssize_t weft_reader_read_until(struct weft_reader *reader, char delimiter, char **data) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_reader_read_until_timeout(struct weft_reader *reader, char delimiter, char **data,
						uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* Read a line, without its "\n" or "\r\n": its length. *line is the line, with a 0 behind it, until the next call; or NULL: the
 * end. -EMSGSIZE as above. */
WEFT_API ssize_t weft_reader_read_line(struct weft_reader *reader, char **line) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_reader_read_line_timeout(struct weft_reader *reader, char **line,
					       uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* Have at least `size` bytes in the buffer, and leave them there: how many there are, less than that only at the end. *data
 * is where, until the next call. 0 for size: what is there. -EMSGSIZE: the buffer cannot hold them (it holds one less than
 * its size). */
WEFT_API ssize_t weft_reader_peek(struct weft_reader *reader, size_t size, char **data) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_reader_peek_timeout(struct weft_reader *reader, size_t size, char **data,
					  uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* Drop the next `size` bytes of those in the buffer: how many that were. Never waits. */
WEFT_API size_t weft_reader_skip(struct weft_reader *reader, size_t size);

/* How many bytes are in the buffer, unread. */
WEFT_API size_t weft_reader_count(const struct weft_reader *reader);

/* Yours to place. */
struct weft_writer {
	uint64_t reserved[6];
};

/* As for a reader; one byte of memory is enough. */
WEFT_API int weft_writer_init(struct weft_writer *writer, int fd, void *memory, size_t size);

/* Free what was allocated. What has not been flushed is gone; fd stays open. */
WEFT_API void weft_writer_destroy(struct weft_writer *writer);

/* Write: `size`, or an error. *done, if done is not NULL, is how many bytes were taken in any case: go on behind them. */
WEFT_API ssize_t weft_writer_write(struct weft_writer *writer, const void *data, size_t size,
				   size_t *done) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_writer_write_timeout(struct weft_writer *writer, const void *data, size_t size, size_t *done,
					   uint64_t nanoseconds) WEFT_MAY_SWITCH;

#if defined(__GNUC__)
#define WEFT_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define WEFT_PRINTF(text, first)
#endif

/* Write a text as printf(3) makes it: its length, and all of it has been taken; or an error, and nothing has. -EMSGSIZE: the
 * text and a 0 are longer than the buffer; -EINVAL: printf fails. */
WEFT_API ssize_t weft_writer_printf(struct weft_writer *writer, const char *format, ...)
	WEFT_PRINTF(2, 3) WEFT_MAY_SWITCH;
WEFT_API ssize_t weft_writer_printf_timeout(struct weft_writer *writer, uint64_t nanoseconds, const char *format, ...)
	WEFT_PRINTF(3, 4) WEFT_MAY_SWITCH;

/* Give the descriptor all that is in the buffer. 0, or an error: what it has not taken stays. */
WEFT_API int weft_writer_flush(struct weft_writer *writer) WEFT_MAY_SWITCH;
WEFT_API int weft_writer_flush_timeout(struct weft_writer *writer, uint64_t nanoseconds) WEFT_MAY_SWITCH;

/* How many bytes are in the buffer, not yet given to the descriptor. */
WEFT_API size_t weft_writer_count(const struct weft_writer *writer);

WEFT_END_DECLS

#endif
