/* SPDX-License-Identifier: MIT */
/* What a worker's loop calls besides, and no model is about. */
#include "src/os/kthread.h"
#include "src/os/signal_stack.h"
#include "src/sched/local.h"
#include "src/sched/monitor.h"
#include "src/sched/spread.h"
#include "src/sched/worker.h"

__attribute__((weak)) void weft__monitor_rouse(void)
{
}

void weft__os_signal_stack_set(struct weft__signal_stack *old, void *memory)
{
	(void)old, (void)memory;
}

void *weft__os_signal_stack_restore(struct weft__signal_stack *old)
{
	(void)old;
	return NULL;
}

void weft__os_signal_stack_free(void *memory)
{
	(void)memory;
}

/* A bound thread's function, which returns. */
int weft__arch_start(void **save, void *top, weft__arch_entry *entry, void *arg, weft__a32 *release)
{
	(void)save, (void)top, (void)release;
	(void)entry(arg);
	return 0;
}

void weft__san_own_stack(struct weft__own_stack *own)
{
	(void)own;
}

int weft__os_kthread_id(void)
{
	return 1;
}

void weft__os_kthread_name(const char *name)
{
	(void)name;
}

sigset_t weft__os_signals_blocked(void)
{
	return (sigset_t){ 0 };
}

void weft__os_signals_block(const sigset_t *these)
{
	(void)these;
}

__attribute__((weak)) int weft__os_kthread_start(pthread_t *thread, void *(*fn)(void *), void *arg, size_t stack,
						 bool detached, bool quiet)
{
	(void)thread, (void)fn, (void)arg, (void)stack, (void)detached, (void)quiet;
	return -1;
}

void weft__stack_cache_flush(struct weft__stack_cache *cache)
{
	(void)cache;
}

__attribute__((weak)) int weft__arch_switch_call(void **save, void *to, void (*after)(void *), void *arg)
{
	(void)save, (void)to, (void)after, (void)arg;
	model_fail("not in this model", MODEL_HERE);
	return 0;
}

__attribute__((weak)) int weft__arch_switch_call_tail(void **save, void *to, void (*after)(void *), void *arg)
{
	return weft__arch_switch_call(save, to, after, arg);
}

/* A model that switches saves the address of an int as the context: the result to be. */
void weft__arch_set_result(void *sp, int result)
{
	*(int *)sp = result;
}

void weft__locals_end(struct weft__thread *self)
{
	(void)self;
}

unsigned long weft__os_timer_slack(unsigned long nanoseconds)
{
	return nanoseconds;
}

/* No descriptor is armed, but in the models of pollers. */
static void stop_poller(void)
{
}

static const struct weft__poller_source no_poller = { .stop = stop_poller };
__attribute__((weak)) const struct weft__poller_source *weft__poller_source = &no_poller;

void weft__thrown_drop(struct weft__worker *w)
{
	(void)w;
}

struct weft__thrown *weft__thrown_here(void)
{
	return NULL;
}

void weft__spread_begin(struct weft__worker *w)
{
	(void)w;
}

void weft__spread_end(struct weft__worker *w)
{
	(void)w;
}

bool weft__spread_wait(struct weft__worker *w, uint32_t wake)
{
	return weft__os_futex_wait(&w->wake, wake, weft__load_rlx(&w->deadline));
}
