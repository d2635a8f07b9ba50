/* SPDX-License-Identifier: MIT */
/* The servers of echo.h by the models that are compared: a green thread, a kernel thread or a process for each connection. */
#ifndef BENCH_ECHO_SERVER_H
#define BENCH_ECHO_SERVER_H

#include "echo.h"
#include "harness.h"

extern echo_serve *const echo_serve_by[MODELS], *const echo_serve_http_by[MODELS];

/* The same beside threads that compute, one for each worker; green ones yield every millisecond. NULL: there is none. */
extern echo_serve *const echo_serve_by_hogged[MODELS];

#endif
