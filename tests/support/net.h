/* SPDX-License-Identifier: MIT */
/* What the tests of src/net share: listeners by text, and a crowd of callers of all kinds. */
#ifndef WEFT_TESTS_NET_H
#define WEFT_TESTS_NET_H

#include "tests/support/io.h"

/* Listen; its own address, with the port that it got, goes to `text`. */
static inline int listen_on(const char *where, unsigned flags, char *text)
{
	int listener = weft_listen_on(where, 0, flags);
	if (listener < 0)
		ck_abort_msg("%s: %s", where, strerror(-listener));
	check(weft_sockname(listener, text, WEFT_ADDRESS_SIZE) > 0);
	return listener;
}

static inline bool has_ipv6(void)
{
	int fd = weft_listen_on("[::1]:0", 0, 0);
	if (fd >= 0)
		check_eq(weft_close(fd), 0);
	return fd >= 0;
}

static inline unsigned port_of(const char *text)
{
	return (unsigned)atoi(strrchr(text, ':') + 1);
}

/* fn(arg) on a green thread, a bound one, and one that weft did not make. */
static inline void on_all_kinds(void *(*fn)(void *), void *arg)
{
	start();
	join(spawn(WEFT_GREEN, fn, arg));
	join(spawn(WEFT_BOUND, fn, arg));
	check_eq(pthread_join(outsider(fn, arg), NULL), 0);
	stop();
	fn(arg); /* and without a runtime */
}

/* The CPU time of the process. */
static inline uint64_t cpu_time(void)
{
	struct timespec t;
	check_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

#endif
