/* SPDX-License-Identifier: MIT */
/* What tests of scopes share: children of each kind, some of which wait until they are canceled. */
#ifndef WEFT_TESTS_SCOPE_H
#define WEFT_TESTS_SCOPE_H

#include "tests/support/crew.h"

#define LONG WEFT_S(100)

static shared ended;
static struct weft_sem never = WEFT_SEM_INIT(0);

static inline int count_one(void *arg)
{
	add(ended, 1);
	return (int)(intptr_t)arg;
}

static inline int count_late(void *arg)
{
	check_eq(weft_sleep(WEFT_US(200)), 0);
	return count_one(arg);
}

/* Waits until it is canceled. */
static inline int wait_for_cancel(void *arg)
{
	int err;
	switch ((uintptr_t)arg % 4) {
	case 0:
		err = weft_sleep(LONG);
		break;
	case 1:
		err = weft_sem_acquire(&never);
		break;
	case 2:
		err = weft_park();
		break;
	default:
		err = weft_sem_acquire_timeout(&never, LONG);
	}
	check_eq(err, -ECANCELED);
	check_eq(weft_testcancel(), -ECANCELED);
	add(ended, 1);
	return err;
}

static inline int scope_spawn(struct weft_scope *s, unsigned kind, int (*fn)(void *), void *arg)
{
	struct weft_attr attr;
	return weft_scope_spawn(s, attr_of(kind, &attr), fn, arg);
}

/* What each kind of thread, outsiders too, runs as an opener. */
static inline void by_each_kind(void *(*fn)(void *))
{
	struct weft_attr attr;
	start();
	for (unsigned kind = 0; kind < 4; kind++) {
		weft_t thread = spawn(attr_of(kind, &attr), fn, NULL);
		join(thread);
	}
	fn(NULL);
	stop();
}

#endif
