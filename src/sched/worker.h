/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: workers, and the pool that they make up.
 *
 * A *worker* is a kernel thread that runs green threads; a *token* is the right to. There are as many tokens as the
 * configured parallelism, and one worker each; when a worker is blocked in the kernel the monitor takes its token, and
 * a spare worker stands in. A green thread is *running* (some worker's `current`), *runnable* (in one lane, `next`
 * slot, inbox or the injector) or *waiting* (published to whatever will wake it, by src/sched/park.h).
 *
 * What it is about. A spawn, a switch and a wake cost 5 to 25 ns here. On the same machine one atomic read-modify-write
 * costs 2 to 5, a mispredicted return 9, a cache line from another core 50 to 100, a membarrier 400 to 8,000, waking a
 * sleeping core 7,000 for the waker and 20,000 until it runs. So the owner's paths have no atomic operation and no
 * fence, thieves pay for both sides, and nobody is woken for work that its owner will reach in a moment.
 *
 *   spawn.c     the child runs at once, its spawner becomes a stealable continuation;  end.c  the end of a thread
 *   dispatch.h  who runs next on a worker, and the promise of fairness
 *   bias.h      the lock that makes a worker's lanes and timers plain data for their owner
 *   ring.h      a lane;  injector.h  the shared queue;  pinned.h  threads that must run on one worker
 *   park.h      how anything waits and is woken;  permit.c  weft_park;  record.h  what outlives a thread, and join
 *   steal.c     what is taken from whom, and when it is worth it
 *   idle.h      how a worker falls asleep and is woken, and why no work is left unseen
 *   gather.h    what keeps several asleep most of the time comes to one
 *   monitor.c   workers that stopped scheduling;  pool.c  start and stop
 *
 * Rejected, having been measured or thought through:
 *
 * - Chase-Lev deques, or queues with a compare-and-swap at the head (Go's): the owner pays a fence or an atomic for
 *   each operation, and the last item is the usual case here: a spawner is alone in its lane.
 * - Block-based stealing (BWoS): the owner's block cannot be stolen from, and one continuation behind a long child is
 *   all there is to steal.
 * - Fences moved to thieves inside a queue (THE, or a first in, first out lane with a hole): as fast as the biased
 *   lock, but one proof a queue. One lock serves both lanes, `next` and the timers, in fifty lines and one model.
 * - The result in the descriptor: a stack then lives until it is joined, and 10,000 ended threads hold 10,000 pages. In
 *   a record apart the stack is reused at once, still in the cache, and handles need no stack to be checked.
 * - Lanes linked through descriptors: nothing to prefetch, and a miss for each step. Arrays that overflow into a linked
 *   injector can be prefetched, and still nothing runnable can fail to be queued.
 * - Handing a worker's whole state to another when it blocks (Go's P): tokens need no state to move, for others steal.
 */
#ifndef WEFT_SRC_SCHED_WORKER_H
#define WEFT_SRC_SCHED_WORKER_H

#include <pthread.h>

#include "arch/arch.h"
#include "src/base/list.h"
#include "src/os/lock.h"
#include "src/sched/bias.h"
#include "src/sched/ring.h"
#include "src/sched/sanitize.h"
#include "src/sched/thread.h"
#include "src/sched/thrown.h"
#include "src/sched/tune.h"

struct weft__uring;
struct weft__looked;

enum { WEFT__WORKERS_MAX = 256, WEFT__ALL_WORKERS_MAX = 512 };

struct weft__worker {
	struct weft__bias bias;

	/* inside `bias`: by the owner, or by who seized it. Counters and `next` are read by others as hints. */
	weft__a32 dispatches;
	_Atomic(struct weft__thread *) next; /* the latest woken; goes first */
	struct weft__ring cont;		     /* continuations: the owner takes the newest, thieves the oldest */
	struct weft__ring ready;	     /* woken and yielded: first in, first out */
	void *timers;			     /* what the timer source keeps here */
	weft__a64 deadline;		     /* no timer is due before; read by the monitor */

	/* owner only */
	struct weft__thread *current;	   /* NULL on the worker's own stack */
	struct weft__thrown *thrown;	   /* its kernel thread's */
	void *idle_sp;			   /* the saved context of the worker's own stack */
	struct weft__thread *pinned_first; /* taken out of the inbox: first in, first out */
	struct weft__record_cache records;
	struct weft__stack_cache stacks;
	uint64_t random;
	uint32_t looks;		     /* looks around since the last ageing */
	uint32_t calls;		     /* that could have waited, for weft__take_turns */
	uint32_t spin_ns;	     /* how long to spin before the next sleep */
	bool spins;		     /* it will look for work for a while, if it does not find any at once */
	bool searching;		     /* counted in weft__pool.searching */
	bool expects_inbox;	     /* pinned work came lately: spin for it, however many are searching */
	bool quiet;		     /* one thread at most came from the poller from one sleep in it to the next */
	uint32_t collected;	     /* since the last sleep there */
	uint32_t round;		     /* by so many dispatches all have run that were ready at the last batch */
	uint32_t lonely;	     /* sleeps in a row that one thread has ended: gather.h */
	uint32_t gathers;	     /* how often it has left a thread to another lately, */
	uint64_t woken, gathered;    /* and when it was woken and has done so last */
	struct weft__looked *looked; /* at each other worker, */
	uint64_t looked_last;	     /* at all of them */
	uint64_t hauled;	     /* when it has stolen, until it is out of work again */
	uint32_t patience;	     /* hauls in a row that did not last */
	uint64_t spread_looked;	     /* when it has looked whether another is on its CPU */
	struct weft__own_stack own;  /* what sanitizers must know of the worker's own stack */

	/* atomic: written by the owner alone, read by others */
	weft__a64 spawned, ended;
	weft__a64 polled;   /* when it last asked the poller at a look around, or its ring */
	weft__a32 requests; /* on its ring, by whoever holds that; while there are any it sleeps there */
	weft__a32 queued;   /* of these, not handed over yet */
	_Atomic(struct weft__uring *) uring; /* src/poll/uring.h; NULL: it has waited for no descriptor yet */

	/* atomic: written by the owner, by who wakes it, and by the monitor when it takes the token away */
	weft__a32 token;

	/* atomic: pushed by anyone, taken whole by the owner */
	_Atomic(uintptr_t) inbox; /* 0: empty; see pinned.c */

	/* under weft__pool.sleep_lock; `asleep` is read by others, `wake` is a futex besides */
	struct weft__list sleeping;
	weft__a32 asleep; /* whether it is in the list */
	bool polls;	  /* it sleeps in the poller; read by who has taken it off the list */
	weft__a32 wake;

	/* under weft__pool.spread_lock */
	const volatile uint32_t *cpu; /* where the kernel says on which it is, or NULL: spread.h */

	/* set once */
	uint32_t index;
	int kthread_id;
	pthread_t kthread;

	/* counts of dispatches, written by the monitor */
	uint32_t monitored; /* at its last look */
	weft__a32 stuck;    /* at which it has found the worker so; read by thieves as a hint */
} weft__aligned(2 * WEFT__CACHE_LINE);

enum { WEFT__TOKEN_NONE, WEFT__TOKEN_HELD, WEFT__TOKEN_LOST };

enum weft__pool_state {
	WEFT__POOL_NONE,
	WEFT__POOL_RUNNING,
	WEFT__POOL_CLOSING,  /* nothing new from outside, until it is known whether anything is alive */
	WEFT__POOL_STOPPING, /* workers leave their loops */
};

enum { WEFT__KEPT = 16 };

/* What kernel threads outside the pool share to spawn and join. */
struct weft__outside {
	struct weft__lock lock;
	struct weft__stack_cache stacks;
	struct weft__record_cache records;
	unsigned n_kept;
	/* memory of signal stacks, of bound threads that have ended: where one has crashed it is touched */
	void *kept[WEFT__KEPT];
};

extern struct weft__pool {
	/* set at start */
	uint32_t parallelism;
	uint8_t stack_class;
	weft__a32 symmetric; /* no membarrier: light fences must be full */
	bool started_by_run;
	uint64_t seed;

	/* read at every wake, changed only when a worker falls asleep or wakes */
	weft__a32 sleepers weft__aligned(WEFT__CACHE_LINE); /* workers asleep */
	weft__a32 searching;				    /* awake and looking for work, or being woken to */
	weft__a32 polling; /* whether one of those asleep sleeps in the poller; written under sleep_lock */
	weft__a32 armed;   /* descriptors that the poller knows; while there are none nobody asks it */

	weft__a32 state weft__aligned(WEFT__CACHE_LINE);
	weft__a32 tokens;  /* free */
	weft__a32 workers; /* made; the array below is filled up to here */
	_Atomic(struct weft__worker *) worker[WEFT__ALL_WORKERS_MAX];
	weft__a64 spawned_outside, ended_outside; /* by kernel threads that are no worker */
	weft__a32 visitors;			  /* of these, those amid making a thread runnable, or ending one */
	weft__a32
		kernel_waiting; /* kernel threads, but for workers, that wait without a time limit and are not woken */
	weft__a32 draining;	/* stop when nothing is alive */
	weft__a64 first; /* the handle of weft_run's first thread: written by it, compared by threads with their own */
	void **result;	 /* that thread's, written by it */
	bool first_crashed; /* likewise */

	struct weft__outside outside;

	struct weft__lock spread_lock;
	weft__a64 spread_until; /* till then workers keep from the CPUs of others */

	struct weft__lock sleep_lock;
	struct weft__list asleep; /* under sleep_lock: the latest in front */
} weft__pool;

/*
 * What gives runnable threads besides the run queues: timers now, pollers later. Registered before a runtime starts;
 * the scheduler knows them by this table alone. All run inside the worker's biased lock, by its owner or a seizer.
 */
struct weft__source {
	bool (*attach)(struct weft__worker *worker);
	void (*detach)(struct weft__worker *worker);
	/* Make the threads runnable that are due: in the lanes of `worker`, or in the injector if it was `seized`. */
	void (*collect)(struct weft__worker *worker, bool seized);
	/* weft__park_green until a deadline. */
	int (*park)(struct weft__wait *wait, uint64_t deadline);
};
extern const struct weft__source *weft__timer_source;

/*
 * What asks the kernel which descriptors are ready (src/poll): begun by the first wait for one, and never asked while none
 * is armed.
 */
struct weft__poller_source {
	/* Inside the lock of a worker that has requests: make the threads runnable for which these are over, as far as that
	 * can be seen without a system call. True if there were any. */
	bool (*look)(struct weft__worker *worker);
	/* Inside the lock of a worker that has requests and nothing to run: do one of them without waiting. True if that made its
	 * thread runnable. */
	bool (*attempt)(struct weft__worker *worker);
	/* Make the threads runnable whose descriptors are ready, without waiting: inside the lock of `worker`, in its
	 * lanes; or, that being NULL, in the injector. True if there were any. */
	bool (*collect)(struct weft__worker *worker);
	/* The same, by its owner, not inside the lock, having waited for them: until the deadline, or `wake`, or for no reason. */
	void (*sleep)(struct weft__worker *worker, uint64_t deadline);
	/* Have this one return, who is in `sleep` or about to be. */
	void (*wake)(struct weft__worker *worker);
	/* By the monitor: the worker has requests and does not come to them. True if that made any thread runnable. */
	bool (*stand_in)(struct weft__worker *worker);
	/* The pool has stopped. */
	void (*stop)(void);
};
extern const struct weft__poller_source *weft__poller_source;

/*
 * Around what a kernel thread outside the pool does to make a thread runnable, or to end one: that thread may have been
 * the last, so that the pool stops, and the next one starts, while its maker still looks for somebody to wake. A pool that
 * stops waits for its visitors.
 */
weft__inline void weft__visit_begin(void)
{
	weft__add_acqrel(&weft__pool.visitors, 1); /* order VISIT: counted before its thread can be seen */
}

weft__inline void weft__visit_end(void)
{
	weft__sub_acqrel(&weft__pool.visitors, 1); /* order VISIT: what it has read, before the pool is set up anew */
}

/* The calling kernel thread's worker: NULL outside the pool. Never keep it across a switch. */
weft__inline struct weft__worker *weft__worker(void)
{
	return weft__arch_worker();
}

/* Whether a worker that falls asleep does so in the poller: it has requests there, or descriptors are armed and nobody does
 * yet. Relaxed, all: hints, but after a fence. */
weft__inline bool weft__poller_is_free(const struct weft__worker *w)
{
	return weft__load_rlx(&w->requests) ||
	       (weft__load_rlx(&weft__pool.armed) && !weft__load_rlx(&weft__pool.polling));
}

/* Whether light fences need help; see src/base/atomic.h. */
weft__inline void weft__fence_light_or_full(void)
{
	if (weft__unlikely(weft__load_rlx(&weft__pool.symmetric))) /* relaxed: outsiders may wait across a start */
		weft__fence_full();
	else
		weft__fence_light();
}

/* Enter the calling worker's biased lock. A poke makes the next dispatch look around. */
weft__inline void weft__worker_enter(struct weft__worker *w)
{
	if (weft__unlikely(weft__bias_enter(&w->bias)))
		weft__store_rlx(&w->dispatches, weft__load_rlx(&w->dispatches) | (weft__tune.fair_period - 1));
}

weft__inline void weft__worker_leave(struct weft__worker *w)
{
	weft__bias_leave(&w->bias);
}

/* Make and free the pool's workers; start one on a kernel thread of its own: 0 or a negative errno value. */
struct weft__worker *weft__worker_new(void);
void weft__worker_free_all(void);
void weft__worker_forget(void); /* in a forked child: there never were any */
int weft__worker_start(void);

/* Workers that are started from now on block the signals that the calling thread does, whoever starts them. */
void weft__worker_inherit(void);

/* Be this worker on the calling kernel thread, until the pool stops. */
void weft__worker_run(struct weft__worker *worker);

/* A thread has ended here. Whoever sees it counted sees every spawn counted that came before. */
weft__inline void weft__count_ended(struct weft__worker *w)
{
	weft__store_rel(&w->ended, weft__load_rlx(&w->ended) + 1); /* order ALIVE */
}

/* Take a free token; take one whether any is free or not, which the next to be given back makes up for. */
bool weft__token_take(struct weft__worker *w);
void weft__token_force(struct weft__worker *w);

/* Inside its lock: what is runnable in its lanes goes to the injector, of continuations at most so many, the oldest.
 * Pinned threads stay. */
void weft__worker_shed(struct weft__worker *w, uint32_t continuations);

/* Threads spawned and not yet ended, bound ones included. Exact if nothing runs. */
uint64_t weft__pool_alive(void);

/* Whether the pool drains, and is empty. */
bool weft__pool_drained(void);

/* If nothing is alive, go from RUNNING to STOPPING, with no spawn from outside getting lost between. */
bool weft__pool_close(void);

weft__inline bool weft__pool_stopping(void)
{
	return weft__load_acq(&weft__pool.state) == WEFT__POOL_STOPPING; /* order STOP */
}

#endif
