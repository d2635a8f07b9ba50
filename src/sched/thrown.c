/* SPDX-License-Identifier: MIT */
/* Found in the C++ library, if the program has one when weft is loaded. */
#include "src/sched/thrown.h"

#include "src/sched/switch.h"

extern struct weft__thrown *__cxa_get_globals(void) __attribute__((weak));

struct weft__thrown *weft__thrown_here(void)
{
	return __cxa_get_globals ? __cxa_get_globals() : NULL;
}

static void leave_lock(void *busy)
{
	weft__store_rel((weft__a32 *)busy, 0); /* order BIAS-LEAVE */
}

int weft__switch_thrown(struct weft__worker *w, struct weft__thread *self, struct weft__thread *to,
			void (*after)(void *), void *arg)
{
	const struct weft__thrown mine = *w->thrown;
	*w->thrown = (struct weft__thrown){ 0 };
	int result = weft__switch_call_plain(w, self, to, after ? after : leave_lock, after ? arg : &w->bias.busy);
	*weft__worker()->thrown = mine;
	return result;
}

void weft__thrown_drop(struct weft__worker *w)
{
	if (weft__thrown_any(w->thrown))
		*w->thrown = (struct weft__thrown){ 0 };
}
