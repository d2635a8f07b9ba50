/* SPDX-License-Identifier: MIT */
/* The fault hook itself: set by tests only, before a runtime starts. */
#include "src/os/fault.h"

int (*weft__os_fault_hook)(enum weft__os_site site);
