/* SPDX-License-Identifier: MIT */
/* The version of the files of --json. Members may be added to it; when one changes or goes, the number is another. */
#ifndef BENCH_SCHEMA_H
#define BENCH_SCHEMA_H

#define SCHEMA "weft-bench/2"

#endif
