/* SPDX-License-Identifier: MIT */
/*
 * Cancellation: a wait that somebody else ends, by taking it back (revoke) as a timer does.
 *
 * A thread that waits says so in thread->wait; whoever makes it runnable takes that away. A canceller must look into the
 * wait, which lies in the frame of a thread that may be woken at any moment. So it *holds* the thread first: nobody who has
 * won the right to wake a held thread lets it run before the hold is over. Waits, wakes and ends pay a plain store and a
 * plain load for this; who holds pays a membarrier.
 *
 *      waiter                     waker, having won        canceller, timer aside
 *   1  wait = w                1  wait = NULL           1  canceled = true; holds += 1
 *   2  light fence             2  light fence           2  membarrier
 *   3  canceled ? take w back  3  until holds == 0:     3  until wait == NULL:
 *   4  commit w                      wait a moment             w->revoke ? wait = NULL, ours to wake : look again
 *   5  (asleep)                4  make it runnable      4  holds -= 1
 *                                                       5  wake what is ours, as a waker from 2 on
 *
 * If the waiter's 3 misses the cancel then its 1 came before the membarrier, and the canceller finds w. If w is not committed
 * yet, or a waker has just won it, revoke fails, and the next look tells: who wins a wait clears `wait` at once, before it
 * does anything that could be held up. If the waker's 3 misses the hold then its 1 came before the membarrier, and the
 * canceller does not see w.
 *
 * The thread itself must not be gone meanwhile. A thread in a scope is kept by the scope's lock, without which it cannot leave;
 * one found by its handle by the hold on its record: its end changes the generation and then waits while the record is
 * held (the same two steps, with the generation in place of `wait`).
 *
 * Several may hold a thread at once. Who holds waits for nothing but those who are awake and between two of these steps, and
 * takes no lock while it holds; so holds do not wait for one another.
 *
 * Orders: WAIT  wait = w (release) -> the holder's load (acquire): the frame's contents
 *         HOLD  holds -= 1 (release) -> the waker's and the ending thread's load (acquire): the frame may be left
 */
#ifndef WEFT_SRC_SCHED_CANCEL_H
#define WEFT_SRC_SCHED_CANCEL_H

#include "src/sched/park.h"
#include "src/sched/scope.h"
#include "src/sched/worker.h"

/* In thread->attention. */
#define WEFT__CANCELED 1u
#define WEFT__HOLD 2u /* one hold; the rest of the word counts them */

void weft__await_holders(const struct weft__thread *t);
bool weft__wait_canceled(struct weft__thread *self, const struct weft__wait *wait);

/* What weft__park returns to a thread that waits, or is about to, by who owns it: 0 unless this is called. */
weft__inline void weft__wait_result(struct weft__thread *t, int result)
{
	if (weft__is_green(t))
		weft__arch_set_result(t->sp, result);
	else
		t->result = (int8_t)result;
}

/* Whoever has won the right to make a waiting thread runnable, right before that. */
weft__inline void weft__wait_over(struct weft__thread *t)
{
	weft__wait_won(t);
	weft__fence_light_or_full();
	if (weft__unlikely(weft__load_acq(&t->attention) >= WEFT__HOLD)) /* order HOLD */
		weft__await_holders(t);
}

/* In the switch, before the commit of a wait: it can be seen from now on. False: the thread is canceled, and must not wait. */
weft__inline bool weft__wait_begin(struct weft__thread *self, struct weft__wait *wait)
{
	self->escaped = true;
	if (weft__unlikely(self->scope != NULL))
		weft__scope_enlist(self);
	weft__store_rel(&self->wait, wait); /* order WAIT */
	weft__fence_light_or_full();
	if (weft__likely(!(weft__load_rlx(&self->attention) & WEFT__CANCELED) && !self->scope))
		return true;
	return !weft__wait_canceled(self, wait);
}

/* Keep the thread of this handle from ending: its descriptor, or NULL if it has ended. */
struct weft__thread *weft__record_hold(uint64_t handle);
void weft__record_release(uint64_t handle);

/* The same in two steps, for many at once with one membarrier between; a thread that is NULL is to be released nevertheless. */
void weft__record_keep(uint64_t handle);
struct weft__thread *weft__record_kept(uint64_t handle);

/* The thread of a record that is kept. */
struct weft__thread *weft__record_thread(uint64_t handle);

/* Hold a thread that cannot end meanwhile. */
weft__inline void weft__hold(struct weft__thread *t)
{
	weft__add_acqrel(&t->attention, WEFT__HOLD);
}

weft__inline void weft__release(struct weft__thread *t)
{
	weft__sub_acqrel(&t->attention, WEFT__HOLD); /* order HOLD */
}

/* End the wait of a held thread, a membarrier after it was held. True: it is the caller's to make runnable. */
bool weft__end_wait(struct weft__thread *t);

/* In the end of a thread whose handle others may know, after its record's generation has changed: none holds it any more. */
void weft__record_await_holders(uint64_t handle);

#endif
