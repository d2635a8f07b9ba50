/* SPDX-License-Identifier: MIT */
/* The name of what is at an address. */
#ifndef WEFT_SRC_CRASH_SYMBOL_H
#define WEFT_SRC_CRASH_SYMBOL_H

#include <stdbool.h>
#include <stdint.h>

struct weft__symbol {
	char function[128];  /* "" where not known */
	uintptr_t from;	     /* the function's start */
	uintptr_t in_object; /* the address as the object's file has it, and as addr2line takes it */
	char object[512];    /* the file; either name is cut to fit */
};

/* False if the address is in no loaded object. Async-signal-safe. */
bool weft__symbol_find(const void *address, struct weft__symbol *symbol);

#endif
