/* SPDX-License-Identifier: MIT */
/* C++ exceptions that leave a green thread's function. */
#ifndef WEFT_SRC_CRASH_EXCEPTION_H
#define WEFT_SRC_CRASH_EXCEPTION_H

#include <stddef.h>

struct _Unwind_Exception;

/* What was thrown, in words: its type and, of what derives from std::exception, what() it says; cut to fit. */
void weft__exception_describe(struct _Unwind_Exception *thrown, char *text, size_t size);

/* It has been caught, and is not needed any more. */
void weft__exception_drop(struct _Unwind_Exception *thrown);

#endif
