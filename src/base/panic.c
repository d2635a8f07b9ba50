/* SPDX-License-Identifier: MIT */
/* Messages on stderr, built on the stack and written by one write(2), so that they work in a signal handler. */
#include "src/base/panic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void weft__text_str(struct weft__text *text, const char *s)
{
	size_t n = strlen(s), room = sizeof text->buf - text->len;
	if (n > room)
		n = room;
	memcpy(text->buf + text->len, s, n);
	text->len += n;
}

static void number(struct weft__text *text, uint64_t n, unsigned base)
{
	char digits[24];
	char *p = digits + sizeof digits;
	*--p = 0;
	do
		*--p = "0123456789abcdef"[n % base];
	while (n /= base);
	weft__text_str(text, p);
}

void weft__text_dec(struct weft__text *text, uint64_t n)
{
	number(text, n, 10);
}

void weft__text_hex(struct weft__text *text, uint64_t n)
{
	weft__text_str(text, "0x");
	number(text, n, 16);
}

void weft__text_write(const struct weft__text *text, int fd)
{
	size_t done = 0;
	while (done < text->len) {
		ssize_t n = write(fd, text->buf + done, text->len - done);
		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			return;
	}
}

void weft__warn(const char *message)
{
	struct weft__text text = { .len = 0 };
	weft__text_str(&text, "weft: ");
	weft__text_str(&text, message);
	weft__text_str(&text, "\n");
	weft__text_write(&text, STDERR_FILENO);
}

void weft__warn_number(const char *before, uint64_t n, const char *after)
{
	struct weft__text text = { .len = 0 };
	weft__text_str(&text, "weft: ");
	weft__text_str(&text, before);
	weft__text_dec(&text, n);
	weft__text_str(&text, after);
	weft__text_str(&text, "\n");
	weft__text_write(&text, STDERR_FILENO);
}

static const char *volatile said;

void weft__panic_say(const char *message)
{
	said = message;
}

void weft__panic_said(char *message, size_t size)
{
	const char *words = said;
	size_t n = words ? strnlen(words, size - 1) : 0;
	memcpy(message, words ? words : "", n);
	message[n] = 0;
}

_Noreturn void weft__panic(const char *message)
{
	said = message;
	weft__warn(message);
	abort();
}
