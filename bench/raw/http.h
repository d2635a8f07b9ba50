/* SPDX-License-Identifier: MIT */
/*
 * The least that an HTTP server can do for a request: find its end, and send the one answer that there is. The servers that are
 * compared do this with what they receive; the load sends the request, and knows the answer.
 */
#ifndef BENCH_RAW_HTTP_H
#define BENCH_RAW_HTTP_H

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RAW_HTTP_REQUEST "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define RAW_HTTP_ANSWER "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n"

enum { RAW_HTTP_DESCRIPTORS = 1 << 16, RAW_HTTP_OUT = 8 * (sizeof(RAW_HTTP_ANSWER) - 1) };

struct raw_http {
	size_t size; /* of what is in, no whole request */
	char in[1024];
};

/* n more bytes are in. How many are out: the answer to each request that is whole; of more than 8, the rest waits for what comes next. */
static inline size_t raw_http_answers(struct raw_http *h, size_t n, char out[RAW_HTTP_OUT])
{
	const char *begin = h->in, *end = h->in + h->size + n, *blank;
	size_t size = 0;
	while (size < RAW_HTTP_OUT && (blank = memmem(begin, (size_t)(end - begin), "\r\n\r\n", 4)) != NULL) {
		memcpy(out + size, RAW_HTTP_ANSWER, sizeof(RAW_HTTP_ANSWER) - 1);
		size += sizeof(RAW_HTTP_ANSWER) - 1;
		begin = blank + 4;
	}
	h->size = (size_t)(end - begin);
	if (begin > h->in && begin < end)
		memmove(h->in, begin, h->size);
	return size;
}

/* For raw_serve of epoll_server.h: what is unfinished is found by the descriptor. */
static inline void raw_http(int fd)
{
	static struct raw_http *states;
	char out[RAW_HTTP_OUT];
	if (!states)
		states = calloc(RAW_HTTP_DESCRIPTORS, sizeof *states);
	struct raw_http *h = &states[fd];
	ssize_t n = recv(fd, h->in + h->size, sizeof h->in - h->size, 0);
	size_t size = n > 0 ? raw_http_answers(h, (size_t)n, out) : 0;
	if (n <= 0 || (size && send(fd, out, size, MSG_NOSIGNAL) != (ssize_t)size)) {
		h->size = 0;
		close(fd);
	}
}

#endif
