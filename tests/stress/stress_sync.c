/* SPDX-License-Identifier: MIT */
/*
 * Objects that live as briefly as they may: each is in a frame of the thread that waits, and is overwritten, or another
 * kind of object at the same address, as soon as its last call has returned. Who woke it must not touch it any more, nor
 * may its late wake be taken for something else. Threads of all kinds send each other such objects, through slots.
 *
 * Beside that, units of a semaphore that all take with time limits and give back: none is lost, and none is made.
 *
 * Default: about a second for each number of workers. Long target: WEFT_STRESS=300.
 */
#include "stress.h"

enum { PAIRS = 9, UNITS = 3 };

enum kind { MUTEX, RWLOCK, COND, SEM, GROUP, EVENT, BARRIER, KINDS, STOP = KINDS };

struct object {
	enum kind kind;
	union {
		struct {
			struct weft_mutex mutex;
			struct weft_cond cond;
		};
		struct weft_rwlock rwlock;
		struct weft_sem sem;
		struct weft_waitgroup group;
		struct weft_event event;
		struct weft_barrier barrier;
	};
	shared done; /* under the lock, for those that are locks */
	uint64_t word;
};

static struct pair {
	_Atomic(struct object *) slot;
	struct weft_sem full;
	uint64_t seed[2], objects, timeouts;
} pairs[PAIRS];

static struct weft_sem units;
static shared held;
static uint64_t end;

/* What the other does to an object: the last call is the last that it may do. */
static void finish(struct object *o, uint64_t *seed)
{
	if (pick_of(seed, 8) == 0)
		weft_yield();
	o->word = 7;
	switch (o->kind) {
	case MUTEX:
	case COND:
		must_eq(weft_mutex_lock(&o->mutex), 0);
		set(o->done, 1);
		if (o->kind == COND)
			must_eq(weft_cond_signal(&o->cond), 0);
		must_eq(weft_mutex_unlock(&o->mutex), 0);
		break;
	case RWLOCK:
		must_eq(weft_rwlock_wrlock(&o->rwlock), 0);
		set(o->done, 1);
		must_eq(weft_rwlock_unlock(&o->rwlock), 0);
		break;
	case SEM:
		must_eq(weft_sem_release(&o->sem, 1), 0);
		break;
	case GROUP:
		must_eq(weft_waitgroup_done(&o->group), 0);
		break;
	case EVENT:
		must_eq(weft_event_set(&o->event), 0);
		break;
	default:
		weft_barrier_wait(&o->barrier); /* its waiter may not go first: it is not overwritten */
		set(o->done, 1);
	}
}

static bool is_done(struct object *o)
{
	bool done;
	if (o->kind == RWLOCK) {
		must_eq(weft_rwlock_rdlock(&o->rwlock), 0);
		done = get(o->done);
		must_eq(weft_rwlock_unlock(&o->rwlock), 0);
		return done;
	}
	must_eq(weft_mutex_lock(&o->mutex), 0);
	while (o->kind == COND && !get(o->done))
		must_eq(weft_cond_wait(&o->cond, &o->mutex), 0);
	done = get(o->done);
	must_eq(weft_mutex_unlock(&o->mutex), 0);
	return done;
}

/* One try to wait for it; the limit, if there is one, is about as long as the other takes. */
static int wait_once(struct object *o, uint64_t limit)
{
	switch (o->kind) {
	case SEM:
		return weft_sem_acquire_timeout(&o->sem, limit);
	case GROUP:
		return weft_waitgroup_wait_timeout(&o->group, limit);
	case EVENT:
		return weft_event_wait_timeout(&o->event, limit);
	case BARRIER:
		weft_barrier_wait(&o->barrier);
		while (!get(o->done))
			weft_yield();
		return 0;
	default:
		return is_done(o) ? 0 : -ETIMEDOUT;
	}
}

static weft__noinline void one_object(struct pair *p, enum kind kind, uint64_t *seed)
{
	struct object o = { .kind = kind };
	int err;
	if (kind == GROUP)
		must_eq(weft_waitgroup_add(&o.group, 1), 0);
	if (kind == BARRIER)
		o.barrier = (struct weft_barrier)WEFT_BARRIER_INIT(2);
	atomic_store_explicit(&p->slot, &o, memory_order_release);
	must_eq(weft_sem_release(&p->full, 1), 0);
	while ((err = wait_once(&o, pick_of(seed, 3) ? WEFT_FOREVER : pick_of(seed, 100000))) != 0) {
		must_eq(err, -ETIMEDOUT);
		p->timeouts++;
		if (kind <= RWLOCK)
			weft_yield();
	}
	must_eq(o.word, 7);
	if (kind != STOP)
		memset(&o, 0xff, sizeof o);
	__asm__ volatile("" ::"r"(&o) : "memory");
}

static void use_a_unit(uint64_t *seed)
{
	int err = pick_of(seed, 2) ? weft_sem_acquire_timeout(&units, pick_of(seed, 200000)) : weft_sem_acquire(&units);
	must(err == 0 || err == -ETIMEDOUT);
	if (err)
		return;
	must(add(held, 1) < UNITS);
	if (pick_of(seed, 2))
		weft_yield();
	add(held, -1);
	must_eq(weft_sem_release(&units, 1), 0);
}

static void *waiter(void *arg)
{
	struct pair *p = arg;
	while (weft_now() < end) {
		one_object(p, (enum kind)pick_of(&p->seed[0], KINDS), &p->seed[0]);
		p->objects++;
		progress();
		if (pick_of(&p->seed[0], 16) == 0)
			use_a_unit(&p->seed[0]);
	}
	atomic_store_explicit(&p->slot, NULL, memory_order_release);
	must_eq(weft_sem_release(&p->full, 1), 0);
	return NULL;
}

static void *finisher(void *arg)
{
	struct pair *p = arg;
	struct object *o;
	for (;;) {
		while (weft_sem_acquire_timeout(&p->full, pick_of(&p->seed[1], 100000)) != 0)
			;
		o = atomic_load_explicit(&p->slot, memory_order_acquire);
		if (!o)
			return NULL;
		finish(o, &p->seed[1]);
		if (pick_of(&p->seed[1], 16) == 0)
			use_a_unit(&p->seed[1]);
	}
}

/* Green, bound, outside: all nine pairs of kinds. */
struct thread {
	weft_t thread;
	pthread_t outside;
};

static void begin(struct thread *t, int kind, void *(*fn)(void *), void *arg)
{
	if (kind == 2)
		t->outside = outsider(fn, arg);
	else
		t->thread = spawn(kind ? WEFT_BOUND : WEFT_GREEN, fn, arg);
}

static void finish_thread(struct thread *t, int kind)
{
	if (kind == 2)
		must_eq(pthread_join(t->outside, NULL), 0);
	else
		join(t->thread);
}

static void phase(void)
{
	struct thread threads[PAIRS][2];
	uint64_t objects = 0, timeouts = 0;
	units = (struct weft_sem)WEFT_SEM_INIT(UNITS);
	stress_start();
	end = phase_end(1000);
	for (int i = 0; i < PAIRS; i++) {
		pairs[i] = (struct pair){ .seed = { seed_of((uint64_t)i), seed_of((uint64_t)i + 100) } };
		begin(&threads[i][0], i % 3, waiter, &pairs[i]);
		begin(&threads[i][1], i / 3, finisher, &pairs[i]);
	}
	for (int i = 0; i < PAIRS; i++) {
		finish_thread(&threads[i][0], i % 3);
		finish_thread(&threads[i][1], i / 3);
		objects += pairs[i].objects;
		timeouts += pairs[i].timeouts;
	}
	must_eq(get(held), 0);
	for (int i = 0; i < UNITS; i++)
		must_eq(weft_sem_tryacquire(&units), 0);
	must_eq(weft_sem_tryacquire(&units), -EAGAIN);
	stress_stop();
	printf("stress_sync: %llu objects, %llu timeouts\n", (unsigned long long)objects, (unsigned long long)timeouts);
}

int main(void)
{
	return stress_main("stress_sync", phase);
}
