/* SPDX-License-Identifier: MIT */
/* Saying things on stderr without malloc or stdio, and dying of a broken invariant or of misuse that nobody can handle.
 */
#ifndef WEFT_SRC_BASE_PANIC_H
#define WEFT_SRC_BASE_PANIC_H

#include <stddef.h>
#include <stdint.h>

#include "src/base/compiler.h"

/* A message under construction. Async-signal-safe; what does not fit is cut. */
struct weft__text {
	size_t len;
	char buf[1000];
};

void weft__text_str(struct weft__text *text, const char *s);
void weft__text_dec(struct weft__text *text, uint64_t n);
void weft__text_hex(struct weft__text *text, uint64_t n);
void weft__text_write(const struct weft__text *text, int fd);

/* One line on stderr, "weft: " before it. */
weft__cold void weft__warn(const char *message);
weft__cold void weft__warn_number(const char *before, uint64_t n, const char *after);

/* The last words of the process, which a report of its SIGABRT has: of a panic, or what has been given to weft__panic_say, and
 * stays. weft__panic_said copies them, cut to fit, or makes the buffer empty. */
void weft__panic_say(const char *message);
void weft__panic_said(char *message, size_t size);

/* One line on stderr and abort(). */
_Noreturn weft__cold void weft__panic(const char *message);

/* Invariants of ours, checked in every build: each is off the hot paths or costs nothing on them. */
#define weft__assert(cond)                                                                                             \
	do {                                                                                                           \
		if (weft__unlikely(!(cond)))                                                                           \
			weft__panic("internal error: " #cond);                                                         \
	} while (0)

#endif
