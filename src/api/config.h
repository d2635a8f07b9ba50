/* SPDX-License-Identifier: MIT */
/* What is inside a struct weft_config. Zero is the default everywhere. */
#ifndef WEFT_SRC_API_CONFIG_H
#define WEFT_SRC_API_CONFIG_H

#include <stdint.h>

#include "weft/crash.h"
#include "weft/runtime.h"

struct weft__config {
	uint32_t workers;
	uint8_t class_plus_one;
	uint8_t no_fp_control;
	uint8_t no_crash_report;
	uint8_t deadlock;	  /* enum weft_deadlock */
	uint8_t dump_signal;	  /* 0: none */
	uint16_t process_workers; /* 0: no processes */
	uint32_t blocking_threads;
	uint8_t io;	      /* enum weft_io */
	uint8_t crash;	      /* enum weft_crash */
	uint8_t crash_format; /* enum weft_crash_format */
	int crash_fd_plus_one;
	uint64_t seed;
};

_Static_assert(sizeof(struct weft__config) <= sizeof(struct weft_config), "the ABI has no room");

#endif
