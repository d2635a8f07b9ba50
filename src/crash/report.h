/* SPDX-License-Identifier: MIT */
/* The report of a crash: who died, of what, and whether it was a stack that overflowed. */
#ifndef WEFT_SRC_CRASH_REPORT_H
#define WEFT_SRC_CRASH_REPORT_H

/* Handle SIGSEGV, SIGBUS, SIGFPE and SIGILL; a handler that was installed before is called after the report. */
void weft__crash_install(void);

/* Put back what was there, unless somebody has installed something else since. */
void weft__crash_uninstall(void);

#endif
