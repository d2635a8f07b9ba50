/* SPDX-License-Identifier: MIT */
/* The blocking pool's queue and threads; the protocol is in blocking.h. */
#include "src/io/blocking_pool.h"

#include <errno.h>
#include <string.h>

#include "src/io/blocking.h"
#include "src/os/futex.h"
#include "src/os/kthread.h"
#include "src/os/signal_stack.h"

/* As many as there may be spare workers. Disks are kept busy by fewer; what waits for the network is better not here. */
struct weft__blocking_tune weft__blocking_tune = { .idle_ns = 10000000000u, .limit = 64 };

static struct {
	weft__a32 lock;
	/* under lock */
	struct weft__list queue; /* requests: first in, first out */
	struct weft__list idle;	 /* threads without one: the latest in front */
	weft__a32 threads;	 /* made, or being made, and not gone; a futex once the pool stops */
	uint32_t limit;
	bool stopping;
	bool any_gone;
	pthread_t gone; /* the last thread that has gone, which the next to go joins */
	/* atomic: + by a thread that goes to sleep idle, having nobody left to wake; - under lock, by who calls it in, before it wakes */
	weft__a32 sleepers;
} pool;

void weft__blocking_lock(void)
{
	for (unsigned round = 1; weft__xchg_acq(&pool.lock, 1) != 0; round++) /* order BLOCKING */
		weft__os_spin(round);
}

void weft__blocking_unlock(void)
{
	weft__store_rel(&pool.lock, 0); /* order BLOCKING */
}

uint32_t weft__blocking_threads(void)
{
	return weft__load_rlx(&pool.threads); /* relaxed: a hint */
}

uint32_t weft__blocking_sleepers(void)
{
	return weft__load_acq(&pool.sleepers); /* order BLOCKING */
}

/* --- a request, under lock --- */

static struct weft__request *request_of(struct weft__list *node)
{
	return weft__container(node, struct weft__request, node);
}

static struct weft__request *take(void)
{
	if (weft__list_empty(&pool.queue))
		return NULL;
	struct weft__request *r = request_of(pool.queue.next);
	weft__list_remove(&r->node);
	r->state = WEFT__REQUEST_TAKEN;
	if (r->parked)
		weft__wait_won(r->wait.self);
	return r;
}

/* Whom to make runnable once the lock is left, or NULL. From then on the request is its owner's alone. */
static struct weft__thread *finish(struct weft__request *r)
{
	r->state = WEFT__REQUEST_DONE;
	return r->parked ? r->wait.self : NULL;
}

bool weft__blocking_withdraw(struct weft__request *r)
{
	if (r->state != WEFT__REQUEST_QUEUED)
		return false;
	weft__list_remove(&r->node);
	r->state = WEFT__REQUEST_WITHDRAWN;
	return true;
}

/* --- the pool's threads --- */

struct member {
	struct weft__list node; /* under lock: in pool.idle */
	weft__a32 wake;		/* futex: 1 once it is off that list */
	/* its own */
	struct weft__signal_stack signal_stack;
	bool joins; /* once it goes: the one that went before */
	pthread_t before;
};

/* Under lock: it is idle no more. The caller wakes it. */
static struct member *call_in(struct weft__list *node)
{
	struct member *idle = weft__container(node, struct member, node);
	weft__list_remove(node);
	weft__sub_acqrel(&pool.sleepers, 1); /* order BLOCKING */
	weft__store_rlx(&idle->wake, 1);     /* relaxed: the lock orders */
	return idle;
}

/* It may be awake, or even gone: then nothing happens. */
static void wake(struct member *idle)
{
	weft__os_futex_wake(&idle->wake, 1);
}

/* Under lock: the calling thread goes, and takes no more requests. */
static void depart(struct member *me)
{
	me->joins = pool.any_gone;
	me->before = pool.gone;
	pool.gone = pthread_self();
	pool.any_gone = true;
	weft__sub_acqrel(&pool.threads, 1); /* order BLOCKING */
}

/* True: there may be work. False: none has come for so long that the thread goes. */
static bool sleep_idle(struct member *me)
{
	uint64_t deadline = weft__os_after(weft__blocking_tune.idle_ns);
	bool goes = false;
	weft__add_acqrel(&pool.sleepers, 1);		  /* order BLOCKING */
	while (!goes && weft__load_acq(&me->wake) == 0) { /* order BLOCKING */
		if (weft__os_futex_wait(&me->wake, 0, deadline))
			continue;
		weft__blocking_lock();
		goes = weft__load_rlx(&me->wake) == 0;
		if (goes) {
			call_in(&me->node);
			depart(me);
		}
		weft__blocking_unlock();
	}
	return !goes;
}

/* End request *r, if there is one, and go on to the next; if there is none, be idle. False: the pool stops. */
static bool next_request(struct weft__request **r, struct member *me)
{
	weft__blocking_lock();
	struct weft__thread *waiter = *r ? finish(*r) : NULL;
	*r = take();
	bool stops = !*r && pool.stopping;
	if (stops) {
		depart(me);
	} else if (!*r) {
		weft__store_rlx(&me->wake, 0); /* relaxed: the lock orders */
		weft__list_push_front(&pool.idle, &me->node);
	}
	weft__blocking_unlock();
	if (waiter)
		weft__ready(waiter);
	return !stops;
}

static void serve(struct member *me)
{
	struct weft__request *r = NULL;
	while (next_request(&r, me))
		if (r)
			r->result = r->fn(r->arg);
		else if (!sleep_idle(me))
			return;
}

static void *pool_main(void *arg)
{
	struct member me;
	weft__os_kthread_name("weft-blocking");
	weft__os_signal_stack_set(&me.signal_stack, NULL);
	serve(&me);
	weft__os_signal_stack_free(weft__os_signal_stack_restore(&me.signal_stack));
	if (me.joins)
		pthread_join(me.before, NULL);
	weft__os_futex_wake(&pool.threads, 1);
	return arg;
}

/* None can be made. If there is no other to wait for either, nobody has his request served. */
static void not_made(void)
{
	struct weft__request *r;
	for (bool last = true; last;) {
		struct weft__thread *waiter = NULL;
		weft__blocking_lock();
		last = weft__load_rlx(&pool.threads) == 1 && (r = take());
		if (last) {
			r->err = -EAGAIN;
			waiter = finish(r);
		} else {
			weft__sub_acqrel(&pool.threads, 1); /* order BLOCKING */
		}
		weft__blocking_unlock();
		if (waiter)
			weft__ready(waiter);
	}
}

/* Whether the request is somebody's all the same. */
static bool submitted_without(struct weft__request *r, bool may_wait)
{
	not_made();
	weft__blocking_lock();
	bool back = !may_wait && weft__blocking_withdraw(r);
	weft__blocking_unlock();
	return !back;
}

bool weft__blocking_submit(struct weft__request *r, bool may_wait)
{
	struct member *idle = NULL;
	pthread_t kthread;
	weft__blocking_lock();
	bool any_idle = !weft__list_empty(&pool.idle);
	bool make = !any_idle && weft__load_rlx(&pool.threads) < pool.limit;
	bool queue = may_wait || any_idle || make;
	if (queue)
		weft__list_push_back(&pool.queue, &r->node);
	if (any_idle)
		idle = call_in(pool.idle.next);
	if (make)
		weft__add_acqrel(&pool.threads, 1); /* order BLOCKING */
	weft__blocking_unlock();
	if (idle)
		wake(idle);
	if (make && weft__os_kthread_start(&kthread, pool_main, NULL, 0, false, true))
		return submitted_without(r, may_wait);
	return queue;
}

void weft__blocking_start(uint32_t limit)
{
	weft__list_init(&pool.queue);
	weft__list_init(&pool.idle);
	pool.limit = limit ? limit : weft__blocking_tune.limit;
	pool.stopping = pool.any_gone = false;
}

void weft__blocking_forget(void)
{
	memset(&pool, 0, sizeof pool);
}

/* Nobody waits for a request any more: no green thread is alive. */
void weft__blocking_stop(void)
{
	uint32_t left;
	weft__blocking_lock();
	pool.stopping = true;
	while (!weft__list_empty(&pool.idle))
		wake(call_in(pool.idle.next));
	weft__blocking_unlock();
	while ((left = weft__load_acq(&pool.threads))) /* order BLOCKING */
		weft__os_futex_wait(&pool.threads, left, WEFT__NEVER);
	if (pool.any_gone)
		pthread_join(pool.gone, NULL);
}
