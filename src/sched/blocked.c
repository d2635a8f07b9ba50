/* SPDX-License-Identifier: MIT */
/*
 * A thread that says that it is about to block its worker in the kernel: the worker gives its token away, as the monitor
 * would have it do later (monitor.c). The thread runs on without, until it says that it is back: then it takes a token, if
 * one is free, or else its place in the injector, and the worker sleeps.
 */
#include "src/sched/dispatch.h"
#include "src/sched/idle.h"
#include "src/sched/injector.h"
#include "src/sched/monitor.h"
#include "weft/blocking.h"

/* False if the monitor has been there before. */
static bool give_token(struct weft__worker *w)
{
	uint32_t held = WEFT__TOKEN_HELD;
	if (!weft__cas_acqrel(&w->token, &held, WEFT__TOKEN_LOST)) /* order TOKEN */
		return false;
	weft__bias_poke(&w->bias); /* should it switch in between: to be seen at the next dispatch */
	weft__worker_enter(w);
	weft__worker_shed(w, UINT32_MAX);
	weft__worker_leave(w);
	weft__add_acqrel(&weft__pool.tokens, 1);
	return true;
}

int weft_blocking_enter(void)
{
	struct weft__worker *w = weft__worker();
	if (!w || !w->current || !give_token(w))
		return 0;
	/* Where nobody sleeps there has to be somebody for work that is yet to come. */
	if (weft__load_acq(&weft__pool.sleepers) == 0)
		weft__monitor_add_spare();
	else if (weft__work_visible())
		weft__wake_one();
	return 0;
}

static void after_switch(void *arg)
{
	weft__injector_push(arg); /* the worker, which has no token, looks after it: hand_over */
	weft__worker_leave(weft__worker());
}

int weft_blocking_leave(void)
{
	struct weft__worker *w = weft__worker();
	if (!w || !w->current || weft__load_acq(&w->token) == WEFT__TOKEN_HELD || weft__token_take(w)) /* order TOKEN */
		return 0;
	struct weft__thread *self = w->current;
	weft__worker_enter(w);
	return weft__switch_call(w, self, NULL, after_switch, self);
}
