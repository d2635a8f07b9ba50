/* SPDX-License-Identifier: MIT */
/*
 * What the code at an address belongs to: weft, the user, or that which a thread may not be ended in, because it holds locks
 * and half-done structures that everybody needs: the C library and what hangs on it.
 */
#ifndef WEFT_SRC_CRASH_PLACE_H
#define WEFT_SRC_CRASH_PLACE_H

#include <stdbool.h>
#include <stdint.h>

enum weft__place {
	WEFT__PLACE_NOWHERE, /* in no loaded object */
	WEFT__PLACE_USER,
	WEFT__PLACE_WEFT,
	WEFT__PLACE_SYSTEM,
};

/* Find out what does not change while the process lives: before the first of the calls below. */
void weft__place_learn(void);

/* Async-signal-safe, as it takes no lock and allocates nothing. */
enum weft__place weft__place_of(uintptr_t pc);

/* Whether weft can tell its own code from the user's, which nothing else of this makes sense without. */
bool weft__place_known(void);

#endif
