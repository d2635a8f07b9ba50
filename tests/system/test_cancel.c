/* SPDX-License-Identifier: MIT */
/*
 * Cancellation of each call that waits: by threads of each kind, canceled before it, in it, against its completion, and while
 * masked. A call that was canceled has got nothing and has lost nothing: made again once what it waits for is there, it gets it.
 */
#include "src/base/random.h"
#include "tests/support/crew.h"

#define LONG WEFT_S(100)

enum moment { BEFORE, WAITING, RACING, MASKED, MOMENTS };

struct place {
	const struct call *call;
	enum moment moment;
	uint64_t limit; /* WEFT_FOREVER: the call without one */
	weft_t victim, other;
	pthread_t arrives;
	shared ready, first, canceled, completed; /* first: how the first call ended, + 1000 */
	struct weft_mutex mutex;
	struct weft_rwlock rwlock;
	struct weft_cond cond;
	struct weft_sem sem, hold;
	struct weft_waitgroup group;
	struct weft_event event;
	struct weft_barrier barrier;
	struct weft_once once;
	bool signalled; /* under mutex */
	unsigned runs;	/* of once */
};

/* One that waits; and what lets it go, done by a kernel thread outside. */
struct call {
	int (*wait)(struct place *p);
	void (*prepare)(struct place *p);
	void (*complete)(struct place *p);
	void (*got)(struct place *p); /* by the victim, for what must be given back */
	bool again;		      /* made again after its completion it succeeds */
};

static void nothing(struct place *p)
{
	(void)p;
}

#define forever(p) ((p)->limit == WEFT_FOREVER)

static int wait_park(struct place *p)
{
	return forever(p) ? weft_park() : weft_park_timeout(p->limit);
}

static void complete_park(struct place *p)
{
	check_eq(weft_unpark(p->victim), 0);
}

static void *acquire_hold(void *arg)
{
	struct place *p = arg;
	check_eq(weft_sem_acquire(&p->hold), 0);
	return p;
}

static void prepare_join(struct place *p)
{
	p->other = spawn(WEFT_GREEN, acquire_hold, p);
}

static int wait_join(struct place *p)
{
	void *result = NULL;
	int err = forever(p) ? weft_join(p->other, &result) : weft_join_timeout(p->other, &result, p->limit);
	check_eq((intptr_t)result, err ? 0 : (intptr_t)p);
	return err;
}

static void release_hold(struct place *p)
{
	check_eq(weft_sem_release(&p->hold, 1), 0);
}

static int wait_sleep(struct place *p)
{
	return weft_sleep(forever(p) ? WEFT_FOREVER : p->limit);
}

static int wait_sleep_until(struct place *p)
{
	return weft_sleep_until(forever(p) ? WEFT_FOREVER : weft_now() + p->limit);
}

static int wait_mutex(struct place *p)
{
	return forever(p) ? weft_mutex_lock(&p->mutex) : weft_mutex_lock_timeout(&p->mutex, p->limit);
}

static void lock_mutex(struct place *p)
{
	check_eq(weft_mutex_lock(&p->mutex), 0);
}

static void unlock_mutex(struct place *p)
{
	check_eq(weft_mutex_unlock(&p->mutex), 0);
}

static int wait_rdlock(struct place *p)
{
	return forever(p) ? weft_rwlock_rdlock(&p->rwlock) : weft_rwlock_rdlock_timeout(&p->rwlock, p->limit);
}

static int wait_wrlock(struct place *p)
{
	return forever(p) ? weft_rwlock_wrlock(&p->rwlock) : weft_rwlock_wrlock_timeout(&p->rwlock, p->limit);
}

static void lock_rwlock(struct place *p)
{
	check_eq(weft_rwlock_wrlock(&p->rwlock), 0);
}

static void read_rwlock(struct place *p)
{
	check_eq(weft_rwlock_rdlock(&p->rwlock), 0);
}

static void unlock_rwlock(struct place *p)
{
	check_eq(weft_rwlock_unlock(&p->rwlock), 0);
}

/* The mutex is held whatever the wait returns: an unlock by another than its owner is a panic. */
static int wait_cond(struct place *p)
{
	int err = 0;
	while ((err = weft_mutex_lock(&p->mutex)) == -ECANCELED)
		weft_yield(); /* canceled before: the mutex is not what this is about */
	check_eq(err, 0);
	while (!p->signalled && !err)
		err = forever(p) ? weft_cond_wait(&p->cond, &p->mutex)
				 : weft_cond_wait_timeout(&p->cond, &p->mutex, p->limit);
	if (p->signalled)
		err = 0;
	unlock_mutex(p);
	return err;
}

static void complete_cond(struct place *p)
{
	lock_mutex(p);
	p->signalled = true;
	check_eq(weft_cond_signal(&p->cond), 0);
	unlock_mutex(p);
}

static int wait_sem(struct place *p)
{
	return forever(p) ? weft_sem_acquire(&p->sem) : weft_sem_acquire_timeout(&p->sem, p->limit);
}

static void complete_sem(struct place *p)
{
	check_eq(weft_sem_release(&p->sem, 1), 0);
}

/* It has been taken once, and there was one. */
static void got_sem(struct place *p)
{
	check_eq(weft_sem_tryacquire(&p->sem), -EAGAIN);
}

static void prepare_group(struct place *p)
{
	check_eq(weft_waitgroup_add(&p->group, 1), 0);
}

static int wait_group(struct place *p)
{
	return forever(p) ? weft_waitgroup_wait(&p->group) : weft_waitgroup_wait_timeout(&p->group, p->limit);
}

static void complete_group(struct place *p)
{
	check_eq(weft_waitgroup_done(&p->group), 0);
}

static int wait_event(struct place *p)
{
	return forever(p) ? weft_event_wait(&p->event) : weft_event_wait_timeout(&p->event, p->limit);
}

static void complete_event(struct place *p)
{
	check_eq(weft_event_set(&p->event), 0);
}

/* Two meet there: if one takes its arrival back the other waits on. */
static int wait_barrier(struct place *p)
{
	int err = forever(p) ? weft_barrier_wait(&p->barrier) : weft_barrier_wait_timeout(&p->barrier, p->limit);
	return err == 1 ? 0 : err;
}

static void *arrive(void *arg)
{
	struct place *p = arg;
	int err = weft_barrier_wait(&p->barrier);
	check(err == 0 || err == 1);
	return NULL;
}

static void complete_barrier(struct place *p)
{
	p->arrives = outsider(arrive, p);
}

static void got_barrier(struct place *p)
{
	check_eq(pthread_join(p->arrives, NULL), 0);
	check_eq(weft_barrier_wait_timeout(&p->barrier, 0), -ETIMEDOUT); /* nobody is left there */
}

static void run_once(void *arg)
{
	struct place *p = arg;
	p->runs++;
	set(p->ready, 1);
	check_eq(weft_sem_acquire(&p->hold), 0);
}

static void *call_once(void *arg)
{
	struct place *p = arg;
	check_eq(weft_once(&p->once, run_once, p), 0);
	return NULL;
}

static void prepare_once(struct place *p)
{
	check_eq(weft_spawn(NULL, WEFT_GREEN, call_once, p), 0);
	wait_until(get(p->ready));
	set(p->ready, 0);
}

static int wait_once(struct place *p)
{
	return weft_once(&p->once, run_once, p);
}

static void got_once(struct place *p)
{
	check_eq(p->runs, 1);
}

static const struct call calls[] = {
	{ wait_park, nothing, complete_park, nothing, true },
	{ wait_join, prepare_join, release_hold, nothing, true },
	{ wait_sleep, nothing, nothing, nothing, false },
	{ wait_sleep_until, nothing, nothing, nothing, false },
	{ wait_mutex, lock_mutex, unlock_mutex, unlock_mutex, true },
	{ wait_rdlock, lock_rwlock, unlock_rwlock, unlock_rwlock, true },
	{ wait_wrlock, lock_rwlock, unlock_rwlock, unlock_rwlock, true },
	{ wait_wrlock, read_rwlock, unlock_rwlock, unlock_rwlock, true },
	{ wait_cond, nothing, complete_cond, nothing, true },
	{ wait_sem, nothing, complete_sem, got_sem, true },
	{ wait_group, prepare_group, complete_group, nothing, true },
	{ wait_event, nothing, complete_event, nothing, true },
	{ wait_barrier, nothing, complete_barrier, got_barrier, true },
	{ wait_once, prepare_once, release_hold, got_once, true },
};

enum { CALLS = sizeof calls / sizeof *calls };

/* Canceled and not masked, for good: each call that would have to wait says so, and no other. */
static void check_canceled(void)
{
	struct weft_sem none = WEFT_SEM_INIT(0);
	check_eq(weft_testcancel(), -ECANCELED);
	for (int i = 0; i < 2; i++) {
		check_eq(weft_sleep(LONG), -ECANCELED);
		check_eq(weft_sem_acquire(&none), -ECANCELED);
		check_eq(weft_sem_acquire_timeout(&none, LONG), -ECANCELED);
		check_eq(weft_sem_acquire_timeout(&none, 0), -ETIMEDOUT);
	}
	check_eq(weft_sem_release(&none, 1), 0);
	check_eq(weft_sem_acquire(&none), 0);
}

static void *be_canceled(void *arg)
{
	struct place *p = arg;
	if (p->moment == BEFORE)
		check_eq(weft_cancel(weft_self()), 0);
	if (p->moment == MASKED)
		check_eq(weft_cancel_mask(), 0);
	set(p->ready, 1);
	int err = p->call->wait(p);
	set(p->first, (uint64_t)(err + 1000));
	while (!get(p->canceled) || !get(p->completed))
		weft_yield();
	while (err && p->call->again) {
		check(err == -ECANCELED || err == -ETIMEDOUT);
		weft_yield();
		err = p->call->wait(p);
	}
	if (!err)
		p->call->got(p);
	if (p->moment == MASKED) {
		check_eq(weft_testcancel(), 0);
		check_eq(weft_sleep(WEFT_US(10)), 0);
		check_eq(weft_cancel_unmask(), 0);
	}
	check_canceled();
	return p;
}

static void *cancel_victim(void *arg)
{
	struct place *p = arg;
	check_eq(weft_cancel(p->victim), 0);
	set(p->canceled, 1);
	return NULL;
}

static void complete(struct place *p)
{
	p->call->complete(p);
	set(p->completed, 1);
}

/* At about the same time, by about the same right; the one who cancels is green or outside. */
static void race(struct place *p, struct member *m)
{
	uint64_t until = weft_now() + pick(m, 20000);
	bool first = pick(m, 2);
	while (weft_now() < until)
		weft__cpu_relax();
	if (first)
		complete(p);
	if (pick(m, 2))
		cancel_victim(p);
	else
		check_eq(weft_spawn(NULL, WEFT_GREEN, cancel_victim, p), 0);
	if (!first)
		complete(p);
}

static int first_result(struct place *p)
{
	wait_until(get(p->first));
	return (int)get(p->first) - 1000;
}

static void drive(struct place *p, struct member *m)
{
	int err;
	wait_until(get(p->ready));
	if (p->moment == RACING) {
		race(p, m);
		err = first_result(p);
		check(err == 0 || err == -ECANCELED || err == -ETIMEDOUT);
		return;
	}
	if (p->moment == WAITING)
		weft_sleep(pick(m, 2) ? WEFT_MS(1) : 0);
	cancel_victim(p);
	if (p->moment == MASKED) {
		complete(p);
		check_eq(first_result(p), 0);
	} else {
		check_eq(first_result(p), -ECANCELED);
		complete(p);
	}
}

/* Green, queued, pinned, bound. */
static const struct weft_attr *attr_of(unsigned kind, struct weft_attr *attr)
{
	*attr = (struct weft_attr)WEFT_ATTR_INIT;
	if (kind == 1)
		weft_attr_set_queued(attr, true);
	if (kind == 2)
		weft_attr_set_worker(attr, 0);
	return kind == 3 ? WEFT_BOUND : attr;
}

static uint64_t limit_of(const struct call *call, enum moment moment, struct member *m)
{
	if (!call->again && (moment == MASKED || moment == RACING))
		return pick(m, 100000);
	if (moment == RACING && pick(m, 2))
		return pick(m, 100000);
	return pick(m, 2) ? WEFT_FOREVER : LONG;
}

static void one_round(const struct call *call, enum moment moment, unsigned kind, struct member *m)
{
	struct weft_attr attr;
	struct place p = {
		.call = call, .moment = moment, .limit = limit_of(call, moment, m), .barrier = WEFT_BARRIER_INIT(2)
	};
	call->prepare(&p);
	check_eq(weft_spawn(&p.victim, attr_of(kind, &attr), be_canceled, &p), 0);
	drive(&p, m);
	check_eq((intptr_t)join(p.victim), (intptr_t)&p);
	check_eq(weft_cancel(p.victim), -ESRCH);
}

static void each_call(enum moment moment, int n)
{
	struct member m = { .random = new_seed() };
	start();
	for (int i = 0; i < n; i++)
		for (unsigned c = 0; c < CALLS; c++)
			for (unsigned kind = 0; kind < 4; kind++)
				one_round(&calls[c], moment, kind, &m);
	stop();
}

START_TEST(before)
{
	each_call(BEFORE, 5);
}
END_TEST

START_TEST(waiting)
{
	each_call(WAITING, 10);
}
END_TEST

START_TEST(racing)
{
	each_call(RACING, rounds(100));
}
END_TEST

START_TEST(masked)
{
	each_call(MASKED, 5);
}
END_TEST

/* A writer that gives up lets those in who waited behind it, while a reader before it stays. */
static void *write_in_vain(void *arg)
{
	struct place *p = arg;
	set(p->ready, 1);
	check_eq(weft_rwlock_wrlock(&p->rwlock), -ECANCELED);
	return NULL;
}

static void *read_behind(void *arg)
{
	struct place *p = arg;
	check_eq(weft_rwlock_rdlock(&p->rwlock), 0);
	set(p->completed, 1);
	unlock_rwlock(p);
	return NULL;
}

START_TEST(writer_gives_up)
{
	start();
	for (int i = 0; i < 20; i++) {
		struct place p = { .limit = 0 };
		read_rwlock(&p);
		p.victim = spawn(i % 2 ? WEFT_GREEN : WEFT_BOUND, write_in_vain, &p);
		wait_until(get(p.ready));
		while (weft_rwlock_rdlock_timeout(&p.rwlock, 0) == 0)
			unlock_rwlock(&p); /* until the writer waits */
		weft_t reader = spawn(WEFT_GREEN, read_behind, &p);
		weft_sleep(WEFT_US(200));
		check_eq(get(p.completed), 0);
		check_eq(weft_cancel(p.victim), 0);
		wait_until(get(p.completed));
		join(reader);
		join(p.victim);
		unlock_rwlock(&p);
	}
	stop();
}
END_TEST

/* A cancel in the few instructions between a wait's being seen and its being there, found by trying often. */
static shared falling;
static struct weft_sem never = WEFT_SEM_INIT(0);

static void spin(struct member *m, uint32_t most)
{
	for (uint32_t n = pick(m, most); n > 0; n--)
		weft__cpu_relax();
}

static void *fall_asleep(void *arg)
{
	struct member *m = arg;
	unsigned how = pick(m, 4);
	set(falling, weft_self());
	spin(m, 64);
	check_eq(how == 0   ? weft_sleep(LONG)
		 : how == 1 ? weft_sleep(WEFT_FOREVER)
		 : how == 2 ? weft_sem_acquire_timeout(&never, LONG)
			    : weft_park(),
		 -ECANCELED);
	return NULL;
}

static void *cancel_falling(void *arg)
{
	struct member *m = arg;
	for (int i = 0; i < rounds(30000); i++) {
		weft_t thread;
		while (!(thread = get(falling)))
			weft__cpu_relax();
		set(falling, 0);
		spin(m, 64);
		check_eq(weft_cancel(thread), 0);
	}
	return NULL;
}

static void *fall_often(void *arg)
{
	struct member *m = arg, canceller = { .random = m->random * 3 };
	pthread_t thread = outsider(cancel_falling, &canceller);
	for (int i = 0; i < rounds(30000); i++)
		join(spawn(i % 8 ? WEFT_GREEN : WEFT_BOUND, fall_asleep, m));
	check_eq(pthread_join(thread, NULL), 0);
	return arg;
}

START_TEST(falling_asleep)
{
	struct member m = { .random = new_seed() };
	run(fall_often, &m);
}
END_TEST

/* Without membarrier a cancel is quicker. */
START_TEST(falling_asleep_symmetric)
{
	struct member m = { .random = new_seed() };
	weft__os_fault_hook = no_barrier;
	run(fall_often, &m);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		before, waiting, racing, masked, writer_gives_up, falling_asleep, falling_asleep_symmetric, NULL
	};
	return run_tests("system/cancel", tests);
}
