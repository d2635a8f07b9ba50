/* SPDX-License-Identifier: MIT */
/* The command line. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "harness.h"

/* -1: go on; else the exit status, all having been said. Sets the CPUs of --pin. */
int options_parse(int argc, char **argv, struct options *options);

/* Complain of wrong usage: 2. */
int options_wrong(const char *format, const char *what) __attribute__((format(printf, 1, 0)));

#endif
