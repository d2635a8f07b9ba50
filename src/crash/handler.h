/* SPDX-License-Identifier: MIT */
/* The handlers of what kills: put in place while a runtime runs. */
#ifndef WEFT_SRC_CRASH_HANDLER_H
#define WEFT_SRC_CRASH_HANDLER_H

#include <stdbool.h>

struct weft__crash;

/* Handle SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT; a handler that was installed before is called after the report of what is
 * not contained. report: whether there are any. */
void weft__crash_install(bool report);

/* A crash was contained: see that it is reported, if crashes are. */
void weft__crash_keep(const struct weft__crash *crash);

/* Put back what was there, unless somebody has installed something else since. */
void weft__crash_uninstall(void);

#endif
