/* SPDX-License-Identifier: MIT */
/* The parts of telling sanitizers that are not on the way of a switch. */
#include "src/sched/sanitize.h"

#include <pthread.h>

#ifdef HAVE_VALGRIND_H
#include <valgrind/valgrind.h>
#endif

void weft__san_own_stack(struct weft__own_stack *own)
{
#if WEFT__ASAN
	pthread_attr_t attr;
	void *low;
	if (pthread_getattr_np(pthread_self(), &attr) == 0) {
		pthread_attr_getstack(&attr, &low, &own->size);
		own->low = low;
		pthread_attr_destroy(&attr);
	}
#elif WEFT__TSAN
	own->fiber = __tsan_get_current_fiber();
#endif
	(void)own;
}

void weft__san_new_stack(char *low, char *high)
{
#ifdef HAVE_VALGRIND_H
	(void)VALGRIND_STACK_REGISTER(low, high);
#endif
	(void)low, (void)high;
}
