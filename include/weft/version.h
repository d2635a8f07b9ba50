/* SPDX-License-Identifier: MIT */
/* The version compiled against (macros) and the version running (call). */
#ifndef WEFT_VERSION_H
#define WEFT_VERSION_H

#include <weft/base.h>

WEFT_BEGIN_DECLS

#define WEFT_VERSION_MAJOR 0
#define WEFT_VERSION_MINOR 1
#define WEFT_VERSION_PATCH 0

/* "MAJOR.MINOR.PATCH" of the library at run time. Static memory. */
WEFT_API const char *weft_version(void);

WEFT_END_DECLS

#endif
